//! `GET /devices/{id}`: one device.

use axum::extract::State;
use axum::response::Response;
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::show::constant;

/// The device, with the calibration in force of each sensor.
#[utoipa::path(
    get, path = "/devices/{id}", tag = "devices",
    params(("id" = DeviceId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The device.", body = DeviceJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has it already."),
    )
)]
pub(super) async fn get_device(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let device = parts.registered(&id).await?.device;
    let (version, shown) = (device.versions.device, parts.show(&device).await?);
    // What changes without a new version is always sent whole.
    let conditions = if constant(&device) { conditions } else { conditions.without_if_none_match() };
    conditions.answer(version, shown)
}
