//! `DELETE /devices/{id}`: a device leaves the registry. Its readings and the history of its calibrations stay; its
//! retained message and its shadow go, if not now then with a sweep.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::device::Write;
use weir_aws::wait_turn;
use weir_core::id::DeviceId;
use weir_http::{Admin, ApiError, IfMatch, Path};

use super::Parts;
use super::change::contended;

const ATTEMPTS: u32 = 20;

/// Deletes the device. Messages that still come from it are set aside as `unknown_device`.
#[utoipa::path(
    delete, path = "/devices/{id}", tag = "devices",
    params(("id" = DeviceId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_device(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<DeviceId>,
    expected: IfMatch,
) -> Result<StatusCode, ApiError> {
    for attempt in 0..ATTEMPTS {
        wait_turn(attempt).await;
        let record = parts.live(&id).await?.record;
        expected.check(record.versions.record)?;
        if parts.devices.remove(&record, parts.author(&caller)).await? == Write::Done {
            parts.delivery.deliver(&id).await;
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(contended(&id))
}
