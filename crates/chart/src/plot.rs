//! The data of a chart.

use jiff::tz::TimeZone;

use crate::span::Span;

/// The quality that Weir stores with each reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Quality {
    /// Calibrated, and within all limits.
    #[default]
    Good,
    /// Outside a limit.
    OutOfRange,
    /// The raw number, because no calibration applied.
    Uncalibrated,
}

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When it was measured, in ms since the epoch.
    pub at: f64,
    /// The value, in the curve's unit.
    pub value: f64,
    /// Its quality.
    pub quality: Quality,
}

/// Aggregates of the readings of one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// The start, in ms since the epoch.
    pub from: f64,
    /// The end, in ms since the epoch.
    pub until: f64,
    /// The mean of the values that count; NaN if none does.
    pub mean: f64,
    /// The least value that counts.
    pub low: f64,
    /// The greatest value that counts.
    pub high: f64,
    /// Number of values that count.
    pub count: u64,
    /// Number of values that were excluded, because they cannot be trusted.
    pub left_out: u64,
}

impl Bucket {
    /// The instant at which it is drawn, in ms since the epoch.
    pub fn middle(self) -> f64 {
        self.from + (self.until - self.from) / 2.0
    }
}

/// The values of a curve, in ascending order of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Single readings.
    Points(Vec<Point>),
    /// Aggregates, drawn as a line of means within a band from the least to the greatest value.
    Buckets(Vec<Bucket>),
}

impl Shown {
    /// Number of values.
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

    /// The last value within a span, as the instant at which it is drawn, in ms since the epoch, and the value; `None` if there is none.
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

    /// The least and the greatest value within a span; `None` if there is no value.
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

/// A series, and how to draw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its values.
    pub shown: Shown,
    /// Index of its colour in the palette.
    pub colour: u8,
    /// Values further apart than this, in ms, are not connected. Intervals are not connected if one between them is missing.
    pub gap: f64,
    /// A label of one or two characters at its end, for charts with several curves; empty for none.
    pub label: String,
}

/// A horizontal line: the limit of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The value, in the unit of the curves.
    pub value: f64,
    /// Its label.
    pub label: String,
}

/// An event, drawn as a vertical line.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, in ms since the epoch.
    pub at: f64,
    /// Its short label.
    pub label: String,
}

/// A chart before layout.
#[derive(Debug, Clone)]
pub struct Plot<'a> {
    /// The span of time that is shown.
    pub span: Span,
    /// The curves, all in one unit.
    pub curves: &'a [Curve],
    /// Limits.
    pub limits: &'a [Limit],
    /// Events.
    pub events: &'a [Event],
    /// Highlighted spans, such as the episodes of an alert.
    pub bands: &'a [Span],
    /// The time zone of the time axis.
    pub zone: &'a TimeZone,
    /// The short names of the twelve months, January first.
    pub months: &'a [&'a str],
    /// The decimal separator.
    pub decimal: char,
    /// The width of the canvas, in CSS pixels.
    pub width: f64,
    /// The height of the canvas, in CSS pixels.
    pub height: f64,
}
