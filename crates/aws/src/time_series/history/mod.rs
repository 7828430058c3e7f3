//! Queries of the time-series store: one interface with the same results for both stores.
//!
//! Results come series by series, in the order of the sensor codes, each in ascending order of time. No state is kept
//! between two pages: a page says where the next one begins.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;

use super::super::AwsError;
use super::super::config::timestream_query;
use super::{ReadingTable, StoreSettings};
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::Aggregates;
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Reading, Series};
use weir_core::id::SensorCode;
use weir_runtime::StartError;

mod answer;
mod buckets;
mod points;
mod scan;
mod sql;
mod timestream;

pub use timestream::TimestreamHistory;

/// Readings lie at most this far in the future, in seconds: more than the 15 minutes that are accepted. So readings that are
/// still to come belong to the current cell or the next one.
const AHEAD_SECONDS: i64 = 3_600;

/// The store that the stack was deployed with, for queries.
pub enum History {
    /// The tables `readings` and `rollups`.
    DynamoDb(ReadingTable),
    /// Timestream for LiveAnalytics.
    Timestream(TimestreamHistory),
}

/// A time span, from `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after the span.
    pub to: Timestamp,
}

/// Where a page begins. Sensors before this one in the order of codes are on earlier pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesPosition {
    /// The sensor.
    pub sensor: SensorCode,
    /// The first instant on the page.
    pub at: Timestamp,
}

/// A page of results.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage<T> {
    /// The results.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one. A page that is not full, or is empty, can have a next page.
    pub next: Option<SeriesPosition>,
}

/// The aggregates of one interval of a sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The sensor.
    pub sensor: SensorCode,
    /// The start of the interval. Only readings in the span count, even if the interval begins before it.
    pub start: Timestamp,
    /// The aggregates of its readings.
    pub aggregates: Aggregates,
}

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The store failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// One interval has more readings than one request may read.
    #[error("more than {most} readings of {sensor} lie in one interval")]
    TooDense {
        /// The sensor.
        sensor: SensorCode,
        /// The maximum number of readings per interval.
        most: usize,
    },
}

/// Counts the rows that a request has read in all its concurrent reads.
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

/// How much of the budget of a request one series may use.
#[derive(Debug, Clone, Copy)]
struct Share<'a> {
    /// The rows read by the whole request.
    meter: &'a Meter,
    /// Whether the series may read enough to make progress, whatever the others have read. This is one series of each page,
    /// so that paging ends, and no other, so that the reads of a page are bounded.
    sure: bool,
}

impl Share<'_> {
    /// Whether nothing more may be read once the request has read `budget` rows.
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
            StoreSettings::Timestream { database, table, .. } => {
                Self::Timestream(TimestreamHistory::new(timestream_query(sdk).await?, database, table))
            }
        })
    }

    /// Readings of the series, at most `limit`. The series have different sensors, in the order of their codes.
    ///
    /// # Errors
    /// When the store does not answer, or a stored reading is corrupt.
    pub async fn points(
        &self,
        series: &[Series],
        span: Span,
        position: Option<&SeriesPosition>,
        limit: usize,
        now: Timestamp,
    ) -> Result<HistoryPage<Reading>, AwsError> {
        let parts = parts(series, self.possible(span, now), position);
        match self {
            Self::DynamoDb(table) => table.points(&parts, limit).await,
            Self::Timestream(table) => table.points(&parts, limit).await,
        }
    }

    /// Aggregates of the series in each interval of width `every` that has readings, at most `limit`. On DynamoDB a request
    /// reads about 100,000 rows and then ends the page; the next one reads as few of them again as possible.
    ///
    /// # Errors
    /// As [`History::points`], and when one interval has too many readings.
    pub async fn buckets(
        &self,
        series: &[Series],
        span: Span,
        every: Every,
        position: Option<&SeriesPosition>,
        limit: usize,
        now: Timestamp,
    ) -> Result<HistoryPage<Bucket>, HistoryError> {
        let parts = parts(series, self.possible(span, now), position);
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
        match self {
            Self::DynamoDb(table) => table.latest(series, now).await,
            Self::Timestream(table) => table.latest(series, everything(now)).await,
        }
    }

    /// The part of the span in which there can be readings. Expired readings are not returned, although DynamoDB removes them
    /// only days later.
    fn possible(&self, span: Span, now: Timestamp) -> Span {
        let alive = match self {
            Self::DynamoDb(table) => table.alive(now),
            Self::Timestream(_) => Timestamp::EARLIEST,
        };
        possible(span, alive, now)
    }
}

/// All instants at which there can be readings.
fn everything(now: Timestamp) -> Span {
    Span { from: Timestamp::EARLIEST, to: now.plus_seconds(AHEAD_SECONDS) }
}

/// The part of the span in which there can be readings, if those before `alive` have expired.
fn possible(span: Span, alive: Timestamp, now: Timestamp) -> Span {
    let from = span.from.max(Timestamp::EARLIEST).max(alive);
    Span { from, to: span.to.min(now.plus_seconds(AHEAD_SECONDS)).max(from) }
}

/// The remaining span of each series: series before `position` are done, and empty spans are left out.
fn parts<'a>(series: &'a [Series], span: Span, position: Option<&SeriesPosition>) -> Vec<(&'a Series, Span)> {
    let left = series.iter().filter(|series| position.is_none_or(|position| series.sensor >= position.sensor));
    let part = |series: &'a Series| match position {
        Some(position) if position.sensor == series.sensor => {
            (series, Span { from: span.from.max(position.at), ..span })
        }
        _ => (series, span),
    };
    left.map(part).filter(|(_, span)| span.from < span.to).collect()
}
