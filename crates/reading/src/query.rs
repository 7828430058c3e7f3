//! The query parameters of readings, validated: span, intervals and page.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use weir_aws::time_series::{SeriesPosition, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::every::{BadEvery, Every};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::time;
use weir_http::{ApiError, Cursor, ListName, TextOrMilliseconds, Unit, instant};

use super::show::{Agg, AggList};

/// The default number of items per page, and the maximum: a day of minutes fits, and 5,000 points are 1 MB.
const LIMIT: usize = 500;
const LARGEST_LIMIT: usize = 5_000;
/// Maximum intervals per span: a year of hours, or a week of minutes that begins and ends within one.
const MOST_INTERVALS: i64 = 10_081;
/// The default length of the span.
const LOOK_BACK_SECONDS: i64 = 86_400;

/// The parameters of `GET /devices/{id}/readings`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadingsParameters {
    /// Only these sensors; can be repeated. The default is all sensors of the device.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true, example = json!(["ph"]))]
    sensor: Vec<SensorCode>,
    /// The first instant: RFC 3339, or epoch milliseconds. The default is a day before `to`.
    #[param(inline, value_type = Option<TextOrMilliseconds>, example = "2026-11-19T00:00:00Z")]
    from: Option<String>,
    /// The first instant after the span. The default is now; the following pages keep the value of the first page.
    #[param(inline, value_type = Option<TextOrMilliseconds>, example = "2026-11-20T00:00:00Z")]
    to: Option<String>,
    /// Aggregates readings over intervals of this width, aligned to UTC: a whole number and `s`, `m`, `h` or `d`. A span
    /// has at most 10,081 intervals: a week of minutes.
    #[param(
        example = "1h",
        pattern = "^0*(([1-9][0-9]{0,6}|[12][0-9]{7}|30[0-9]{6}|31[0-5][0-9]{5}|316[01][0-9]{4}|3162[01][0-9]{3}|31622[0-3][0-9]{2}|31622400)s|([1-9][0-9]{0,4}|[1-4][0-9]{5}|5[01][0-9]{4}|52[0-6][0-9]{3}|5270[0-3][0-9]|527040)m|([1-9][0-9]{0,2}|[1-7][0-9]{3}|8[0-6][0-9]{2}|87[0-7][0-9]|878[0-4])h|([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])d)$"
    )]
    every: Option<String>,
    /// The aggregates of each interval: `mean`, `min`, `max`, `count`, comma-separated or repeated. The default is all of
    /// them. Needs `every`.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true, inline, value_type = AggList, example = json!(["mean"]))]
    agg: Vec<String>,
    /// Maximum items per page: 1 to 5,000; the default is 500.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 5000, example = 500)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(value_type = Option<String>, min_length = 12, pattern = "^[A-Za-z0-9_-]+$")]
    next: Option<Cursor>,
}

/// A validated query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReadingsQuery {
    /// The requested sensors; empty for all.
    pub sensors: Vec<SensorCode>,
    /// The span.
    pub span: Span,
    /// The width of the intervals, and the aggregates to show of each.
    pub intervals: Option<(Every, Vec<Agg>)>,
    /// Maximum items.
    pub limit: usize,
    /// Where the page begins.
    pub position: Option<SeriesPosition>,
    /// The name of the list in cursors.
    name: ListName,
}

/// The contents of a cursor: where the next page begins, and the span of the first page, so that readings stored between two
/// pages move nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    sensor: SensorCode,
    at: i64,
    from: i64,
    to: i64,
}

