//! `GET /devices/{id}/sensors/{code}/recalculate/{job}`: the state of a recalculation.

use axum::Json;
use axum::extract::State;
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, JobId, SensorCode};
use weir_http::{Admin, ApiError, Path};

use super::Parts;
use super::show::RecalculationJson;

/// Shows the progress of a recalculation, for 90 days.
#[utoipa::path(
    get, path = "/devices/{id}/sensors/{code}/recalculate/{job}", tag = "calibrations",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path), ("job" = JobId, Path)),
    responses((status = 200, description = "The recalculation.", body = RecalculationJson))
)]
pub(super) async fn get_recalculation(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path((device, sensor, job)): Path<(DeviceId, SensorCode, JobId)>,
) -> Result<Json<RecalculationJson>, ApiError> {
    let found = parts.jobs.get(&Series { device, sensor }, &job).await?;
    Ok(Json(RecalculationJson::of(&found.ok_or_else(ApiError::not_found)?)))
}
