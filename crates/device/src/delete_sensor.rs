//! `DELETE /devices/{id}/sensors/{code}`: deletes a sensor. Its readings and the history of its calibrations stay.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use weir_core::domain::device::{Device, DeviceDetails};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::DeviceJson;
use weir_http::{Admin, ApiError, ETag, Path, Preconditions};

use super::Parts;
use super::change::NewCode;

/// Deletes the sensor. Values that still come from it are quarantined as `unknown_sensor`.
///
/// A sensor that the formula of another one needs cannot be deleted before that one: 409 `in_use`.
#[utoipa::path(
    delete, path = "/devices/{id}/sensors/{code}", tag = "sensors",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted; `ETag` is the device's.", headers(("ETag" = String))))
)]
pub(super) async fn delete_sensor(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    conditions: Preconditions,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |device: &Device, _: &DeviceJson| {
        device.sensor(&code).ok_or_else(ApiError::not_found)?;
        let mut details: DeviceDetails = device.details.clone();
        details.sensors.retain(|sensor| sensor.code != code);
        Ok(details)
    };
    let changed =
        parts.change(&id, |device| conditions.check(device.versions.device), &caller, NewCode::No, decide).await?;
    Ok((StatusCode::NO_CONTENT, ETag(changed.device.versions.device), ()))
}
