//! `GET /devices/{id}/readings/latest`: the latest reading of each sensor.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use weir_core::id::{DeviceId, SensorCode};
use weir_http::{ApiError, Format, Member, Path, Query, download, revalidated, vary_by_accept};

use super::show::{Latest, Point};
use super::{Parts, csv};

/// The query parameters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LatestParameters {
    /// Only these sensors; can be repeated. The default is all sensors of the device.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true, example = json!(["ph"]))]
    sensor: Vec<SensorCode>,
}

/// Shows the latest reading of each sensor that has one. The level of a flow sensor is its sensor `filling`.
#[utoipa::path(
    get, path = "/devices/{id}/readings/latest", tag = "readings",
    params(("id" = DeviceId, Path), LatestParameters),
    responses((status = 200, description = "One reading for each sensor.", content(
        (Latest = "application/json"),
        (String = "text/csv"),
    )))
)]
pub(super) async fn get_latest(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    format: Format,
    Query(LatestParameters { mut sensor }): Query<LatestParameters>,
) -> Result<Response, ApiError> {
    let device = parts.readable(&caller, id.clone()).await?;
    sensor.sort();
    sensor.dedup();
    let sensors = parts.sensors(device, &sensor).await?;
    let found = parts.history.latest(&sensors.series(), parts.clock.now()).await?;
    let items: Vec<_> = found.into_iter().map(Point::of).collect();
    Ok(revalidated(vary_by_accept(match format {
        Format::Json => Json(Latest { items }).into_response(),
        Format::Csv => download(id.as_str(), csv::points(&items)?),
    })))
}
