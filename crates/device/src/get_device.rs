//! `GET /devices/{id}`: one device.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use weir_core::id::DeviceId;
use weir_core::wire::device::DeviceJson;
use weir_http::{ApiError, ETag, IfNoneMatch, Member, Path};

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
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let record = parts.live(&id).await?.record;
    let (version, shown) = (record.versions.record, parts.show(&record).await?);
    let answer =
        if constant(&record) { known.answer(version, shown) } else { (ETag(version), Json(shown)).into_response() };
    Ok(answer)
}
