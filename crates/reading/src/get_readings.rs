//! `GET /devices/{id}/readings`: readings of a span, as they are stored or added up over intervals.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK, VARY};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use weir_aws::time_series::{Found, Unanswered};
use weir_core::id::DeviceId;
use weir_http::{ApiError, Cursor, Member, Path, Query};

use super::accept::Form;
use super::ask::{Ask, Wanted};
use super::sensors::Sensors;
use super::show::{Interval, Point, Readings};
use super::{Parts, sheet};

/// The readings of a device: sensor after sensor in the order of their codes, each ascending in time. With `every` they
/// are added up over intervals, and intervals without readings are left out. A flow sensor's level is its sensor
/// `filling`.
///
/// In CSV the next page is named by the header `Link` (`rel="next"`), which JSON answers have too.
#[utoipa::path(
    get, path = "/devices/{id}/readings", tag = "readings",
    params(("id" = DeviceId, Path), Wanted),
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
    form: Form,
    uri: Uri,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ApiError> {
    let seen = parts.seen(&caller, id.clone()).await?;
    let ask = Ask::of(&id, wanted, parts.clock.now())?;
    let sensors = parts.sensors(seen, &ask.sensors).await?;
    let page = match &ask.intervals {
        None => {
            let page = parts.points(&ask, &sensors).await?;
            let csv = || sheet::points(&page.items);
            written(&id, form, &page, csv, &uri)?
        }
        Some((_, aggs)) => {
            let page = parts.intervals(&ask, &sensors).await?;
            let csv = || sheet::intervals(&page.items, aggs);
            written(&id, form, &page, csv, &uri)?
        }
    };
    Ok(varied(page))
}

/// A page of readings, or of intervals.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ReadingPage)]
#[allow(dead_code, reason = "for the document alone")]
enum Answer {
    /// Without `every`.
    Points(Readings<Point>),
    /// With `every`.
    Intervals(Readings<Interval>),
}

impl Parts {
    async fn points(&self, ask: &Ask, sensors: &Sensors) -> Result<Readings<Point>, ApiError> {
        let series = sensors.series();
        let now = self.clock.now();
        let Found { items, next } = self.history.points(&series, ask.span, ask.place.as_ref(), ask.limit, now).await?;
        let items = items.into_iter().map(Point::of).collect();
        let next = next.map(|place| ask.next(place)).transpose()?;
        Ok(Readings { from: ask.span.from, to: ask.span.to, every: None, items, next })
    }

    async fn intervals(&self, ask: &Ask, sensors: &Sensors) -> Result<Readings<Interval>, ApiError> {
        let Some((every, aggs)) = &ask.intervals else { return Err(ApiError::internal("no intervals were asked for")) };
        let series = sensors.series();
        let found =
            self.history.buckets(&series, ask.span, *every, ask.place.as_ref(), ask.limit, self.clock.now()).await;
        let Found { items, next } = found.map_err(|unanswered| match unanswered {
            Unanswered::Aws(error) => ApiError::from(error),
            dense @ Unanswered::TooDense { .. } => ApiError::unfit("every", format!("{dense}: take shorter ones")),
        })?;
        let shown = items.into_iter().map(|bucket| {
            let unit = sensors.unit(&bucket.sensor);
            Interval::of(bucket, aggs, unit)
        });
        let next = next.map(|place| ask.next(place)).transpose()?;
        let (every, items) = (Some(every.to_string()), shown.collect());
        Ok(Readings { from: ask.span.from, to: ask.span.to, every, items, next })
    }
}

fn written<T: Serialize>(
    id: &DeviceId,
    form: Form,
    page: &Readings<T>,
    csv: impl Fn() -> Result<Vec<u8>, ApiError>,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let mut response = match form {
        Form::Json => Json(page).into_response(),
        Form::Csv => self::csv(id, csv()?),
    };
    if let Some(link) = page.next.as_ref().and_then(|next| link(uri, next)) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// A sheet as an answer; a browser saves it under the device's name.
pub(super) fn csv(id: &DeviceId, sheet: Vec<u8>) -> Response {
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], sheet).into_response();
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.csv\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// An answer that depends on the header `Accept`, as caches must know.
pub(super) fn varied(mut response: Response) -> Response {
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// The address of the next page: the same request with another `next`.
fn link(uri: &Uri, next: &Cursor) -> Option<HeaderValue> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let kept = pairs.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("next"));
    // A cursor is written in letters that need no encoding.
    let next = serde_json::to_value(next).ok()?;
    let query: Vec<_> = kept.map(str::to_owned).chain([format!("next={}", next.as_str()?)]).collect();
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))).ok()
}
