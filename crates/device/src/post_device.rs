//! `POST /devices`: registers a device. It never overwrites one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use weir_aws::device::{Found, Write};
use weir_aws::wait_turn;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::device_record::{Calibrations, Record, Versions};
use weir_core::wire::device::DeviceJson;
use weir_core::wire::device_body::DeviceBody;
use weir_http::{Admin, ApiError, ETag, Strict};

use super::Parts;
use super::change::{contended, json};

const ATTEMPTS: u32 = 5;

/// Registers a device. A device that was deleted comes back with its calibrations, and its versions go on.
#[utoipa::path(
    post, path = "/devices", tag = "devices",
    request_body = DeviceBody,
    responses(
        (status = 201, description = "Registered.", body = DeviceJson, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub(super) async fn post_device(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Strict(body): Strict<DeviceBody>,
) -> Result<impl IntoResponse, ApiError> {
    let id = body.id.clone();
    let missing = id.is_none().then(|| FieldError::new("/id", "is missing"));
    let (id, content) = match (id, body.content(None)) {
        (Some(id), Ok(content)) => (id, content),
        (_, refused) => {
            return Err(ApiError::invalid(missing.into_iter().chain(refused.err().unwrap_or_default()).collect()));
        }
    };
    for attempt in 0..ATTEMPTS {
        wait_turn(attempt).await;
        let (before, calibrations) = match parts.devices.find(&id).await? {
            Found::Live(_) => return Err(ApiError::exists(format!("a device {id} is registered already"))),
            Found::Never => (Versions::default(), Calibrations::new()),
            Found::Deleted(before) => {
                let codes: Vec<_> = content.sensors.iter().map(|probe| probe.code.clone()).collect();
                (before, parts.histories(&id, &codes).await?)
            }
        };
        let restored: Vec<_> = calibrations.keys().cloned().collect();
        let record = Record::new(id.clone(), content.clone(), calibrations, before, parts.author(&caller));
        parts.finds_inputs(&record, &restored).await?;
        if parts.devices.write(&record, true).await? == Write::Done {
            let delivery = Some(json(parts.delivery.deliver(&id).await));
            let shown = DeviceJson { delivery, ..parts.show(&record).await? };
            let location = [(LOCATION, format!("/devices/{id}"))];
            return Ok((StatusCode::CREATED, ETag(record.versions.record), location, Json(shown)));
        }
    }
    Err(contended(&id))
}
