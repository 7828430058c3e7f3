//! `GET /devices/{id}/commands`: the commands of a device.

use axum::extract::State;
use weir_core::id::{CommandId, DeviceId};
use weir_core::wire::command::CommandJson;
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, Path, list};

use super::Parts;

/// Lists the commands of a device, the newest first, for 90 days.
#[utoipa::path(
    get, path = "/devices/{id}/commands", tag = "commands",
    params(("id" = DeviceId, Path), Paging),
    responses((status = 200, description = "A page of commands.", body = Page<CommandJson>))
)]
pub(super) async fn get_commands(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    query: PageQuery,
) -> Result<Page<CommandJson>, ApiError> {
    caller.sees(&id)?;
    let device = parts.devices.get(&id).await?.ok_or_else(ApiError::not_found)?;
    let PageQuery { limit, next, .. } = query;
    let name = ListName::new(format!("devices/{id}/commands"));
    let page = list(&name, limit, next, async |limit, after: Option<CommandId>| {
        let page = parts.commands.list(&id, limit, after.clone()).await?;
        let now = parts.clock.now();
        if !page.0.iter().any(|command| command.is_over(Some(device.created_at), now)) {
            return Ok::<_, ApiError>(page);
        }
        parts.settled(&id, now).await?;
        parts.deliver(&id).await;
        Ok(parts.commands.list(&id, limit, after).await?)
    });
    Ok(page.await?.map(|command| CommandJson::of(&command)))
}
