//! `GET /devices/{id}/certificates`: the certificates with which a device may connect.

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::device::StoredDevice;
use weir_aws::iot::IotError;
use weir_core::id::DeviceId;
use weir_core::wire::certificate::{CertificateJson, CertificatesJson};
use weir_core::wire::device::DeliveryJson;
use weir_core::wire::x509;
use weir_http::{Admin, ApiError, Path};

use super::Parts;

/// Maximum concurrent requests to AWS IoT.
const CONCURRENT: usize = 8;

/// The certificates that are attached to the device's thing in AWS IoT.
#[utoipa::path(
    get, path = "/devices/{id}/certificates", tag = "devices",
    params(("id" = DeviceId, Path)),
    responses((status = 200, description = "The certificates.", body = CertificatesJson))
)]
pub(super) async fn get_certificates(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path(id): Path<DeviceId>,
) -> Result<Json<CertificatesJson>, ApiError> {
    let StoredDevice { certificates_settled, known_certificates, rotation, .. } = parts.registered(&id).await?;
    let current = rotation.rotation.current.map(|held| held.id);
    let certificates = &parts.certificates;
    let attached = certificates.principals(&id).await.map_err(failed)?.certificates;
    let found = attached.iter().map(|certificate| certificates.find(certificate)).collect::<Vec<_>>();
    let found: Vec<_> = stream::iter(found).buffered(CONCURRENT).try_collect().await.map_err(failed)?;
    let shown = found.into_iter().flatten().map(|certificate| CertificateJson {
        status: certificate.status.name(),
        in_use: current.as_ref() == Some(&certificate.id),
        by_disabling: known_certificates.deactivated.contains(&certificate.id),
        created_at: certificate.created_at,
        not_after: x509::ends(&certificate.pem).ok(),
        certificate: certificate.id,
    });
    let delivery = if certificates_settled { DeliveryJson::Delivered } else { DeliveryJson::Pending };
    Ok(Json(CertificatesJson { items: shown.collect(), delivery }))
}

/// An answer of AWS IoT as one of the API.
pub(super) fn failed(error: IotError) -> ApiError {
    error.into_error().into()
}
