//! `POST /devices`: registers a device. It never overwrites one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use weir_aws::device::{ClaimChange, ClaimHash, Deliver, Registration};
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::FieldError;
use weir_core::domain::device::{Calibrations, Device, Versions};
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::device_body::DeviceBody;
use weir_core::wire::device_event;
use weir_http::{Admin, ApiError, ETag, Strict};

use super::Parts;
use super::change::NewCode;

/// Maximum attempts: a device that somebody else registers at the same time is found at the second one.
const MAX_ATTEMPTS: u32 = 5;

/// Registers a device. A device that was deleted gets its calibrations back, and its versions continue. With `"claim_code": true` the
/// answer shows, once, the code with which a person takes the device into their scope.
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
    let code = NewCode::asked(body.claim_code).draw()?;
    let missing = id.is_none().then(|| FieldError::new("/id", "is missing"));
    let (id, details) = match (id, body.details(None)) {
        (Some(id), Ok(details)) => (id, details),
        (_, details) => {
            return Err(ApiError::invalid(missing.into_iter().chain(details.err().unwrap_or_default()).collect()));
        }
    };
    let mut attempts = Attempts::new("devices", &id, MAX_ATTEMPTS);
    loop {
        attempts.next().await?;
        let (before, calibrations) = match parts.devices.find(&id).await? {
            Registration::Device(_) => return Err(ApiError::exists(format!("a device {id} is registered already"))),
            Registration::None => (Versions::default(), Calibrations::new()),
            Registration::Deleted(before) => {
                parts.finish_removal(&id).await?;
                let codes: Vec<_> = details.sensors.iter().map(|sensor| sensor.code.clone()).collect();
                (before, parts.earlier_calibrations(&id, &codes).await?)
            }
        };
        let restored: Vec<_> = calibrations.keys().cloned().collect();
        let device = Device::new(id.clone(), details.clone(), calibrations, before, parts.author(&caller));
        parts.check_restored(&device, &restored).await?;
        // A new device has no certificates, unless its thing was made before.
        let deliver = if device.details.enabled { Deliver::SETTINGS } else { Deliver::EVERYTHING };
        let deliver = Deliver { problems: device.details.report_every.is_some(), ..deliver };
        let mut events = vec![device_event::registered(&device)];
        let written = match &code {
            None => parts.devices.write_with(&device, deliver, parts.events.with(&events)).await?,
            Some(code) => {
                events.push(device_event::claimable(&device));
                let new = ClaimHash::of(code);
                let code = ClaimChange { new: &new, old: None };
                parts.devices.write_claimable(&device, deliver, parts.events.with(&events), code).await?
            }
        };
        if written == WriteOutcome::Done {
            let delivery = Some(parts.delivery.deliver(&id).await);
            let claim_code = code.map(|code| code.text());
            let shown = DeviceJson { claim_code, delivery, ..parts.show(&device).await? };
            let location = [(LOCATION, format!("/devices/{id}"))];
            return Ok((StatusCode::CREATED, ETag(device.versions.device), location, Json(shown)));
        }
    }
}

impl Parts {
    /// Finishes the removal of the certificates of a device that was deleted, so that they do not come back with a new device
    /// of the same id, and the new device's are not removed with them.
    async fn finish_removal(&self, id: &DeviceId) -> Result<(), ApiError> {
        if !self.devices.certificates_due(id).await? {
            return Ok(());
        }
        self.delivery.deliver(id).await;
        if self.devices.certificates_due(id).await? {
            return Err(ApiError::unavailable(format!("the certificates of the former {id} are still being removed")));
        }
        Ok(())
    }
}
