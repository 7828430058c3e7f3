//! `GET /devices/{id}/sensors/{code}`: one sensor.

use axum::extract::State;
use axum::response::Response;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::SensorJson;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::show::constant;

/// The sensor, with its calibration in force.
#[utoipa::path(
    get, path = "/devices/{id}/sensors/{code}", tag = "sensors",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The sensor; `ETag` is the device's.", body = SensorJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has it already."),
    )
)]
pub(super) async fn get_sensor(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let device = parts.registered(&id).await?.device;
    let sensor = device.sensor(&code).ok_or_else(ApiError::not_found)?;
    let shown = SensorJson::of(sensor, parts.in_force(&device, sensor).await?.as_ref());
    let version = device.versions.device;
    // What changes without a new version is always sent whole.
    let conditions = if constant(&device) { conditions } else { conditions.without_if_none_match() };
    conditions.answer(version, shown)
}
