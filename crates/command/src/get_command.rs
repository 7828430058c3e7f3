//! `GET /devices/{id}/commands/{command}`: a command and its result.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use weir_core::domain::command::Command;
use weir_core::id::{CommandId, DeviceId};
use weir_core::wire::command::CommandJson;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::tag::tag;

/// A command of a device, for 90 days.
#[utoipa::path(
    get, path = "/devices/{id}/commands/{command}", tag = "commands",
    params(("id" = DeviceId, Path), ("command" = CommandId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The command.", body = CommandJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has exactly this already."),
    )
)]
pub(super) async fn get_command(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path((id, command)): Path<(DeviceId, CommandId)>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let found = parts.current(&id, &command).await?;
    conditions.answer_tagged(tag(&found), || Json(CommandJson::of(&found)).into_response())
}

impl Parts {
    /// The command, ended if it is over; 404 when there is none.
    pub(super) async fn current(&self, device: &DeviceId, id: &CommandId) -> Result<Command, ApiError> {
        let found = self.commands.get(device, id).await?.ok_or_else(ApiError::not_found)?;
        let now = self.clock.now();
        if !found.state.is_open() || !found.is_over(self.registered(device).await?, now) {
            return Ok(found);
        }
        self.settled(device, now).await?;
        self.deliver(device).await;
        self.commands.get(device, id).await?.ok_or_else(ApiError::not_found)
    }
}
