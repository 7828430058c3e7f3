//! `DELETE /devices/{id}`: deletes a device from the registry. Its readings and the history of its calibrations stay; its
//! certificates, its thing, its retained message and its shadow are removed, by a sweep if not now.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::WriteOutcome;
use weir_core::id::DeviceId;
use weir_core::wire::device_event;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;
use super::change::attempts;

/// Deletes the device with its certificates and its thing in AWS IoT. Messages that still come from it are quarantined as `unknown_device`.
#[utoipa::path(
    delete, path = "/devices/{id}", tag = "devices",
    params(("id" = DeviceId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_device(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<DeviceId>,
    conditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let mut attempts = attempts(&id);
    loop {
        attempts.next().await?;
        let device = parts.registered(&id).await?.device;
        conditions.check(device.versions.device)?;
        let author = parts.author(&caller);
        let event = device_event::deleted(&device, &author);
        if parts.devices.remove(&device, author, &parts.events, &event).await? == WriteOutcome::Done {
            if device.details.may_have_problems() {
                parts.end_problems(&id, None).await;
            }
            parts.delivery.deliver(&id).await;
            return Ok(StatusCode::NO_CONTENT);
        }
    }
}
