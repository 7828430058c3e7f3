//! `DELETE /devices/{id}/certificates/{certificate}`: removes a certificate of a device.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::device::Author;
use weir_core::id::{CertificateId, DeviceId};
use weir_core::wire::device_event::certificate_removed;
use weir_http::{Admin, ApiError, Path};

use super::Parts;
use super::get_certificates::failed;

/// Maximum attempts. Each failed one means that another change of the device succeeded.
const MAX_ATTEMPTS: u32 = 20;

/// Deactivates and removes a certificate of the device. If AWS IoT does not answer, this is repeated automatically.
#[utoipa::path(
    delete, path = "/devices/{id}/certificates/{certificate}", tag = "devices",
    params(("id" = DeviceId, Path), ("certificate" = CertificateId, Path)),
    responses((status = 204, description = "Removed."))
)]
pub(super) async fn delete_certificate(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((id, certificate)): Path<(DeviceId, CertificateId)>,
) -> Result<StatusCode, ApiError> {
    let mut attempts = Attempts::new("devices", &id, MAX_ATTEMPTS);
    loop {
        attempts.next().await?;
        let stored = parts.registered(&id).await?;
        // Asked for, and told, already.
        if stored.known_certificates.doomed.contains(&certificate) {
            break;
        }
        let attached = parts.certificates.principals(&id).await.map_err(failed)?;
        if !attached.certificates.contains(&certificate) {
            return Err(ApiError::not_found());
        }
        let author = Author { by: caller.name(), at: parts.clock.now() };
        let events = [certificate_removed(&id, certificate.as_str(), &author)];
        let events = parts.events.with(&events);
        if parts.devices.doom_certificate(&id, &certificate, &stored.rotation, author.at, events).await?
            == WriteOutcome::Done
        {
            break;
        }
    }
    parts.settle(&id).await;
    Ok(StatusCode::NO_CONTENT)
}
