//! `DELETE /quarantine/{id}`: deletes an entry for good.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::Attempts;
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;
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
        let seen = if conditions.is_empty() {
            None
        } else {
            let entry = parts.quarantine.get(&id).await?.ok_or_else(ApiError::not_found)?.entry;
            conditions.check(version(&entry))?;
            Some(entry.attempts)
        };
        if parts.quarantine.delete(&id, seen).await? {
            tracing::info!(%id, by = caller.username, "deleted from the quarantine");
            return Ok(StatusCode::NO_CONTENT);
        }
        // Otherwise it was replayed or deleted meanwhile.
        if seen.is_none() {
            return Err(ApiError::not_found());
        }
    }
}
