//! `GET /devices/{id}/readings/latest`: the latest reading of each sensor.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use weir_core::id::{DeviceId, SensorCode};
use weir_http::{ApiError, Member, Path, Query};

use super::accept::Form;
use super::get_readings::{csv, varied};
use super::show::{Latest, Point};
use super::{Parts, sheet};

/// The parameters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only these sensors; may be given several times. All sensors of the device unless given.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true)]
    sensor: Vec<SensorCode>,
}

/// The latest reading of each sensor that has one. A flow sensor's level is its sensor `filling`.
#[utoipa::path(
    get, path = "/devices/{id}/readings/latest", tag = "readings",
    params(("id" = DeviceId, Path), Which),
    responses((status = 200, description = "One reading for each sensor.", content(
        (Latest = "application/json"),
        (String = "text/csv"),
    )))
)]
pub(super) async fn get_latest(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    form: Form,
    Query(Which { mut sensor }): Query<Which>,
) -> Result<Response, ApiError> {
    let seen = parts.seen(&caller, id.clone()).await?;
    sensor.sort();
    sensor.dedup();
    let sensors = parts.sensors(seen, &sensor).await?;
    let found = parts.history.latest(&sensors.series(), parts.clock.now()).await?;
    let items: Vec<_> = found.into_iter().map(Point::of).collect();
    Ok(varied(match form {
        Form::Json => Json(Latest { items }).into_response(),
        Form::Csv => csv(&id, sheet::points(&items)?),
    }))
}
