//! Readings and intervals as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::time_series::Bucket;
use weir_core::domain::Timestamp;
use weir_core::domain::reading::Reading;
use weir_core::id::SensorCode;
use weir_core::wire::time;
use weir_http::Cursor;

/// What can be shown of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agg {
    /// The arithmetic mean.
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// How many readings.
    Count,
}

impl Agg {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Mean, Self::Min, Self::Max, Self::Count];

    /// The one of that name.
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

/// A reading.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Point {
    /// The sensor.
    pub sensor: SensorCode,
    /// When it was measured.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// The physical quantity, in `unit`.
    pub value: f64,
    /// The unit of `value`; may be empty.
    #[schema(example = "pH")]
    pub unit: String,
    /// `good`, `out_of_range` (outside the sensor's limits or the calibration's valid interval), or `uncalibrated`
    /// (`value` is the raw number).
    #[schema(example = "good")]
    pub quality: &'static str,
    /// The number that the device sent.
    pub raw: f64,
    /// The version of the calibration that made `value`; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<u32>,
    /// When AWS received it.
    #[serde(with = "time")]
    pub received_at: Timestamp,
}

/// What the readings of an interval come to. Of `mean`, `min`, `max`, `count` those that were asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Interval {
    /// The sensor.
    pub sensor: SensorCode,
    /// When the interval begins. The first and the last of a span may lie partly outside: what lies outside is not counted.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// The mean of the values; `null` when none counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<Option<f64>>,
    /// The smallest value; `null` when none counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Option<f64>>,
    /// The largest value; `null` when none counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Option<f64>>,
    /// How many readings count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The unit of the sensor as it is registered now; may be empty.
    pub unit: String,
    /// Which readings count: the `good` ones when there are any, else the `uncalibrated` ones; `out_of_range` when there
    /// are only such, of which none counts.
    pub quality: &'static str,
    /// How many readings of other quality lie in the interval.
    pub left_out: u64,
}

/// A page of readings or of intervals: sensor after sensor in the order of their codes, each ascending in time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Readings<T> {
    /// The first instant of the span.
    #[serde(with = "time")]
    pub from: Timestamp,
    /// The first instant after it.
    #[serde(with = "time")]
    pub to: Timestamp,
    /// The width of the intervals, when readings were added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// The readings or intervals. A page may have fewer than `limit`, or none, and a `next` all the same.
    pub items: Vec<T>,
    /// The parameter `next` of the page after this one; absent on the last page.
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

impl Point {
    /// The reading as it is shown.
    pub fn of(reading: Reading) -> Self {
        Self {
            sensor: reading.series.sensor,
            at: reading.at,
            value: reading.value,
            unit: reading.unit,
            quality: reading.quality.code(),
            raw: reading.raw,
            calibration: (reading.calibration > 0).then_some(reading.calibration),
            received_at: reading.received_at,
        }
    }
}

impl Interval {
    /// The interval as it is shown.
    pub fn of(bucket: Bucket, aggs: &[Agg], unit: &str) -> Self {
        let shown = bucket.sums.shown();
        let (tally, asked) = (shown.tally, |agg| aggs.contains(&agg));
        let some = |value: f64| (tally.count > 0).then_some(value);
        Self {
            sensor: bucket.sensor,
            at: bucket.start,
            mean: asked(Agg::Mean).then(|| tally.mean()),
            min: asked(Agg::Min).then(|| some(tally.min)),
            max: asked(Agg::Max).then(|| some(tally.max)),
            count: asked(Agg::Count).then_some(tally.count),
            unit: unit.to_owned(),
            quality: shown.quality.code(),
            left_out: shown.left_out,
        }
    }
}
