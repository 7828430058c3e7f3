//! `GET /system`: how the system itself is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use tokio::sync::Mutex;
use weir_core::domain::Timestamp;
use weir_core::wire::system::SystemJson;
use weir_http::{Admin, ApiError};

use super::Parts;
use super::read::read;

/// How long an answer is reused, in ms. While something is wrong, several people look often.
const FRESH_MS: i64 = 10_000;

/// The state that the requests of a process share.
pub(super) struct Shared {
    parts: Parts,
    last: Mutex<Option<SystemJson>>,
}

impl Shared {
    pub fn new(parts: Parts) -> Self {
        Self { parts, last: Mutex::new(None) }
    }
}

/// Shows the state of the system: alarms, queues, waiting work, tables, and what is deployed. It is read from AWS with each request; a
/// part that cannot be read says so, and the others are shown nevertheless. A complete answer is reused for 10 seconds.
#[utoipa::path(
    get, path = "/system", tag = "system",
    responses((status = 200, description = "How the system is.", body = SystemJson))
)]
pub(super) async fn get_system(
    State(shared): State<Arc<Shared>>,
    Admin(_): Admin,
) -> Result<Json<SystemJson>, ApiError> {
    // Held while reading: concurrent requests get the same answer.
    let mut last = shared.last.lock().await;
    let now = shared.parts.clock.now();
    if let Some(kept) = last.as_ref().filter(|kept| is_fresh(kept, now)) {
        return Ok(Json(kept.clone()));
    }
    let system = read(&shared.parts, now).await;
    *last = Some(system.clone());
    Ok(Json(system))
}

/// Whether an answer may be reused: an incomplete one may not, so that the next request reads again.
fn is_fresh(system: &SystemJson, now: Timestamp) -> bool {
    let complete = system.alarms.is_complete()
        && system.queues.is_complete()
        && system.waiting.is_complete()
        && system.tables.is_complete();
    complete && (0..FRESH_MS).contains(&now.millis_since(system.read_at))
}
