//! Stored readings are replaced by better ones: the same raw number with a newer calibration.

use std::slice;

use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::row::{n, s, series};
use super::super::statements::{MAXIMUM, Statement, StatementOutcome};
use super::readings::OPERATION;
use super::{ReadingTable, TimeSeries};
use weir_core::domain::reading::Reading;
use weir_runtime::clock::Clock;

/// So many requests are under way at once for one call.
const AT_ONCE: usize = 8;

/// A stored reading and what takes its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Better {
    /// As it was read.
    pub stored: Reading,
    /// The same series, instant, reception and raw number, with a newer calibration.
    pub better: Reading,
}

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replaced {
    /// So many were no longer as they had been read: they have to be read again.
    pub overtaken: usize,
    /// So many the store refuses for good.
    pub refused: usize,
}

impl TimeSeries {
    /// Replaces readings that are still as they were read, and makes invalid what was kept of the hours and days of all
    /// that were `seen`: also of those that need no replacing, since a call that was killed may have replaced them, and
    /// whatever came of the replacing, since some of them may be replaced when others are refused.
    ///
    /// # Errors
    /// When the store does not answer; then the call has to be made again, and nothing is done twice.
    pub async fn replace(&self, seen: &[Reading], better: &[Better], clock: &dyn Clock) -> Result<Replaced, AwsError> {
        match self {
            TimeSeries::DynamoDb(table) => {
                let replaced = table.replace(better).await;
                // The time is read after the readings are stored: see `domain::rollup`.
                let now = clock.now();
                let forgotten = table.rollups().forget(seen.iter().map(|reading| (&reading.series, reading.at)), now);
                forgotten.await?;
                Ok(Replaced { overtaken: replaced?, refused: 0 })
            }
            TimeSeries::Timestream(table) => {
                // The record's version lets the newer calibration win, whatever has been stored since.
                let readings: Vec<&Reading> = better.iter().map(|one| &one.better).collect();
                Ok(Replaced { overtaken: 0, refused: table.replace(&readings).await? })
            }
        }
    }
}

impl ReadingTable {
    /// How many were no longer as they had been read. When one request fails the others are waited for: what is still
    /// on its way must not arrive after the sums are forgotten.
    async fn replace(&self, better: &[Better]) -> Result<usize, AwsError> {
        let chunks: Vec<_> = better.chunks(MAXIMUM).map(|chunk| self.replace_chunk(chunk)).collect();
        let all: Vec<Result<usize, AwsError>> = stream::iter(chunks).buffer_unordered(AT_ONCE).collect().await;
        all.into_iter().sum()
    }

    async fn replace_chunk(&self, chunk: &[Better]) -> Result<usize, AwsError> {
        let mut overtaken = 0;
        for outcome in self.statements().execute(chunk, |one| self.update(one)).await {
            match outcome {
                StatementOutcome::Done => {}
                StatementOutcome::ConditionFailed => overtaken += 1,
                other => return Err(other.into_error(OPERATION)),
            }
        }
        Ok(overtaken)
    }

    fn update(&self, Better { stored, better }: &Better) -> Statement {
        let set = [
            ("value", n(better.value)),
            ("unit", s(&better.unit)),
            ("calibration", n(better.calibration)),
            ("quality", s(better.quality.code())),
        ];
        let condition = [
            ("sensor", s(series(&stored.series))),
            ("at", n(stored.at.millis())),
            ("calibration", n(stored.calibration)),
            ("received_at", n(stored.received_at.millis())),
            ("raw", n(stored.raw)),
        ];
        let named = |parts: slice::Iter<'_, (&str, _)>, by: &str| {
            parts.map(|(name, _)| format!("\"{name}\" = ?")).collect::<Vec<_>>().join(by)
        };
        let text = format!(
            "UPDATE \"{}\" SET {} WHERE {}",
            self.name,
            named(set.iter(), " SET "),
            named(condition.iter(), " AND ")
        );
        Statement { text, parameters: set.into_iter().chain(condition).map(|(_, value)| value).collect() }
    }
}
