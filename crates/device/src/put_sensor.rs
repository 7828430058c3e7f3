//! `PUT /devices/{id}/sensors/{code}`: creates or replaces a sensor of a device.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use weir_core::domain::FieldError;
use weir_core::domain::device::{Device, DeviceDetails};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::{DeviceJson, SensorJson};
use weir_core::wire::device_body::SensorBody;
use weir_http::{Admin, ApiError, ETag, Path, Preconditions, Strict};

use super::Parts;
use super::change::NewCode;

/// Creates the sensor, or replaces its fields. It keeps its calibrations, also those of a deleted sensor with this code.
#[utoipa::path(
    put, path = "/devices/{id}/sensors/{code}", tag = "sensors",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("If-Match" = Option<String>, Header)),
    request_body = SensorBody,
    responses(
        (status = 200, description = "Replaced; `ETag` is the device's.", body = SensorJson, headers(("ETag" = String))),
        (status = 201, description = "Created.", body = SensorJson, headers(("ETag" = String))),
    )
)]
pub(super) async fn put_sensor(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    conditions: Preconditions,
    Strict(body): Strict<SensorBody>,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |device: &Device, shown: &DeviceJson| {
        let current = shown.sensors.iter().find(|sensor| sensor.code == code);
        let new = match (body.sensor(Some(&code)), body.check_calibration(current)) {
            (Ok(sensor), None) => sensor,
            (sensor, calibration) => {
                let errors = sensor.err().unwrap_or_default();
                return Err(ApiError::invalid(errors.into_iter().chain(calibration).collect()));
            }
        };
        let mut details: DeviceDetails = device.details.clone();
        let place = details.sensors.iter().position(|sensor| sensor.code == code);
        let at = format!("/sensors/{}", place.unwrap_or(details.sensors.len()));
        match place.and_then(|place| details.sensors.get_mut(place)) {
            Some(sensor) => *sensor = new,
            None => details.sensors.push(new),
        }
        details.checked().map_err(|errors| ApiError::invalid(relative(errors, &at)))
    };
    let check = |device: &Device| match device.sensor(&code) {
        Some(_) => conditions.check(device.versions.device),
        None => conditions.check_absent(device.versions.device),
    };
    let changed = parts.change(&id, check, &caller, NewCode::No, decide).await?;
    let device = &changed.device;
    let sensor = device.sensor(&code).ok_or_else(ApiError::not_found)?;
    let shown = SensorJson::of(sensor, parts.in_force(device, sensor).await?.as_ref());
    let created = changed.before.sensor(&code).is_none();
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, ETag(device.versions.device), Json(shown)))
}

/// The errors of a device with pointers relative to the sensor at `at`.
fn relative(errors: Vec<FieldError>, at: &str) -> Vec<FieldError> {
    let relative = |FieldError { pointer, detail }| {
        let pointer = pointer.strip_prefix(at).map(str::to_owned);
        FieldError { pointer: pointer.unwrap_or_default(), detail }
    };
    errors.into_iter().map(relative).collect()
}
