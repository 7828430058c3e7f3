//! `PUT /devices/{id}/sensors/{code}`: makes or replaces a sensor of a device.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::device_record::{Content, Record};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::{DeviceJson, SensorJson};
use weir_core::wire::device_body::SensorBody;
use weir_http::{Admin, ApiError, ETag, IfMatch, Path, Strict};

use super::Parts;

/// Makes the sensor, or replaces what people say about it; its calibrations stay, also those of a sensor of this code that
/// was deleted.
#[utoipa::path(
    put, path = "/devices/{id}/sensors/{code}", tag = "sensors",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("If-Match" = Option<String>, Header)),
    request_body = SensorBody,
    responses(
        (status = 200, description = "Replaced; `ETag` is the device's.", body = SensorJson, headers(("ETag" = String))),
        (status = 201, description = "Made.", body = SensorJson, headers(("ETag" = String))),
    )
)]
pub(super) async fn put_sensor(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    expected: IfMatch,
    Strict(body): Strict<SensorBody>,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |record: &Record, shown: &DeviceJson| {
        let current = shown.sensors.iter().find(|sensor| sensor.code == code);
        let probe = match (body.probe(Some(&code)), body.kept(current)) {
            (Ok(probe), None) => probe,
            (probe, kept) => {
                let refused = probe.err().unwrap_or_default();
                return Err(ApiError::invalid(refused.into_iter().chain(kept).collect()));
            }
        };
        let mut content: Content = record.content.clone();
        let place = content.sensors.iter().position(|sensor| sensor.code == code);
        let at = format!("/sensors/{}", place.unwrap_or(content.sensors.len()));
        match place.and_then(|place| content.sensors.get_mut(place)) {
            Some(sensor) => *sensor = probe,
            None => content.sensors.push(probe),
        }
        content.checked().map_err(|refused| ApiError::invalid(relative(refused, &at)))
    };
    let changed = parts.change(&id, expected, &caller, decide).await?;
    let record = &changed.record;
    let probe = record.content.probe(&code).ok_or_else(ApiError::not_found)?;
    let shown = SensorJson::of(probe, parts.in_force(record, &code).await?.as_ref());
    let made = changed.before.content.probe(&code).is_none();
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, ETag(record.versions.record), Json(shown)))
}

/// The refusals of a device seen from the sensor at `at`.
fn relative(refused: Vec<FieldError>, at: &str) -> Vec<FieldError> {
    let relative = |FieldError { pointer, detail }| {
        let pointer = pointer.strip_prefix(at).map(str::to_owned);
        FieldError { pointer: pointer.unwrap_or_default(), detail }
    };
    refused.into_iter().map(relative).collect()
}
