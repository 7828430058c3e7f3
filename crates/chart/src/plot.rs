//! What a chart is made from.

use jiff::tz::TimeZone;

use crate::span::Span;

/// How far a value can be trusted: what Weir stores with each reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Quality {
    /// Calibrated, and within all limits.
    #[default]
    Good,
    /// Outside of a limit.
    OutOfRange,
    /// The raw number, because no calibration was in force.
    Uncalibrated,
}

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When, in ms since the epoch.
    pub at: f64,
    /// The value, in the curve's unit.
    pub value: f64,
    /// How far it can be trusted.
    pub quality: Quality,
}

/// The readings of an interval, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Where it begins, in ms since the epoch.
    pub from: f64,
    /// Where it ends.
    pub until: f64,
    /// The mean of the values; not a number where none counts.
    pub mean: f64,
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
    /// How many values count.
    pub count: u64,
    /// How many do not count, because they cannot be trusted.
    pub left_out: u64,
}

impl Bucket {
    /// The instant at which it is drawn.
    pub fn middle(self) -> f64 {
        self.from + (self.until - self.from) / 2.0
    }
}

/// The values of a curve, ascending by time.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Single readings.
    Points(Vec<Point>),
    /// Sums of intervals, drawn as a line of means within a band from the least to the greatest.
    Buckets(Vec<Bucket>),
}

impl Shown {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Points(points) => points.len(),
            Self::Buckets(buckets) => buckets.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last value within a span and when it is drawn; `None` where there is none.
    pub fn last(&self, span: Span) -> Option<(f64, f64)> {
        match self {
            Self::Points(points) => {
                let inside = points.iter().rev().find(|point| span.contains(point.at) && point.value.is_finite());
                inside.map(|point| (point.at, point.value))
            }
            Self::Buckets(buckets) => {
                let inside = buckets.iter().rev().find(|one| span.contains(one.middle()) && one.mean.is_finite());
                inside.map(|one| (one.middle(), one.mean))
            }
        }
    }

    /// The least and the greatest value within a span; `None` where there is none.
    pub fn extremes(&self, span: Span) -> Option<(f64, f64)> {
        let join = |found: Option<(f64, f64)>, (low, high): (f64, f64)| {
            Some(found.map_or((low, high), |(least, most): (f64, f64)| (least.min(low), most.max(high))))
        };
        match self {
            Self::Points(points) => {
                let inside = points.iter().filter(|point| span.contains(point.at) && point.value.is_finite());
                inside.map(|point| (point.value, point.value)).fold(None, join)
            }
            Self::Buckets(buckets) => {
                let inside = buckets.iter().filter(|one| one.until >= span.from() && one.from <= span.until());
                let finite = inside.filter(|one| one.low.is_finite() && one.high.is_finite());
                finite.map(|one| (one.low, one.high)).fold(None, join)
            }
        }
    }
}

/// A series and how it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its values.
    pub shown: Shown,
    /// Which colour of the palette.
    pub colour: u8,
    /// Values further apart than this, in ms, are not connected. Intervals are not connected where one is missing.
    pub gap: f64,
    /// What stands at its end, a letter or two, where a chart has several curves; empty: nothing.
    pub label: String,
}

/// A line across the chart: the limit of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Where, in the unit of the curves.
    pub value: f64,
    /// What it is called.
    pub label: String,
}

/// Something that happened, as a line from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, in ms since the epoch.
    pub at: f64,
    /// What it is called, short.
    pub label: String,
}

/// A chart before it is laid out.
#[derive(Debug, Clone)]
pub struct Plot<'a> {
    /// What is shown of time.
    pub span: Span,
    /// The curves, all in one unit.
    pub curves: &'a [Curve],
    /// Limits.
    pub limits: &'a [Limit],
    /// Events.
    pub events: &'a [Event],
    /// Spans that stand out, such as the episodes of an alert.
    pub bands: &'a [Span],
    /// In which zone times are told.
    pub zone: &'a TimeZone,
    /// The short names of the twelve months.
    pub months: &'a [&'a str],
    /// What stands before the decimals of numbers.
    pub decimal: char,
    /// The width of the canvas, in pixels of the page.
    pub width: f64,
    /// Its height.
    pub height: f64,
}