impl ReadingsQuery {
    /// Validates the parameters of a query for the device `id` at the time `now`.
    ///
    /// # Errors
    /// 400 for a parameter that cannot be read, 422 for one that is not acceptable; both name the parameter.
    pub fn of(id: &DeviceId, parameters: ReadingsParameters, now: Timestamp) -> Result<Self, ApiError> {
        let ReadingsParameters { mut sensor, from, to, every, agg, limit, next } = parameters;
        let sensors = sensor.iter().map(SensorCode::as_str).collect::<Vec<_>>().join(",");
        let name = ListName::new(format!("devices/{id}/readings"))
            .filter("sensor", Some(sensors))
            .filter("from", from.as_ref())
            .filter("to", to.as_ref())
            .filter("every", every.as_ref())
            .filter("agg", Some(agg.join(",")));
        sensor.sort();
        sensor.dedup();
        let from = from.map(|text| instant("from", &text, Some(Unit::Milliseconds))).transpose()?;
        let to = to.map(|text| instant("to", &text, Some(Unit::Milliseconds))).transpose()?;
        let every = every.map(|text| width(&text)).transpose()?;
        let aggs = aggs(&agg)?;
        let limit = limit.map_or(Ok(LIMIT), |text| number(&text))?;
        let key = name.open::<Key>(next)?;
        // The seal of a cursor is not secret: a forged one can have any contents.
        let span_of = |key: &Key| [key.from, key.to].map(Timestamp::from_millis);
        if key.as_ref().map(span_of).is_some_and(|[from, to]| from > to || !can_be_shown(from) || !can_be_shown(to)) {
            return Err(ApiError::bad_page());
        }

        let to = to.unwrap_or(now);
        let span = Span { from: from.unwrap_or(to.plus_seconds(-LOOK_BACK_SECONDS)), to };
        let span = key
            .as_ref()
            .map_or(span, |key| Span { from: Timestamp::from_millis(key.from), to: Timestamp::from_millis(key.to) });
        if span.from > span.to {
            return Err(ApiError::unfit("from", "lies after `to`"));
        }
        let intervals = match (every, aggs) {
            (Some(every), aggs) => Some((every, if aggs.is_empty() { Agg::ALL.to_vec() } else { aggs })),
            (None, aggs) if aggs.is_empty() => None,
            (None, _) => return Err(ApiError::unfit("agg", "needs `every`, the width of the intervals")),
        };
        if let Some((every, _)) = &intervals {
            let count = every.count(span.from.max(Timestamp::EARLIEST), span.to);
            if count > MOST_INTERVALS {
                let detail =
                    format!("divides the span into {count} intervals, more than {MOST_INTERVALS}: use longer ones");
                return Err(ApiError::unfit("every", detail));
            }
        }
        let position = key.map(|key| SeriesPosition { sensor: key.sensor, at: Timestamp::from_millis(key.at) });
        Ok(Self { sensors: sensor, span, intervals, limit, position, name })
    }

    /// The cursor of the page that begins at `position`; `None` after the last page.
    ///
    /// # Errors
    /// 500 when it cannot be written.
    pub fn next(&self, position: Option<SeriesPosition>) -> Result<Option<Cursor>, ApiError> {
        let Span { from, to } = self.span;
        self.name.next(position.map(|SeriesPosition { sensor, at }| Key {
            sensor,
            at: at.millis(),
            from: from.millis(),
            to: to.millis(),
        }))
    }
}

/// Whether the instant can be shown in an answer.
fn can_be_shown(at: Timestamp) -> bool {
    at.millis() >= 0 && time::text(at).is_some()
}

fn width(text: &str) -> Result<Every, ApiError> {
    Every::parse(text).map_err(|bad| match bad {
        BadEvery::Unreadable => ApiError::parameter("every", bad.to_string()),
        BadEvery::OutOfBounds => ApiError::unfit("every", bad.to_string()),
    })
}

fn aggs(words: &[String]) -> Result<Vec<Agg>, ApiError> {
    let mut names = words.iter().flat_map(|words| words.split(',')).map(str::trim).collect::<Vec<_>>();
    names.dedup();
    let unknown = names.iter().find(|word| Agg::of(word).is_none());
    if let Some(word) = unknown {
        let shown: String = word.chars().take(40).collect();
        return Err(ApiError::unfit("agg", format!("{shown:?} is not one of mean, min, max, count")));
    }
    let wanted = |agg: &Agg| names.iter().any(|word| Agg::of(word) == Some(*agg));
    Ok(Agg::ALL.into_iter().filter(wanted).collect())
}

fn number(text: &str) -> Result<usize, ApiError> {
    let bad = || ApiError::parameter("limit", format!("must be a whole number, 1 to {LARGEST_LIMIT}"));
    text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(bad)
}

#[cfg(test)]
mod tests;
