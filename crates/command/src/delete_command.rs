//! `DELETE /devices/{id}/commands/{command}`: cancels a command.

use axum::Json;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::IntoResponse;
use weir_aws::WriteOutcome;
use weir_aws::command::{CommandChange, DeliveryChange};
use weir_core::domain::command::Answered;
use weir_core::id::{CommandId, DeviceId};
use weir_core::wire::command::CommandJson;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::expire::attempts;
use super::tag::{header, tag};

/// Cancels a command that the device has not answered. A device that has received it may still execute it; its answer is then
/// ignored. Cancelling it again changes nothing.
#[utoipa::path(
    delete, path = "/devices/{id}/commands/{command}", tag = "commands",
    params(("id" = DeviceId, Path), ("command" = CommandId, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The command is cancelled.", body = CommandJson, headers(("ETag" = String))),
        (status = 409, description = "The device has answered, or the command has ended."),
    )
)]
pub(super) async fn delete_command(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path((id, command)): Path<(DeviceId, CommandId)>,
    conditions: Preconditions,
) -> Result<impl IntoResponse, ApiError> {
    caller.sees(&id)?;
    let mut attempts = attempts(&id);
    loop {
        attempts.next().await?;
        let before = parts.current(&id, &command).await?;
        // After the command, so that the queue is at least as new.
        let stored = parts.commands.queue(&id).await?;
        conditions.check_tag(|given| given == tag(&before))?;
        let now = parts.clock.now();
        let after = before.cancelled(now).map_err(|Answered(state)| {
            ApiError::transition(format!("the command is {} and can no longer be cancelled", state.code()))
        })?;
        let written = if after == before {
            WriteOutcome::Done
        } else {
            let queue = stored.queue.without(&[&command]);
            let delivery = if stored.queue.is_first(&command) { DeliveryChange::Ask } else { DeliveryChange::Keep };
            let changes = [CommandChange { before: Some(before), after: after.clone() }];
            parts.write(&id, &stored, &queue, delivery, &changes, Some(&caller.name()), now).await?
        };
        if written == WriteOutcome::Done {
            parts.deliver(&id).await;
            return Ok(([(ETAG, header(&after))], Json(CommandJson::of(&after))));
        }
    }
}
