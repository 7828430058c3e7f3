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
use serde_json::{Value, json};
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::invoke::{self, Invoker};
use weir_core::aws::quarantine::QuarantineTable;
use weir_core::clock::{Clock, SystemClock, Until};
use weir_core::http::{Problem, finish, from_value, gateway};

mod delete_aside;
mod get_aside;
mod get_quarantine;
mod post_replay;
mod post_replay_all;
mod replay;
mod show;

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

/// What was asked for otherwise than over HTTP could not be done: the caller has to call again.
#[derive(Debug, thiserror::Error)]
#[error("call again: {0}")]
pub struct CallAgain(String);

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

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        Ok(Self::new(Parts {
            quarantine: QuarantineTable::new(config::dynamodb(&sdk), config::required("QUARANTINE_TABLE")?, 0),
            invoker: Invoker::new(invoke::client(&sdk, PATIENCE)),
            functions: Functions {
                calibration: config::required("CALIBRATION_FUNCTION")?,
                organizer: config::required("ORGANIZER_FUNCTION")?,
            },
            clock: Arc::new(SystemClock),
        }))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor, by asking for an entry that no hash
    /// will ever lead to.
    pub async fn warm_up(&self) {
        if let Ok(nothing) = "0".repeat(32).parse() {
            let _ = self.parts.quarantine.get(&nothing).await;
        }
    }

    /// Answers a request, or `{"replay": {…}}` with what `POST /quarantine/replay` answers to that body.
    ///
    /// # Errors
    /// When the event is neither, or the quarantine could not be read.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        self.handle_within(event, Duration::MAX).await
    }

    /// As [`Quarantine::handle`], and of a filter so much is replayed as `left` is enough for.
    ///
    /// # Errors
    /// When the event is neither, or the quarantine could not be read.
    pub async fn handle_within(&self, event: Value, left: Duration) -> Result<Value, CallAgain> {
        let until = Until::after(left);
        if gateway::is_http(&event) {
            return Ok(gateway::answer_until(&self.router, event, until).await);
        }
        let asked = event.get("replay").cloned().ok_or_else(|| CallAgain("the event is no request".to_owned()))?;
        let refused = |problem: Problem| CallAgain(problem.log().unwrap_or(problem.detail()).to_owned());
        let answer = self.parts.replay_all(from_value(asked).map_err(refused)?, until).await.map_err(refused)?;
        Ok(json!(answer))
    }
}
