//! `DELETE /fleet/serials/{serial}`: removes a number from the allow list. The device of a provisioned board stays.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::WriteOutcome;
use weir_core::id::Serial;
use weir_core::wire::serial;
use weir_http::{Admin, ApiError, Path};

use super::Parts;
use super::change::attempts;

/// Removes a serial number from the allow list. A device that is registered already stays, with its certificates.
#[utoipa::path(
    delete, path = "/fleet/serials/{serial}", tag = "fleet",
    params(("serial" = Serial, Path)),
    responses((status = 204, description = "Removed."))
)]
pub(super) async fn delete_serial(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(number): Path<Serial>,
) -> Result<StatusCode, ApiError> {
    let mut attempts = attempts(&number);
    loop {
        attempts.next().await?;
        let listed = parts.listed(&number).await?;
        let events = [serial::changed(&listed, "removed", None, &parts.author(&caller))];
        if parts.serials.remove(&listed, parts.events.with(&events)).await? == WriteOutcome::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
}
