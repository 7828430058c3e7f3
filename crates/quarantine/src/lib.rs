//! `quarantine`: what was set aside, over HTTP: listed, looked at, delivered again, deleted.
//!
//! To deliver again is to hand the message to the function that refused it, with the instant at which AWS received it then,
//! and to wait for the answer. What it stored or knew already leaves the quarantine; what it refuses again stays, under its
//! new reason. Killed anywhere in between, the entry stands, and the next replay finds a duplicate.
//! `cargo operate redrive` wakes the function directly to replay page by page.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::invoke::{self, Invoker};
use weir_aws::quarantine::QuarantineTable;
use weir_http::{ApiError, finish, from_value, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod delete_aside;
mod get_aside;
mod get_quarantine;
mod post_replay;
mod post_replay_all;
mod replay;
mod settings;
mod show;

pub use settings::Settings;

/// So long a function may take for one message. With what is read before and written after, that is less than API Gateway
/// waits.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The function with what it works on.
pub struct Quarantine {
    router: Router,
    parts: Parts,
}

/// The functions that a replay goes to, by their names in AWS.
#[derive(Debug, Clone)]
pub struct Functions {
    /// `calibration`.
    pub calibration: String,
    /// `organizer`.
    pub organizer: String,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// What was set aside. Nothing is set aside here, so how long it is kept does not matter.
    pub quarantine: QuarantineTable,
    /// The way to the functions.
    pub invoker: Invoker,
    /// Their names.
    pub functions: Functions,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_quarantine::get_quarantine,
    get_aside::get_aside,
    delete_aside::delete_aside,
    post_replay::post_replay,
    post_replay_all::post_replay_all,
))]
struct Document;

impl Quarantine {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/quarantine", get(get_quarantine::get_quarantine))
            .route("/quarantine/replay", post(post_replay_all::post_replay_all))
            .route("/quarantine/{id}", get(get_aside::get_aside).delete(delete_aside::delete_aside))
            .route("/quarantine/{id}/replay", post(post_replay::post_replay));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// What the code says about its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Quarantine {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let quarantine = QuarantineTable::new(config::dynamodb(&sdk), settings.quarantine_table, 0);
        quarantine.warm_up().await;
        Ok(Self::new(Parts {
            quarantine,
            invoker: Invoker::new(invoke::client(&sdk, PATIENCE)),
            functions: Functions { calibration: settings.calibration_function, organizer: settings.organizer_function },
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a request, or `{"replay": {…}}` with what `POST /quarantine/replay` answers to that body.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        let asked = event.json().get("replay").cloned().ok_or_else(|| Retry::new("the event is not a request"))?;
        let refused = |problem: ApiError| Retry::new(problem.log().unwrap_or(problem.detail()));
        let answer = self.parts.replay_all(from_value(asked).map_err(refused)?, until).await.map_err(refused)?;
        Ok(json!(answer).into())
    }
}
