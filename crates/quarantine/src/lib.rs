//! `quarantine`: the quarantine over HTTP. Entries are listed, read, replayed and deleted.
//!
//! A replay invokes the function that refused the message, with the message and its original time of reception, and waits for
//! the answer. An entry that was stored, or was a duplicate, leaves the quarantine; one that is refused again stays, with the
//! new reason. If the replay is interrupted, the entry stays and the next replay finds a duplicate. `cargo operate redrive`
//! invokes this function directly to replay page by page.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::event::EventTable;
use weir_aws::invoke::{self, Invoker};
use weir_aws::quarantine::QuarantineTable;
use weir_http::{ApiError, finish, from_value, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod delete_entry;
mod event;
mod get_entry;
mod get_quarantine;
mod post_replay;
mod post_replay_all;
mod replay;
mod settings;
mod show;

pub use settings::Settings;

/// How long to wait for a function that replays one message. Together with the reads before and the writes after, this is less
/// than the timeout of API Gateway.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The function `quarantine`.
pub struct Quarantine {
    router: Router,
    parts: Parts,
}

/// The functions to which replays are sent, by their names in AWS.
#[derive(Debug, Clone)]
pub struct Functions {
    /// `calibration`.
    pub calibration: String,
    /// `organizer`.
    pub organizer: String,
    /// `twin`.
    pub twin: String,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The table. This function writes no new entries, so its retention does not matter.
    pub quarantine: QuarantineTable,
    /// The log of what people replay and delete.
    pub events: EventTable,
    /// Invokes the functions.
    pub invoker: Invoker,
    /// The names of the functions.
    pub functions: Functions,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_quarantine::get_quarantine,
    get_entry::get_entry,
    delete_entry::delete_entry,
    post_replay::post_replay,
    post_replay_all::post_replay_all,
))]
struct Document;

impl Quarantine {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/quarantine", get(get_quarantine::get_quarantine))
            .route("/quarantine/replay", post(post_replay_all::post_replay_all))
            .route("/quarantine/{id}", get(get_entry::get_entry).delete(delete_entry::delete_entry))
            .route("/quarantine/{id}/replay", post(post_replay::post_replay));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Quarantine {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let quarantine = QuarantineTable::new(dynamodb.clone(), settings.quarantine_table, 0);
        quarantine.warm_up().await;
        Ok(Self::new(Parts {
            quarantine,
            events: EventTable::open(dynamodb, settings.events),
            invoker: Invoker::new(invoke::client(&sdk, PATIENCE)),
            functions: Functions {
                calibration: settings.calibration_function,
                organizer: settings.organizer_function,
                twin: settings.twin_function,
            },
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers an HTTP request, or the event `{"replay": body}` as `POST /quarantine/replay` answers that body.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        let body = event
            .json()
            .get("replay")
            .cloned()
            .ok_or_else(|| Retry::new("the event is neither an HTTP request nor a replay"))?;
        let refused = |error: ApiError| Retry::new(error.log().unwrap_or(error.detail()));
        // Whoever may invoke the function is known to AWS alone.
        let answer = self.parts.replay_all(from_value(body).map_err(refused)?, None, until).await.map_err(refused)?;
        Ok(json!(answer).into())
    }
}
