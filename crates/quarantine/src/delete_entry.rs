//! `DELETE /quarantine/{id}`: deletes an entry for good.

use axum::extract::State;
use axum::http::StatusCode;
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, IfMatch, Path};

use super::Parts;

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
    expected: IfMatch,
) -> Result<StatusCode, ApiError> {
    // Versions count from 1, attempts from 0; a version that is out of range matches no entry.
    let attempts = expected.expected().map(|version| u32::try_from(version.wrapping_sub(1)).unwrap_or(u32::MAX));
    if parts.quarantine.delete(&id, attempts).await? {
        tracing::info!(%id, by = caller.username, "deleted from the quarantine");
        return Ok(StatusCode::NO_CONTENT);
    }
    if attempts.is_some() && parts.quarantine.get(&id).await?.is_some() {
        return Err(ApiError::precondition_failed());
    }
    Err(ApiError::not_found())
}
