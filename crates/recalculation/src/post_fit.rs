//! `POST /devices/{id}/sensors/{code}/calibrations/fit`: fits a model to reference points. Nothing is stored.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value};
use weir_core::domain::FieldError;
use weir_core::domain::fit::fit;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::fit::{Asked, FitBody, FitJson, read};
use weir_http::{Admin, ApiError, Path, Strict};

use super::Parts;

/// Fits a model to reference points and shows how well it fits; it is not entered as a calibration.
#[utoipa::path(
    post, path = "/devices/{id}/sensors/{code}/calibrations/fit", tag = "calibrations",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path)),
    request_body = FitBody,
    responses((status = 200, description = "The model, and how far it is from the points.", body = FitJson))
)]
pub(super) async fn post_fit(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    Strict(body): Strict<Map<String, Value>>,
) -> Result<Json<FitJson>, ApiError> {
    parts.sensor(&id, &code).await?;
    let Asked { kind, points } = read(&body)?;
    Ok(Json(FitJson::from(&fit(kind, &points).map_err(FieldError::from)?)))
}
