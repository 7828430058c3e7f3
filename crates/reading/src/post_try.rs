//! `POST /devices/{id}/sensors/{code}/alerts/try`: the episodes that an alert would have had in stored readings, before it is
//! saved.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_aws::device::Registration;
use weir_aws::time_series::Span;
use weir_core::domain::alert::{self, Alert, Point, counts};
use weir_core::domain::problem::Episode;
use weir_core::domain::reading::Series;
use weir_core::domain::{FieldError, Timestamp};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::alert::AlertJson;
use weir_http::{ApiError, Member, Path, Strict};

use super::Parts;

/// The default length of the span, as for readings.
const LOOK_BACK_SECONDS: i64 = 86_400;
/// Maximum readings that one request judges, and how many are read at once.
const MOST: usize = 20_000;
const PAGE: usize = 5_000;

/// An alert, and the span in which to try it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TryBody {
    /// The alert.
    alert: AlertJson,
    /// The first instant. Default: a day before `to`.
    #[serde(default, with = "weir_core::wire::time::option")]
    #[schema(value_type = Option<Timestamp>)]
    from: Option<Timestamp>,
    /// The first instant after the span. Default: now.
    #[serde(default, with = "weir_core::wire::time::option")]
    #[schema(value_type = Option<Timestamp>)]
    to: Option<Timestamp>,
}

/// The episodes that the alert would have had, as if it had not been open when the span begins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertTrial)]
pub(super) struct TryJson {
    /// The first instant.
    #[serde(with = "weir_core::wire::time")]
    #[schema(value_type = Timestamp)]
    from: Timestamp,
    /// The first instant that was not judged: the end of the span, or earlier after 20,000 readings.
    #[serde(with = "weir_core::wire::time")]
    #[schema(value_type = Timestamp)]
    to: Timestamp,
    /// Whether the whole span was judged.
    complete: bool,
    /// Readings that were read.
    readings: usize,
    /// The episodes, ascending.
    episodes: Vec<EpisodeJson>,
}

/// An episode.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertEpisode)]
struct EpisodeJson {
    /// The instant of its first reading.
    #[serde(with = "weir_core::wire::time")]
    #[schema(value_type = Timestamp)]
    began: Timestamp,
    /// The instant of the reading that opened it: later than `began` if the alert waits for several.
    #[serde(with = "weir_core::wire::time")]
    #[schema(value_type = Timestamp)]
    opened: Timestamp,
    /// The instant of the reading that ended it; absent while it is open.
    #[serde(with = "weir_core::wire::time::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Timestamp>)]
    ended: Option<Timestamp>,
    /// The value that opened it or, once it is over, that ended it.
    value: f64,
    /// The limit that was breached.
    limit: f64,
}

/// Tries an alert on the stored readings of a sensor: the episodes that it would have had. Nothing is written.
#[utoipa::path(
    post, path = "/devices/{id}/sensors/{code}/alerts/try", tag = "alerts",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path)),
    request_body = TryBody,
    responses((status = 200, description = "The episodes.", body = TryJson))
)]
pub(super) async fn post_try(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path((id, code)): Path<(DeviceId, SensorCode)>,
    Strict(body): Strict<TryBody>,
) -> Result<Json<TryJson>, ApiError> {
    caller.sees(&id)?;
    let Registration::Device(stored) = parts.devices.find(&id).await? else { return Err(ApiError::not_found()) };
    let sensor = stored.device.sensor(&code).ok_or_else(ApiError::not_found)?;
    let now = parts.clock.now();
    let (alert, span) = body.checked(now)?;
    let series = Series { device: id, sensor: code };
    let (points, readings, next) = parts.points_of(&series, span, sensor.calibrations.is_some(), now).await?;
    let episodes = alert::episodes(&alert, &sensor.unit, &points);
    Ok(Json(TryJson {
        from: span.from,
        to: next.unwrap_or(span.to),
        complete: next.is_none(),
        readings,
        episodes: episodes.iter().filter_map(EpisodeJson::of).collect(),
    }))
}

impl TryBody {
    fn checked(&self, now: Timestamp) -> Result<(Alert, Span), ApiError> {
        let alert = self.alert.alert();
        let to = self.to.unwrap_or(now);
        let back = to.plus_seconds(-LOOK_BACK_SECONDS).max(Timestamp::from_millis(0).min(to));
        let span = Span { from: self.from.unwrap_or(back), to };
        let early = |at: &Timestamp| at.millis() < 0;
        let wrong = [
            self.from.filter(early).map(|_| FieldError::new("/from", "lies before 1970")),
            self.to.filter(early).map(|_| FieldError::new("/to", "lies before 1970")),
            (span.from > span.to).then(|| FieldError::new("/from", "lies after `to`")),
        ];
        let wrong: Vec<FieldError> = wrong.into_iter().flatten().collect();
        match alert {
            Ok(alert) if wrong.is_empty() => Ok((alert, span)),
            alert => {
                let of_alert = alert.err().unwrap_or_default().into_iter().map(|error| error.under("/alert"));
                Err(ApiError::invalid(of_alert.chain(wrong).collect()))
            }
        }
    }
}

impl Parts {
    /// The points of a span that count, how many readings were read for them, and where to continue if there are too many.
    async fn points_of(
        &self,
        of: &Series,
        span: Span,
        calibrated: bool,
        now: Timestamp,
    ) -> Result<(Vec<Point>, usize, Option<Timestamp>), ApiError> {
        let (mut points, mut read, mut from) = (Vec::new(), 0, span.from);
        loop {
            let series = std::slice::from_ref(of);
            let page = self.history.points(series, Span { from, ..span }, None, PAGE.min(MOST - read), now).await?;
            read += page.items.len();
            let counting = page.items.iter().filter(|reading| counts(reading.quality, calibrated));
            points.extend(counting.map(|reading| Point { at: reading.at, value: reading.value }));
            match page.next {
                Some(next) if read < MOST => from = next.at,
                next => return Ok((points, read, next.map(|next| next.at))),
            }
        }
    }
}

impl EpisodeJson {
    fn of(episode: &Episode) -> Option<Self> {
        let breach = episode.breach()?;
        Some(Self {
            began: episode.began,
            opened: breach.opened,
            ended: episode.end.as_ref().map(|end| end.at),
            value: breach.shown(),
            limit: breach.limit,
        })
    }
}
