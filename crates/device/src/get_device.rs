//! `GET /devices/{id}`: one device.

use axum::extract::State;
use axum::response::Response;
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::show::constant;

/// The device, with the calibration in force of each sensor, whether it is connected, and the firmware that it reports.
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
    let connection = parts.events.connection(&id).await?;
    // What changes without a new version is always sent whole.
    let constant = constant(&device) && connection.is_none() && device.firmware.is_none();
    let conditions = if constant { conditions } else { conditions.without_if_none_match() };
    let shown = DeviceJson { connection: connection.map(Into::into), ..parts.show(&device).await? };
    let version = device.versions.device;
    conditions.answer(version, shown)
}
