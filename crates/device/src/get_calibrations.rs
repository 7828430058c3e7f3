//! `GET /devices/{id}/sensors/{code}/calibrations`: the history of a sensor's calibrations, newest first.

use axum::extract::State;
use weir_aws::Since;
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::calibration::CalibrationJson;
use weir_http::{ApiError, Cursor, Member, Page, PageQuery, Paging, Path};

use super::Parts;

/// The versions of the sensor's calibration: the latest `valid_from` first.
#[utoipa::path(
    get, path = "/devices/{id}/sensors/{code}/calibrations", tag = "calibrations",
    params(
        ("id" = DeviceId, Path),
        ("code" = SensorCode, Path),
        Paging,
    ),
    responses((status = 200, description = "A page of versions.", body = Page<CalibrationJson>))
)]
pub(super) async fn get_calibrations(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    query: PageQuery,
) -> Result<Page<CalibrationJson>, ApiError> {
    caller.sees(&id)?;
    let name = format!("devices/{id}/sensors/{code}/calibrations");
    let after = query.next.map(|next| next.open::<Since>(&name)).transpose()?;
    let record = parts.live(&id).await?.record;
    record.content.probe(&code).ok_or_else(ApiError::not_found)?;
    let series = Series { device: id, sensor: code };
    let (entries, next) = parts.calibrations.entries(&series, query.limit, after).await?;
    let next = next.map(|since| Cursor::new(&name, &since)).transpose()?;
    Ok(Page { items: entries.iter().map(CalibrationJson::of).collect(), next })
}
