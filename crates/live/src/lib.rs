//! `live`: the connections of the live feed. A person gets a ticket over HTTP, connects with it over WebSocket, and subscribes
//! to topics. `live-push` then sends what changes.
//!
//! API Gateway keeps the connections; the function is invoked when one opens, sends a message, or closes. Everything it knows
//! is in the table `live`. Answers are sent to the connection like changes are, so that both need the same right.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::live::LiveTable;
use weir_aws::problem::ProblemTable;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::sockets::{self, Sockets, SocketsUrl};
use weir_aws::time_series::History;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod connect;
mod disconnect;
mod message;
mod post_ticket;
mod renew;
mod scope;
mod settings;
mod snapshot;
mod socket_event;
mod subscribe;

pub use settings::Settings;

use socket_event::SocketEvent;

/// The function `live`.
pub struct Live {
    router: Router,
    parts: Parts,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// Tickets, connections and watchers.
    pub live: LiveTable,
    /// The open connections.
    pub sockets: Sockets,
    /// Where clients connect.
    pub url: String,
    /// The devices.
    pub devices: DeviceTable,
    /// The levels.
    pub levels: LevelTable,
    /// The problems.
    pub problems: ProblemTable,
    /// The quarantine. This function writes no entries, so its retention does not matter.
    pub quarantine: QuarantineTable,
    /// The readings.
    pub history: Arc<History>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(post_ticket::post_ticket))]
struct Document;

impl Live {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new().route("/live/tickets", post(post_ticket::post_ticket));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Live {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let url = SocketsUrl::of(&settings.live_url);
        let history = Arc::new(History::open(&sdk, &dynamodb, &settings.store).await?);
        let live = LiveTable::new(dynamodb.clone(), settings.live_table);
        live.warm_up().await;
        let levels = LevelTable::new(dynamodb.clone(), settings.levels_table);
        Ok(Self::new(Parts {
            live,
            sockets: Sockets::new(sockets::client(&sdk, &url)),
            url: url.clients,
            devices: DeviceTable::new(dynamodb.clone(), settings.devices_table),
            problems: ProblemTable::new(dynamodb.clone(), settings.problems_table, levels.clone()),
            levels,
            quarantine: QuarantineTable::new(dynamodb, settings.quarantine_table, 0),
            history,
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers an HTTP request, or handles an event of a connection. Only opening a connection has a visible status; errors
    /// in messages are sent to the connection.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        let event =
            SocketEvent::of(event).ok_or_else(|| Retry::new("the event is neither a request nor a connection's"))?;
        let handled = match &event {
            SocketEvent::Connect { id, ticket } => until.finish(self.parts.connect(id, ticket.as_deref())).await,
            SocketEvent::Disconnect { id } => {
                let left = until.finish(self.parts.disconnect(id)).await;
                left.map(|left| left.map(|()| 200))
            }
            SocketEvent::Message { id, text } => until.finish(self.parts.message(id, text)).await.map(|()| Ok(200)),
        };
        let status = match handled {
            Some(Ok(status)) => status,
            Some(Err(error)) => {
                tracing::error!(connection = event.id(), %error, "not handled");
                503
            }
            None => {
                tracing::error!(connection = event.id(), "out of time");
                503
            }
        };
        Ok(json!({"statusCode": status}).into())
    }
}
