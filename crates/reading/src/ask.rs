//! What a caller asks for, checked: the span, the intervals, how much of it.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use weir_aws::time_series::{Place, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::every::{BadEvery, Every};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::time;
use weir_http::{ApiError, Cursor};

use super::show::Agg;

/// How many items a page has unless said otherwise, and at most: a day of minutes fits, and 5,000 points are 1 MB.
const LIMIT: usize = 500;
const LARGEST_LIMIT: usize = 5_000;
/// So many intervals a span may be divided into: a year of hours, or a week of minutes that begins and ends within one.
const MOST_INTERVALS: i64 = 10_081;
/// How far back is looked unless said otherwise.
const LOOK_BACK_SECONDS: i64 = 86_400;

/// The parameters of `GET /devices/{id}/readings`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only these sensors; may be given several times. All sensors of the device unless given.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true)]
    sensor: Vec<SensorCode>,
    /// The first instant: RFC 3339, or epoch milliseconds. A day before `to` unless given.
    #[param(example = "2026-11-19T00:00:00Z")]
    from: Option<String>,
    /// The first instant after the span. The present unless given; later pages keep what it was on the first.
    #[param(example = "2026-11-20T00:00:00Z")]
    to: Option<String>,
    /// Adds readings up over intervals of this width, aligned to UTC: a whole number and `s`, `m`, `h` or `d`. A span
    /// has at most 10,081 of them: a week of minutes.
    #[param(example = "1h")]
    every: Option<String>,
    /// What is shown of each interval: `mean`, `min`, `max`, `count`, parted by commas or given several times. All of
    /// them unless given; needs `every`.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true)]
    agg: Vec<String>,
    /// How many items at most: 1 to 5,000, 500 unless said otherwise.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    /// The sensors named; all when there are none.
    pub sensors: Vec<SensorCode>,
    /// The span.
    pub span: Span,
    /// The intervals, and what is shown of each.
    pub intervals: Option<(Every, Vec<Agg>)>,
    /// How many items at most.
    pub limit: usize,
    /// Where the page begins.
    pub place: Option<Place>,
    /// The list's name, filters and all, so that a cursor fits no other.
    name: String,
}

/// What a cursor holds: where the next page begins, and the span as it was on the first one, so that what comes in
/// between the pages moves nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    sensor: SensorCode,
    at: i64,
    from: i64,
    to: i64,
}

impl Ask {
    /// What `wanted` asks of the device when it is `now`.
    ///
    /// # Errors
    /// 400 for what cannot be read, 422 for what makes no sense; both name the parameter.
    pub fn of(id: &DeviceId, wanted: Wanted, now: Timestamp) -> Result<Self, ApiError> {
        let Wanted { mut sensor, from, to, every, agg, limit, next } = wanted;
        let name =
            format!("devices/{id}/readings?sensor={sensor:?}&from={from:?}&to={to:?}&every={every:?}&agg={agg:?}");
        sensor.sort();
        sensor.dedup();
        let from = from.map(|text| instant("from", &text)).transpose()?;
        let to = to.map(|text| instant("to", &text)).transpose()?;
        let every = every.map(|text| width(&text)).transpose()?;
        let aggs = aggs(&agg)?;
        let limit = limit.map_or(Ok(LIMIT), |text| number(&text))?;
        let key = next.map(|next| next.open::<Key>(&name)).transpose()?;
        // The seal is no secret: a cursor that was made up may say anything.
        let said = |key: &Key| [key.from, key.to].map(Timestamp::from_millis);
        if key.as_ref().map(said).is_some_and(|[from, to]| from > to || !nameable(from) || !nameable(to)) {
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
                    format!("divides the span into {count} intervals, {MOST_INTERVALS} is the most: take longer ones");
                return Err(ApiError::unfit("every", detail));
            }
        }
        let place = key.map(|key| Place { sensor: key.sensor, at: Timestamp::from_millis(key.at) });
        Ok(Self { sensors: sensor, span, intervals, limit, place, name })
    }

    /// The cursor of the page that begins there.
    ///
    /// # Errors
    /// 500 when it cannot be written.
    pub fn next(&self, place: Place) -> Result<Cursor, ApiError> {
        let Span { from, to } = self.span;
        let key = Key { sensor: place.sensor, at: place.at.millis(), from: from.millis(), to: to.millis() };
        Cursor::new(&self.name, &key)
    }
}

fn instant(name: &str, text: &str) -> Result<Timestamp, ApiError> {
    let millis = text.parse().map(Timestamp::from_millis).ok();
    // In a query `+` stands for a blank, so an offset that was not encoded arrives as one.
    let at = millis.or_else(|| time::parse(text)).or_else(|| time::parse(&text.replace(' ', "+")));
    let shown: String = text.chars().take(40).collect();
    let at = at.ok_or_else(|| {
        let expected = "is neither an RFC 3339 instant such as 2026-11-20T06:24:44.123Z nor epoch milliseconds";
        ApiError::parameter(name, format!("{shown:?} {expected}"))
    })?;
    if !nameable(at) {
        return Err(ApiError::unfit(name, format!("{shown:?} lies outside the years 1970 to 9999")));
    }
    Ok(at)
}

/// Whether the answer can name the instant.
fn nameable(at: Timestamp) -> bool {
    at.millis() >= 0 && time::text(at).is_some()
}

fn width(text: &str) -> Result<Every, ApiError> {
    Every::parse(text).map_err(|bad| match bad {
        BadEvery::Unreadable => ApiError::parameter("every", bad.to_string()),
        BadEvery::OutOfBounds => ApiError::unfit("every", bad.to_string()),
    })
}

fn aggs(words: &[String]) -> Result<Vec<Agg>, ApiError> {
    let mut asked = words.iter().flat_map(|words| words.split(',')).map(str::trim).collect::<Vec<_>>();
    asked.dedup();
    let unknown = asked.iter().find(|word| Agg::of(word).is_none());
    if let Some(word) = unknown {
        let shown: String = word.chars().take(40).collect();
        return Err(ApiError::unfit("agg", format!("{shown:?} is none of mean, min, max, count")));
    }
    let wanted = |agg: &Agg| asked.iter().any(|word| Agg::of(word) == Some(*agg));
    Ok(Agg::ALL.into_iter().filter(wanted).collect())
}

fn number(text: &str) -> Result<usize, ApiError> {
    let bad = || ApiError::parameter("limit", format!("must be a whole number, 1 to {LARGEST_LIMIT}"));
    text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(bad)
}

#[cfg(test)]
mod tests;
