//! `POST /devices/{id}/commands`: asks a device to do something.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use weir_aws::WriteOutcome;
use weir_aws::command::{CommandChange, DeliveryChange, KeyedCommand, QueueChange, RequestKey};
use weir_core::domain::FieldError;
use weir_core::domain::command::{Command, EXPIRES_IN_DEFAULT, Full, MOST_WAITING, Order};
use weir_core::domain::device::Device;
use weir_core::id::{CommandId, CommandName, DeviceId};
use weir_core::wire::command::CommandJson;
use weir_core::wire::schema::ArgumentsSchema;
use weir_core::wire::settings::arguments;
use weir_http::{ApiError, ErrorKind, IdempotencyKey, Member, Path, Strict};

use super::Parts;
use super::expire::{attempts, events_of};

/// A command to a device.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandBody {
    /// What to do.
    name: CommandName,
    /// The arguments: at most 2,048 bytes as compact JSON, at most 5 levels, no `null`.
    #[serde(default)]
    #[schema(value_type = ArgumentsSchema)]
    args: Map<String, Value>,
    /// The time within which the device has to finish it, in seconds: 1 to 86,400.
    #[serde(default = "default_expires_in")]
    #[schema(minimum = 1, maximum = 86_400, default = 60)]
    expires_in: i64,
}

const fn default_expires_in() -> i64 {
    EXPIRES_IN_DEFAULT
}

impl CommandBody {
    fn order(&self) -> Result<Order, Vec<FieldError>> {
        let under = |errors: Vec<FieldError>| errors.into_iter().map(|error| error.under("/args")).collect::<Vec<_>>();
        let (args, bytes) = arguments(&self.args).map_err(under)?;
        Order::checked(self.name.clone(), args, bytes, self.expires_in)
    }
}

/// Asks a device to do something. One command of a device is in flight; at most 20 others wait for it, in order.
///
/// A request that is repeated with the same `Idempotency-Key` within a day is answered with the command that it entered the first
/// time. Without a key, a repeated request is another command.
#[utoipa::path(
    post, path = "/devices/{id}/commands", tag = "commands",
    params(
        ("id" = DeviceId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it can be repeated.",
            min_length = 1, max_length = 128, pattern = "^[!-~]+$", example = "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ),
    request_body = CommandBody,
    responses(
        (status = 202, description = "The command was accepted.", body = CommandJson, headers(("Location" = String))),
        (status = 429, description = "20 commands of the device wait already."),
    )
)]
pub(super) async fn post_command(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    IdempotencyKey(key): IdempotencyKey,
    Strict(body): Strict<CommandBody>,
) -> Result<impl IntoResponse, ApiError> {
    caller.sees(&id)?;
    let order = body.order()?;
    let text = serde_json::to_string(&body).map_err(|error| ApiError::internal(error.to_string()))?;
    let key = key.map(|key| RequestKey::of(&caller.sub, &key, &text));
    let device = parts.devices.get(&id).await?.ok_or_else(ApiError::not_found)?;
    let (command, pending) = match parts.known(&id, key.as_ref()).await? {
        // The request that entered it may have been killed before it delivered it.
        Some(command) => (command, parts.commands.queue(&id).await?.pending),
        None if !device.details.enabled => {
            return Err(ApiError::transition("the device is disabled and cannot connect"));
        }
        None => parts.enter(&device, key.as_ref(), &order, &caller.name()).await?,
    };
    if pending {
        parts.deliver(&id).await;
    }
    let shown = parts.commands.get(&id, &command).await?.ok_or_else(ApiError::not_found)?;
    let location = [(LOCATION, format!("/devices/{id}/commands/{command}"))];
    Ok((StatusCode::ACCEPTED, location, Json(CommandJson::of(&shown))))
}

impl Parts {
    /// The command that a request with this key has entered.
    async fn known(&self, device: &DeviceId, key: Option<&RequestKey>) -> Result<Option<CommandId>, ApiError> {
        let Some(key) = key else { return Ok(None) };
        match self.commands.keyed(device, key).await? {
            KeyedCommand::Unknown => Ok(None),
            KeyedCommand::Same(command) => Ok(Some(command)),
            KeyedCommand::Other => {
                let detail = "another request was sent with this Idempotency-Key; use a new key for another command";
                Err(ApiError::new(ErrorKind::Invalid, detail))
            }
        }
    }

    /// Enters a command at the end of the queue, or finds the one that a concurrent request with the same key has entered; returns
    /// it, and whether something is to be delivered.
    async fn enter(
        &self,
        registered: &Device,
        key: Option<&RequestKey>,
        order: &Order,
        by: &str,
    ) -> Result<(CommandId, bool), ApiError> {
        let device = &registered.id;
        let mut attempts = attempts(device);
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            let stored = self.settled(device, now).await?;
            if let Some(command) = self.known(device, key).await? {
                return Ok((command, stored.pending));
            }
            // Not before the registration, even if the clock of this process is slow: earlier commands are those of a deleted device.
            let entered = now.max(registered.created_at);
            let (queue, id) = stored.queue.entered(entered, order.expires_at(now)).map_err(|Full| {
                let detail = format!("{MOST_WAITING} commands of the device wait already");
                ApiError::new(ErrorKind::TooMany, detail)
            })?;
            let after = Command::new(device.clone(), id.clone(), order.clone(), by.to_owned(), now);
            let commands = [CommandChange { before: None, after }];
            let events = events_of(&commands, Some(by));
            let delivery = if queue.is_first(&id) { DeliveryChange::Ask } else { DeliveryChange::Keep };
            let change = QueueChange {
                device,
                before: &stored,
                queue: &queue,
                delivery,
                commands: &commands,
                key: key.map(|key| (key, &id)),
                events: self.events.with(&events),
                now,
            };
            if self.commands.change(&change).await? == WriteOutcome::Done {
                return Ok((id, stored.pending || delivery == DeliveryChange::Ask));
            }
        }
    }
}
