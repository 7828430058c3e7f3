//! `DELETE /devices/{id}/sensors/{code}`: a sensor leaves its device. Its readings and calibrations stay in their history.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use weir_core::domain::device_record::{Content, Record};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::DeviceJson;
use weir_http::{Admin, ApiError, ETag, IfMatch, Path};

use super::Parts;

/// Deletes the sensor. Values that still come from it are set aside as `unknown_sensor`.
///
/// One that the formula of another sensor needs cannot go before that one: 409 `in_use`.
#[utoipa::path(
    delete, path = "/devices/{id}/sensors/{code}", tag = "sensors",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted; `ETag` is the device's.", headers(("ETag" = String))))
)]
pub(super) async fn delete_sensor(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    expected: IfMatch,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |record: &Record, _: &DeviceJson| {
        record.content.probe(&code).ok_or_else(ApiError::not_found)?;
        let mut content: Content = record.content.clone();
        content.sensors.retain(|sensor| sensor.code != code);
        Ok(content)
    };
    let changed = parts.change(&id, expected, &caller, decide).await?;
    Ok((StatusCode::NO_CONTENT, ETag(changed.record.versions.record), ()))
}
