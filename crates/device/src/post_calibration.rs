//! `POST /devices/{id}/sensors/{code}/calibrations`: adds a version. Versions are never changed or deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value};
use weir_aws::WriteOutcome;
use weir_core::domain::calibration::{Calibration, CalibrationEntry};
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::calibration::{CalibrationBody, CalibrationJson, read};
use weir_core::wire::device_event::calibrated;
use weir_http::{Admin, ApiError, ETag, Path, Preconditions, Strict};

use super::Parts;
use super::change::attempts;

/// Adds a version to the sensor's calibrations. It applies to readings from its `valid_from` on, as soon as the functions
/// read the device again.
///
/// The inputs of a formula are sensors of the same device. None of them may depend on this sensor by a version that is in
/// force at `valid_from` or later.
#[utoipa::path(
    post, path = "/devices/{id}/sensors/{code}/calibrations", tag = "calibrations",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("If-Match" = Option<String>, Header)),
    request_body = CalibrationBody,
    responses(
        (status = 201, description = "Added; `ETag` is the device's.", body = CalibrationJson, headers(("ETag" = String))),
    )
)]
pub(super) async fn post_calibration(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    conditions: Preconditions,
    Strict(body): Strict<Map<String, Value>>,
) -> Result<impl IntoResponse, ApiError> {
    let new = read(&body)?;
    let series = Series { device: id.clone(), sensor: code.clone() };
    let mut attempts = attempts(&id);
    loop {
        attempts.next().await?;
        let device = parts.registered(&id).await?.device;
        device.sensor(&code).ok_or_else(ApiError::not_found)?;
        conditions.check(device.versions.device)?;
        let author = parts.author(&caller);
        let valid_from = new.valid_from.unwrap_or(author.at);
        parts.check_inputs(&device, &code, &new.model, valid_from).await?;
        let calibration = Calibration {
            version: device.next_calibration(&code),
            valid_from,
            model: new.model.clone(),
            options: new.options,
        };
        let (calibration, note) = (Arc::new(calibration), new.note.clone());
        let entry = CalibrationEntry { calibration, by: author.by.clone(), at: author.at, note };
        let changed = device.with_calibration(&code, entry.clone(), author);
        let latest = device.sensor(&code).and_then(|sensor| sensor.calibrations.as_ref()).map(|known| &known.latest);
        let events = [calibrated(&changed, &code, latest, &entry)];
        let events = parts.events.with(&events);
        let written = parts.devices.write_calibrated(&changed, &parts.calibrations, &series, &entry, events).await?;
        if written == WriteOutcome::Done {
            return Ok((StatusCode::CREATED, ETag(changed.versions.device), Json(CalibrationJson::of(&entry))));
        }
    }
}
