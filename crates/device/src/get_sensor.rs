//! `GET /devices/{id}/sensors/{code}`: one sensor.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::SensorJson;
use weir_http::{ApiError, ETag, IfNoneMatch, Member, Path};

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
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let record = parts.live(&id).await?.record;
    let probe = record.content.probe(&code).ok_or_else(ApiError::not_found)?;
    let shown = SensorJson::of(probe, parts.in_force(&record, &code).await?.as_ref());
    let version = record.versions.record;
    let answer =
        if constant(&record) { known.answer(version, shown) } else { (ETag(version), Json(shown)).into_response() };
    Ok(answer)
}
