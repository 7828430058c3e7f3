//! `DELETE /quarantine/{id}`: deletes an entry for good.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;
use super::event::{self, Outcome};
use super::show::version;

/// Maximum attempts while others replay the entry.
const ATTEMPTS: u32 = 5;

/// Deletes the entry. The message is lost with it, unless a device sends it again.
#[utoipa::path(
    delete, path = "/quarantine/{id}", tag = "quarantine",
    params(("id" = QuarantineId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_entry(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<QuarantineId>,
    conditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let mut attempts = Attempts::new("quarantine", &id, ATTEMPTS);
    loop {
        attempts.next().await?;
        let entry = parts.quarantine.get(&id).await?.ok_or_else(ApiError::not_found)?.entry;
        conditions.check(version(&entry))?;
        let events = [event::of(&entry, Outcome::Deleted, Some(&caller.name()), parts.clock.now())];
        // Otherwise it was replayed or deleted meanwhile.
        if parts.quarantine.delete(&entry, parts.events.with(&events)).await? == WriteOutcome::Done {
            tracing::info!(%id, by = caller.username, "deleted from the quarantine");
            return Ok(StatusCode::NO_CONTENT);
        }
    }
}
