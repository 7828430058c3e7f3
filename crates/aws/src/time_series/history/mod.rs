//! Questions to the time-series store: one port, two stores behind it, with one meaning.
//!
//! Whatever is asked for is answered series after series, in the order of the sensors' codes, each ascending in time.
//! Between two pages nothing is held: a page says where the next one begins.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;

use super::super::AwsError;
use super::super::config::timestream_query;
use super::{ReadingTable, StoreSettings};
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Reading, Series};
use weir_core::domain::sums::Sums;
use weir_core::id::SensorCode;
use weir_runtime::StartError;

mod answer;
mod buckets;
mod points;
mod scan;
mod sql;
mod timestream;

pub use timestream::TimestreamHistory;

/// No reading is of an instant later than this after its reception, in seconds; far more than the 15 minutes allowed.
/// What may still come lies in the cell of the present and the next one.
const AHEAD_SECONDS: i64 = 3_600;

/// The store a stack was deployed with, as far as it answers questions.
pub enum History {
    /// The tables `readings` and `rollups`.
    DynamoDb(ReadingTable),
    /// Timestream for LiveAnalytics.
    Timestream(TimestreamHistory),
}

/// From `from` on and before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant in it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// Where a page begins: at an instant of a sensor. Sensors before it in the order of codes are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The sensor.
    pub sensor: SensorCode,
    /// The first instant that is still to come.
    pub at: Timestamp,
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins, if there is one. A page may be short of items, or empty, and have a next one.
    pub next: Option<Place>,
}

/// What the readings of an interval come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// Of which sensor.
    pub sensor: SensorCode,
    /// When the interval begins. Only what lies in the span counts, also where the interval begins before it.
    pub start: Timestamp,
    /// What they come to.
    pub sums: Sums,
}

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// AWS failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// More readings lie in one interval than one request may read.
    #[error("more than {most} readings of {sensor} lie in one interval")]
    TooDense {
        /// The sensor.
        sensor: SensorCode,
        /// How many readings are read for one interval at least.
        most: usize,
    },
}

/// Counts the rows that a request has read, in all that it does at once.
#[derive(Debug, Default)]
struct Meter(AtomicUsize);

impl Meter {
    fn add(&self, rows: usize) {
        self.0.fetch_add(rows, Ordering::Relaxed);
    }

    fn rows(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one series may read of what a request reads.
#[derive(Debug, Clone, Copy)]
struct Share<'a> {
    /// Of the whole request.
    meter: &'a Meter,
    /// Whether it reads what it needs to get any further whatever the others have read. One series of each page does, so
    /// that pages have an end, and no other, so that they have a bound.
    sure: bool,
}

impl Share<'_> {
    /// Whether nothing more may be read once the request has read so many rows.
    fn spent(&self, budget: usize) -> bool {
        !self.sure && self.meter.rows() >= budget
    }
}

impl History {
    /// The store that the settings name.
    ///
    /// # Errors
    /// When Timestream's endpoint cannot be discovered.
    pub async fn open(sdk: &SdkConfig, dynamodb: &Client, settings: &StoreSettings) -> Result<Self, StartError> {
        Ok(match settings {
            StoreSettings::DynamoDb(settings) => Self::DynamoDb(settings.table(dynamodb)),
            StoreSettings::Timestream { database, table } => {
                Self::Timestream(TimestreamHistory::new(timestream_query(sdk).await?, database, table))
            }
        })
    }

    /// Readings of the series, which are of different sensors and in the order of their codes: `limit` at most.
    ///
    /// # Errors
    /// When the store does not answer, or what it holds cannot be understood.
    pub async fn points(
        &self,
        series: &[Series],
        span: Span,
        place: Option<&Place>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Found<Reading>, AwsError> {
        let parts = parts(series, self.possible(span, now), place);
        match self {
            Self::DynamoDb(table) => table.points(&parts, limit).await,
            Self::Timestream(table) => table.points(&parts, limit).await,
        }
    }

    /// What the readings of the series come to in each interval of width `every` that has any: `limit` at most. DynamoDB
    /// reads about 100,000 rows for it and then answers what it knows; only what it must has to be read again.
    ///
    /// # Errors
    /// As [`History::points`], and when a single interval holds too many readings.
    pub async fn buckets(
        &self,
        series: &[Series],
        span: Span,
        every: Every,
        place: Option<&Place>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Found<Bucket>, Unanswered> {
        let parts = parts(series, self.possible(span, now), place);
        match self {
            Self::DynamoDb(table) => table.buckets(&parts, every, limit, now).await,
            Self::Timestream(table) => Ok(table.buckets(&parts, every, limit).await?),
        }
    }

    /// The latest reading of each series that has one, in the order of the series.
    ///
    /// # Errors
    /// As [`History::points`].
    pub async fn latest(&self, series: &[Series], now: Timestamp) -> Result<Vec<Reading>, AwsError> {
        let span = self.possible(Span { from: Timestamp::EARLIEST, to: now.plus_seconds(AHEAD_SECONDS) }, now);
        match self {
            Self::DynamoDb(table) => table.latest(series, span).await,
            Self::Timestream(table) => table.latest(series, span).await,
        }
    }

    /// The part of the span in which readings can be. What has expired is no longer shown, although DynamoDB removes it
    /// only days later.
    fn possible(&self, span: Span, now: Timestamp) -> Span {
        let alive = match self {
            Self::DynamoDb(table) => table.alive(now),
            Self::Timestream(_) => Timestamp::EARLIEST,
        };
        let from = span.from.max(Timestamp::EARLIEST).max(alive);
        Span { from, to: span.to.min(now.plus_seconds(AHEAD_SECONDS)).max(from) }
    }
}

/// What is still to come of each series: those before the place are done, and of an empty span there is nothing to ask.
fn parts<'a>(series: &'a [Series], span: Span, place: Option<&Place>) -> Vec<(&'a Series, Span)> {
    let left = series.iter().filter(|series| place.is_none_or(|place| series.sensor >= place.sensor));
    let part = |series: &'a Series| match place {
        Some(place) if place.sensor == series.sensor => (series, Span { from: span.from.max(place.at), ..span }),
        _ => (series, span),
    };
    left.map(part).filter(|(_, span)| span.from < span.to).collect()
}
