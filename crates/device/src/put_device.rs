//! `PUT /devices/{id}`: replaces what people say about a device. It never makes one.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_core::domain::device_record::Record;
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_core::wire::device_body::DeviceBody;
use weir_http::{Admin, ApiError, ETag, IfMatch, Path, Strict};

use super::Parts;

/// Replaces the device. What the body leaves out is emptied; calibrations stay with their sensors.
///
/// A sensor that the formula of one that stays needs cannot be left out: 409 `in_use`.
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
    expected: IfMatch,
    Strict(body): Strict<DeviceBody>,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |_: &Record, current: &DeviceJson| Ok(body.clone().content(Some(current))?);
    let changed = parts.change(&id, expected, &caller, decide).await?;
    let shown = DeviceJson { delivery: Some(changed.delivery), ..parts.show(&changed.record).await? };
    Ok((ETag(changed.record.versions.record), Json(shown)))
}
