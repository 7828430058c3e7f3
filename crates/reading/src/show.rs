//! Readings and intervals as JSON.

use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use weir_aws::time_series::Bucket;
use weir_core::domain::Timestamp;
use weir_core::id::SensorCode;
use weir_core::wire::time;
use weir_http::Cursor;

pub(super) use weir_core::wire::reading::Point;

/// An aggregate that can be shown of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agg {
    /// The arithmetic mean.
    Mean,
    /// The minimum.
    Min,
    /// The maximum.
    Max,
    /// The number of readings.
    Count,
}

impl Agg {
    /// All aggregates, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Mean, Self::Min, Self::Max, Self::Count];

    /// The aggregate with this name.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agg| agg.name() == word)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Agg::Mean => "mean",
            Agg::Min => "min",
            Agg::Max => "max",
            Agg::Count => "count",
        }
    }
}

/// The parameter `agg` as the OpenAPI document describes it.
pub(super) enum AggList {}

impl PartialSchema for AggList {
    fn schema() -> RefOr<Schema> {
        let word = ObjectBuilder::new().schema_type(Type::String);
        let words = word.pattern(Some("^(mean|min|max|count)(,(mean|min|max|count))*$"));
        RefOr::T(Schema::Array(ArrayBuilder::new().items(words).build()))
    }
}

impl ToSchema for AggList {}

/// The aggregates of the readings of one interval: those of `mean`, `min`, `max` and `count` that were requested.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Interval {
    /// The sensor.
    pub sensor: SensorCode,
    /// When the interval begins. The first and the last one of a span may lie partly outside; readings outside do not count.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// The mean; `null` when no reading counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<Option<f64>>,
    /// The minimum; `null` when no reading counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Option<f64>>,
    /// The maximum; `null` when no reading counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Option<f64>>,
    /// The number of readings that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The unit of the sensor as it is registered now; may be empty.
    pub unit: String,
    /// The quality of the readings that count: `good` if there are any, else `uncalibrated`; `out_of_range` if all readings
    /// have this quality, of which none count.
    pub quality: &'static str,
    /// The number of readings of other qualities in the interval.
    pub left_out: u64,
}

/// A page of readings, sensor by sensor in the order of their codes, each in ascending order of time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Points {
    /// The first instant of the span.
    #[serde(with = "time")]
    pub from: Timestamp,
    /// The first instant after the span.
    #[serde(with = "time")]
    pub to: Timestamp,
    /// The readings. A page with fewer than `limit` items, or none, can have a `next`.
    pub items: Vec<Point>,
    /// The parameter `next` of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// A page of intervals, sensor by sensor in the order of their codes, each in ascending order of time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Intervals {
    /// The first instant of the span.
    #[serde(with = "time")]
    pub from: Timestamp,
    /// The first instant after the span.
    #[serde(with = "time")]
    pub to: Timestamp,
    /// The width of the intervals.
    pub every: String,
    /// The intervals. A page with fewer than `limit` items, or none, can have a `next`.
    pub items: Vec<Interval>,
    /// The parameter `next` of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// The latest reading of each sensor that has one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Latest {
    /// In the order of the sensors' codes.
    pub items: Vec<Point>,
}

impl Interval {
    /// The JSON of an interval.
    pub fn of(bucket: Bucket, aggs: &[Agg], unit: &str) -> Self {
        let summary = bucket.aggregates.summary();
        let (aggregate, requested) = (summary.aggregate, |agg| aggs.contains(&agg));
        let some = |value: f64| (aggregate.count > 0).then_some(value);
        Self {
            sensor: bucket.sensor,
            at: bucket.start,
            mean: requested(Agg::Mean).then(|| aggregate.mean()),
            min: requested(Agg::Min).then(|| some(aggregate.min)),
            max: requested(Agg::Max).then(|| some(aggregate.max)),
            count: requested(Agg::Count).then_some(aggregate.count),
            unit: unit.to_owned(),
            quality: summary.quality.code(),
            left_out: summary.left_out,
        }
    }
}
