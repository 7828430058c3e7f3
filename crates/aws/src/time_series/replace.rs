//! Replacing stored readings: the same raw number with a newer calibration.

use std::slice;

use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::row::{n, s, series};
use super::super::statements::{MAXIMUM, Statement, StatementOutcome};
use super::dynamodb::{JUDGE, JudgeMark, OPERATION};
use super::{ReadingTable, TimeSeries};
use weir_core::domain::reading::Reading;
use weir_runtime::clock::Clock;

/// Maximum concurrent requests of one call.
const AT_ONCE: usize = 8;

/// A stored reading and its replacement.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement {
    /// The reading as it was read.
    pub stored: Reading,
    /// The same series, instant, reception and raw number, with a newer calibration.
    pub new: Reading,
}

/// The result of replacing readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplaceOutcome {
    /// The number of readings that had changed since they were read: they have to be read again.
    pub overtaken: usize,
    /// The number of readings that the store rejects permanently.
    pub refused: usize,
}

impl TimeSeries {
    /// Replaces readings that have not changed since they were read, and invalidates the rollups of all readings that were
    /// `seen`: also of those without a replacement, since an earlier call that was killed may have replaced them, and also
    /// after an error, since some may be replaced although others were rejected.
    ///
    /// # Errors
    /// When the store does not answer; then the call has to be repeated, which is idempotent.
    pub async fn replace(
        &self,
        seen: &[Reading],
        replacements: &[Replacement],
        clock: &dyn Clock,
    ) -> Result<ReplaceOutcome, AwsError> {
        match self {
            TimeSeries::DynamoDb(table) => {
                let replaced = table.replace(replacements).await;
                // The clock is read after the readings are stored: see `domain::rollup`.
                let now = clock.now();
                let invalidated =
                    table.rollups().invalidate(seen.iter().map(|reading| (&reading.series, reading.at)), now);
                invalidated.await?;
                Ok(ReplaceOutcome { overtaken: replaced?, refused: 0 })
            }
            TimeSeries::Timestream(table) => {
                // Of one reception the record version lets the newer calibration win; a reading that was received earlier stays.
                let readings: Vec<&Reading> = replacements.iter().map(|replacement| &replacement.new).collect();
                Ok(ReplaceOutcome { overtaken: 0, refused: table.replace(&readings).await? })
            }
        }
    }
}

impl ReadingTable {
    /// The number of readings that had changed since they were read. When one request fails, it waits for the others: none
    /// may arrive after the rollups are invalidated.
    async fn replace(&self, replacements: &[Replacement]) -> Result<usize, AwsError> {
        let chunks: Vec<_> = replacements.chunks(MAXIMUM).map(|chunk| self.replace_chunk(chunk)).collect();
        let all: Vec<Result<usize, AwsError>> = stream::iter(chunks).buffer_unordered(AT_ONCE).collect().await;
        all.into_iter().sum()
    }

    async fn replace_chunk(&self, chunk: &[Replacement]) -> Result<usize, AwsError> {
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

    fn update(&self, Replacement { stored, new }: &Replacement) -> Statement {
        let mut set = vec![
            ("value", n(new.value)),
            ("unit", s(&new.unit)),
            ("calibration", n(new.calibration)),
            ("quality", s(new.quality.code())),
        ];
        if stored.judge || new.judge {
            set.push((JUDGE, s(JudgeMark::Recalculated.code())));
        }
        let condition = [
            ("sensor", s(series(&stored.series))),
            ("at", n(stored.at.millis())),
            ("calibration", n(stored.calibration)),
            ("received_at", n(stored.received_at.millis())),
            ("raw", n(stored.raw)),
        ];
        let list = |parts: slice::Iter<'_, (&str, _)>, by: &str| {
            parts.map(|(name, _)| format!("\"{name}\" = ?")).collect::<Vec<_>>().join(by)
        };
        let text = format!(
            "UPDATE \"{}\" SET {} WHERE {}",
            self.name,
            list(set.iter(), " SET "),
            list(condition.iter(), " AND ")
        );
        Statement { text, parameters: set.into_iter().chain(condition).map(|(_, value)| value).collect() }
    }
}
