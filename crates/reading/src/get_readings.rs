//! `GET /devices/{id}/readings`: the readings of a span, or their aggregates over intervals.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use weir_aws::time_series::{HistoryError, HistoryPage};
use weir_core::id::DeviceId;
use weir_http::{ApiError, Cursor, Format, Member, Path, Query, download, link_to_next, revalidated, vary_by_accept};

use super::query::{ReadingsParameters, ReadingsQuery};
use super::sensors::Sensors;
use super::show::{Interval, Intervals, Point, Points};
use super::{Parts, csv};

/// Lists the readings of a device, sensor by sensor in the order of their codes, each in ascending order of time. With `every`
/// they are aggregated over intervals, and intervals without readings are left out. The level of a flow sensor is its sensor
/// `filling`.
///
/// The header `Link` (`rel="next"`) has the address of the next page, in CSV and in JSON answers.
#[utoipa::path(
    get, path = "/devices/{id}/readings", tag = "readings",
    params(("id" = DeviceId, Path), ReadingsParameters),
    responses((status = 200, description = "A page of readings, or of intervals when `every` is given.", headers(
        ("Link" = Option<String>, description = "The address of the next page, `rel=\"next\"`."),
    ), content(
        (Answer = "application/json"),
        (String = "text/csv"),
    )))
)]
pub(super) async fn get_readings(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    format: Format,
    uri: Uri,
    Query(parameters): Query<ReadingsParameters>,
) -> Result<Response, ApiError> {
    let device = parts.readable(&caller, id.clone()).await?;
    let query = ReadingsQuery::of(&id, parameters, parts.clock.now())?;
    let sensors = parts.sensors(device, &query.sensors).await?;
    let page = match &query.intervals {
        None => {
            let page = parts.points(&query, &sensors).await?;
            let table = || csv::points(&page.items);
            respond(&id, format, (&page, page.next.as_ref()), table, &uri)?
        }
        Some((_, aggs)) => {
            let page = parts.intervals(&query, &sensors).await?;
            let table = || csv::intervals(&page.items, aggs);
            respond(&id, format, (&page, page.next.as_ref()), table, &uri)?
        }
    };
    Ok(revalidated(vary_by_accept(page)))
}

/// A page of readings, or of intervals.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ReadingPage)]
#[allow(dead_code, reason = "only for the OpenAPI document")]
enum Answer {
    /// Without `every`.
    Points(Points),
    /// With `every`.
    Intervals(Intervals),
}

impl Parts {
    async fn points(&self, query: &ReadingsQuery, sensors: &Sensors) -> Result<Points, ApiError> {
        let series = sensors.series();
        let now = self.clock.now();
        let HistoryPage { items, next } =
            self.history.points(&series, query.span, query.position.as_ref(), query.limit, now).await?;
        let items = items.into_iter().map(Point::of).collect();
        let next = query.next(next)?;
        Ok(Points { from: query.span.from, to: query.span.to, items, next })
    }

    async fn intervals(&self, query: &ReadingsQuery, sensors: &Sensors) -> Result<Intervals, ApiError> {
        let Some((every, aggs)) = &query.intervals else {
            return Err(ApiError::internal("the query has no intervals"));
        };
        let series = sensors.series();
        let found = self
            .history
            .buckets(&series, query.span, *every, query.position.as_ref(), query.limit, self.clock.now())
            .await;
        let HistoryPage { items, next } = found.map_err(|error| match error {
            HistoryError::Aws(error) => ApiError::from(error),
            dense @ HistoryError::TooDense { .. } => ApiError::unfit("every", format!("{dense}: use shorter ones")),
        })?;
        let shown = items.into_iter().map(|bucket| {
            let unit = sensors.unit(&bucket.sensor);
            Interval::of(bucket, aggs, unit)
        });
        let next = query.next(next)?;
        let (every, items) = (every.to_string(), shown.collect());
        Ok(Intervals { from: query.span.from, to: query.span.to, every, items, next })
    }
}

/// The page in a format, and the address of the next one.
fn respond(
    id: &DeviceId,
    format: Format,
    (page, next): (&impl Serialize, Option<&Cursor>),
    table: impl Fn() -> Result<Vec<u8>, ApiError>,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let mut response = match format {
        Format::Json => Json(page).into_response(),
        Format::Csv => download(id.as_str(), table()?),
    };
    link_to_next(&mut response, uri, next);
    Ok(response)
}
