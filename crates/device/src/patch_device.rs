//! `PATCH /devices/{id}`: applies a merge patch (RFC 7396) to a device. It does not create one.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::Value;
use weir_core::domain::device::Device;
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::device_body::{DeviceBody, patched};
use weir_http::{Admin, ApiError, ETag, Merge, Path, Preconditions, from_value};

use super::Parts;
use super::change::NewCode;

/// Changes the fields that the patch names; `null` empties one. A list is replaced as a whole. `"claim_code": true` makes a new claim
/// code in place of the one that the device had; the answer shows it once.
///
/// A sensor that the formula of a remaining one needs cannot be left out: 409 `in_use`.
#[utoipa::path(
    patch, path = "/devices/{id}", tag = "devices",
    params(("id" = DeviceId, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = DeviceBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = DeviceJson, headers(("ETag" = String))))
)]
pub(super) async fn patch_device(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<DeviceId>,
    conditions: Preconditions,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let code = NewCode::asked(patch.get("claim_code").and_then(Value::as_bool));
    let decide = |_: &Device, current: &DeviceJson| {
        let body: DeviceBody = from_value(patched(current, patch.clone()))?;
        Ok(body.details(Some(current))?)
    };
    let changed = parts.change(&id, |device| conditions.check(device.versions.device), &caller, code, decide).await?;
    let claim_code = changed.code.map(|code| code.text());
    let shown = DeviceJson { claim_code, delivery: Some(changed.delivery), ..parts.show(&changed.device).await? };
    Ok((ETag(changed.device.versions.device), Json(shown)))
}
