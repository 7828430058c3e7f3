//! `command`: commands to devices, and their answers.
//!
//! API Gateway invokes it with one request at a time, an IoT rule with each answer of a device, and a schedule to end expired
//! commands and to deliver what is still pending. Each route has its own file; `answer` handles the answer of a device, `delivery`
//! writes the command in flight to the shadow, and `expire` ends expired commands.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::command::CommandTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::iot::{self, Iot};
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod answer;
mod delete_command;
mod delivery;
mod expire;
mod get_command;
mod get_commands;
mod post_command;
mod settings;
mod sweep;
mod tag;

pub use settings::Settings;
pub use sweep::Sweep;

/// The function.
pub struct Command {
    router: Router,
    parts: Parts,
}

/// What the function works on.
#[derive(Clone)]
pub struct Parts {
    /// The commands.
    pub commands: CommandTable,
    /// The devices.
    pub devices: DeviceTable,
    /// What happened to the commands.
    pub events: EventTable,
    /// The shadows.
    pub iot: Iot,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_commands::get_commands,
    post_command::post_command,
    get_command::get_command,
    delete_command::delete_command,
))]
struct Document;

impl Command {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/commands", get(get_commands::get_commands).post(post_command::post_command))
            .route(
                "/devices/{id}/commands/{command}",
                get(get_command::get_command).delete(delete_command::delete_command),
            );
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Command {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let commands = CommandTable::new(dynamodb.clone(), settings.commands_table);
        commands.warm_up().await;
        Ok(Self::new(Parts {
            commands,
            devices: DeviceTable::new(dynamodb.clone(), settings.devices_table),
            events: EventTable::new(dynamodb, settings.events_table, settings.event_ttl_days),
            iot: Iot::new(iot::client(&sdk)),
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a request; or does what is due, for a schedule; or handles the answer of a device, for any other event.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        if event.is_schedule() {
            let sweep = self.parts.sweep(until).await?;
            if sweep.pending > 0 {
                tracing::warn!(settled = sweep.settled, pending = sweep.pending, "commands are still to be delivered");
            }
            return Ok(json!({"settled": sweep.settled, "pending": sweep.pending}).into());
        }
        let answered = until.finish(self.parts.answer(event.json())).await;
        let outcome = answered.unwrap_or_else(|| Err(Retry::out_of_time()))?;
        Ok(json!({"outcome": outcome}).into())
    }
}
