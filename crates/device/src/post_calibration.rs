//! `POST /devices/{id}/sensors/{code}/calibrations`: adds a version. None is ever changed or taken away.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value};
use weir_aws::device::Write;
use weir_aws::wait_turn;
use weir_core::domain::calibration::Calibration;
use weir_core::domain::device_record::Entry;
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::calibration::{CalibrationBody, CalibrationJson, read};
use weir_http::{Admin, ApiError, ETag, IfMatch, Path, Strict};

use super::Parts;
use super::change::contended;

const ATTEMPTS: u32 = 20;

/// Adds a version to the sensor's calibrations. It is used for readings from its `valid_from` on, from the moment when the
/// functions look at the device again.
///
/// The inputs of a formula are sensors of the same device, and none of them may be made of this one by a version that is in
/// force when this one begins, or later.
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
    expected: IfMatch,
    Strict(body): Strict<Map<String, Value>>,
) -> Result<impl IntoResponse, ApiError> {
    let new = read(&body)?;
    let series = Series { device: id.clone(), sensor: code.clone() };
    for attempt in 0..ATTEMPTS {
        wait_turn(attempt).await;
        let record = parts.live(&id).await?.record;
        record.content.probe(&code).ok_or_else(ApiError::not_found)?;
        expected.check(record.versions.record)?;
        let author = parts.author(&caller);
        let valid_from = new.valid_from.unwrap_or(author.at);
        parts.takes_inputs(&record, &code, &new.model, valid_from).await?;
        let calibration = Calibration {
            version: record.next_calibration(&code),
            valid_from,
            model: new.model.clone(),
            options: new.options,
        };
        let (calibration, note) = (Arc::new(calibration), new.note.clone());
        let entry = Entry { calibration, by: author.by.clone(), at: author.at, note };
        let changed = record.calibrated(&code, entry.clone(), author);
        if parts.devices.write_calibrated(&changed, &parts.calibrations, &series, &entry).await? == Write::Done {
            return Ok((StatusCode::CREATED, ETag(changed.versions.record), Json(CalibrationJson::of(&entry))));
        }
    }
    Err(contended(&id))
}
