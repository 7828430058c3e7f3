//! `PUT /devices/{id}`: replaces the details of a device. It does not create one.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_core::domain::device::Device;
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::device_body::DeviceBody;
use weir_http::{Admin, ApiError, ETag, Path, Preconditions, Strict};

use super::Parts;
use super::change::NewCode;

/// Replaces the device. Fields that the body leaves out are emptied; sensors keep their calibrations.
///
/// A sensor that the formula of a remaining one needs cannot be left out: 409 `in_use`.
#[utoipa::path(
    put, path = "/devices/{id}", tag = "devices",
    params(("id" = DeviceId, Path), ("If-Match" = Option<String>, Header)),
    request_body = DeviceBody,
    responses((status = 200, description = "Replaced.", body = DeviceJson, headers(("ETag" = String))))
)]
pub(super) async fn put_device(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<DeviceId>,
    conditions: Preconditions,
    Strict(body): Strict<DeviceBody>,
) -> Result<impl IntoResponse, ApiError> {
    let code = NewCode::asked(body.claim_code);
    let decide = |_: &Device, current: &DeviceJson| Ok(body.clone().details(Some(current))?);
    let changed = parts.change(&id, |device| conditions.check(device.versions.device), &caller, code, decide).await?;
    let claim_code = changed.code.map(|code| code.text());
    let shown = DeviceJson { claim_code, delivery: Some(changed.delivery), ..parts.show(&changed.device).await? };
    Ok((ETag(changed.device.versions.device), Json(shown)))
}
