//! `GET /devices/{id}/sensors/{code}/calibrations`: the history of a sensor's calibrations.

use axum::extract::State;
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::calibration::CalibrationJson;
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, Path, list};

use super::Parts;

/// Lists the versions of the sensor's calibration, the latest `valid_from` first.
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
    PageQuery { limit, next, .. }: PageQuery,
) -> Result<Page<CalibrationJson>, ApiError> {
    caller.sees(&id)?;
    let name = ListName::new(format!("devices/{id}/sensors/{code}/calibrations"));
    let page = list(&name, limit, next, async |limit, after| {
        let device = parts.registered(&id).await?.device;
        device.sensor(&code).ok_or_else(ApiError::not_found)?;
        let series = Series { device: id, sensor: code };
        Ok::<_, ApiError>(parts.calibrations.entries(&series, limit, after).await?)
    });
    Ok(page.await?.map(|entry| CalibrationJson::of(&entry)))
}
