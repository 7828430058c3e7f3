//! The time-series store on DynamoDB: the table `readings`, one row for each series and instant.
//!
//! Readings are inserted in batches of 25 PartiQL statements. Such a batch answers for each row whether it existed already,
//! which `BatchWriteItem` does not (it overwrites), and costs one write unit per row, where a transaction costs two. Rows
//! that exist already are read, and the conflict is resolved row by row.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use super::super::AwsError;
use super::super::row::{n, s, series};
use super::super::statements::{MAXIMUM, Statement, StatementBatch, StatementOutcome};
use super::conflicts::Resolved;
use super::rollups::{RollupTable, cells};
use super::{Outcomes, Placed, QuarantineWriter, RefusedReading, Written, failed};
use weir_core::domain::bounds;
use weir_core::domain::reading::Reading;

pub(super) const TABLE: &str = "readings";
/// The mark of readings that alerts have to judge. The filter of the stream reads it; rows without it do not invoke `alert`.
pub(super) const JUDGE: &str = "judge";
pub(super) const OPERATION: &str = "BatchExecuteStatement readings";
/// Maximum concurrent batches of one call: 1,000 readings (40 batches) take the time of five requests in a row, and memory and
/// connections for 200 readings, however many there are.
pub(super) const AT_ONCE: usize = 8;
/// Maximum concurrent requests to the table in one process: each uses its own connection, with buffers and a TLS handshake.
const REQUESTS: usize = 32;
/// Maximum attempts at a row that DynamoDB throttles or that other writers keep changing.
pub(super) const ATTEMPTS: u32 = 6;
/// The number of rows after which a query starts no further reads: 16 pages of a megabyte, about a second of work.
const BUDGET: usize = 100_000;

/// Why alerts have to judge a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgeMark {
    /// It was stored, or has replaced another one.
    New,
    /// Its value was recalculated.
    Recalculated,
}

impl JudgeMark {
    /// The code in the row.
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Recalculated => "recalculated",
        }
    }
}

/// The table `readings`.
#[derive(Debug, Clone)]
pub struct ReadingTable {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) rollups: RollupTable,
    pub(super) requests: Arc<Semaphore>,
    pub(super) keep_days: i64,
    #[cfg_attr(not(feature = "query"), allow(dead_code, reason = "only queries use it"))]
    pub(super) budget: usize,
}

impl ReadingTable {
    /// The table called `name`, whose rows are kept for `keep_days`, or forever when that is 0; its rollups are in the table
    /// called `rollups`.
    pub fn new(client: Client, name: impl Into<String>, rollups: impl Into<String>, keep_days: i64) -> Self {
        let rollups = RollupTable::new(client.clone(), rollups, keep_days);
        let requests = Arc::new(Semaphore::new(REQUESTS));
        Self { client, name: name.into(), rollups, requests, keep_days, budget: BUDGET }
    }

    /// Sets the number of rows after which a query starts no further reads. The default is 100,000.
    pub fn reading_at_most(self, rows: usize) -> Self {
        Self { budget: rows, ..self }
    }

    /// The rollups of the readings.
    pub fn rollups(&self) -> &RollupTable {
        &self.rollups
    }

    /// Writes readings with different keys. `refused` are further readings of the call that must not be stored: they are
    /// quarantined together with those that are refused here.
    pub(super) async fn write<'a>(
        &self,
        readings: &[(usize, &'a Reading)],
        mut refused: Vec<RefusedReading<'a>>,
        quarantine: &QuarantineWriter<'_>,
    ) -> Outcomes {
        let (expired, readings) = self.sift(readings, quarantine.clock.now());
        refused.extend(expired.into_iter().map(|(place, reading)| self.too_old(place, reading)));
        let inserted = self.insert_all(&readings).await;
        self.settle(&readings, inserted, refused, quarantine).await
    }

    /// Writes those readings that alerts have to judge when another store has the readings and answered with `outcomes`. If a row
    /// cannot be written, its reading has to be delivered again. No rollup depends on these rows.
    pub(super) async fn copy(
        &self,
        readings: &[(usize, &Reading)],
        outcomes: &mut Outcomes,
        quarantine: &QuarantineWriter<'_>,
    ) {
        let kept = |place: &usize| {
            outcomes
                .iter()
                .any(|(at, outcome)| at == place && matches!(outcome, Ok(Written::Stored | Written::Duplicate)))
        };
        let judged: Placed<'_> = readings.iter().copied().filter(|(at, reading)| reading.judge && kept(at)).collect();
        let (_, alive) = self.sift(&judged, quarantine.clock.now());
        let inserted = self.insert_all(&alive).await;
        for (place, copied) in self.resolve(inserted, Vec::new(), quarantine).await.outcomes {
            if matches!(copied, Err(_) | Ok(Written::Quarantined(_))) {
                outcomes.iter_mut().filter(|(at, _)| *at == place).for_each(|(_, outcome)| *outcome = copied.clone());
            }
        }
    }

    /// The outcomes of inserted readings: resolves the conflicts of those whose row exists, and invalidates rollups.
    async fn settle<'a>(
        &self,
        readings: &[(usize, &'a Reading)],
        inserted: Vec<(usize, &'a Reading, StatementOutcome)>,
        refused: Vec<RefusedReading<'a>>,
        quarantine: &QuarantineWriter<'_>,
    ) -> Outcomes {
        let Resolved { outcomes, replaced } = self.resolve(inserted, refused, quarantine).await;
        self.invalidate_rollups(readings, outcomes, replaced, quarantine).await
    }

    /// The outcomes of inserted readings, with the conflicts resolved of those whose row exists.
    async fn resolve<'a>(
        &self,
        inserted: Vec<(usize, &'a Reading, StatementOutcome)>,
        refused: Vec<RefusedReading<'a>>,
        quarantine: &QuarantineWriter<'_>,
    ) -> Resolved {
        let mut outcomes = Outcomes::with_capacity(inserted.len());
        let mut known = Placed::new();
        for (place, reading, outcome) in inserted {
            match outcome {
                StatementOutcome::Done => outcomes.push((place, Ok(Written::Stored))),
                StatementOutcome::Duplicate => known.push((place, reading)),
                other => outcomes.push((place, Err(other.into_error(OPERATION)))),
            }
        }
        let resolved = self.resolve_conflicts(known, refused, quarantine).await;
        outcomes.extend(resolved.outcomes);
        Resolved { outcomes, replaced: resolved.replaced }
    }

    /// Invalidates the rollups of closed hours and days that contain these readings, whatever their outcome: a duplicate may
    /// be left from an attempt that was killed right after it stored the reading, and after an error it may be stored.
    pub(super) async fn invalidate_rollups(
        &self,
        readings: &[(usize, &Reading)],
        mut outcomes: Outcomes,
        replaced: usize,
        quarantine: &QuarantineWriter<'_>,
    ) -> Outcomes {
        // The clock is read after the readings are stored: see `domain::rollup`.
        let now = quarantine.clock.now();
        let late = cells(readings.iter().map(|(_, reading)| (&reading.series, reading.at)), now);
        // Each reading may cause two write units, and a replaced one has: see `domain::bounds`.
        let most = bounds::MOST_CELLS + readings.len().saturating_sub(replaced);
        for ((series, cell), error) in self.rollups.invalidate_cells(late, most).await {
            let within = |at| cell.is_none_or(|cell| cell.unit.width().floor(at) == cell.start);
            let hit: Placed<'_> = readings
                .iter()
                .copied()
                .filter(|(_, reading)| reading.series == *series && within(reading.at))
                .collect();
            outcomes.retain(|(place, outcome)| outcome.is_err() || !hit.iter().any(|(hit, _)| hit == place));
            let known: Vec<usize> = outcomes.iter().map(|(place, _)| *place).collect();
            outcomes.extend(failed(&hit, &error).into_iter().filter(|(place, _)| !known.contains(place)));
        }
        outcomes
    }

    /// Writes one reading, and executes the statement of another table in the same request, once.
    pub(in super::super) async fn write_with(
        &self,
        reading: &Reading,
        companion: Statement,
        quarantine: &QuarantineWriter<'_>,
    ) -> (Result<Written, AwsError>, StatementOutcome) {
        let placed = [(0, reading)];
        let permit = self.requests.acquire().await;
        let batch = self.statements();
        let (inserted, answer) = batch.execute_with(&placed, |(_, reading)| self.statement(reading), companion).await;
        drop(permit);
        let inserted = inserted.into_iter().map(|outcome| (0, reading, outcome)).collect();
        let written = self.settle(&placed, inserted, Vec::new(), quarantine).await.pop();
        let nothing = || Err(AwsError::Leftover { operation: OPERATION, left: 1 });
        (written.map_or_else(nothing, |(_, written)| written), answer)
    }

    /// Inserts readings with different keys.
    async fn insert_all<'a>(&self, readings: &[(usize, &'a Reading)]) -> Vec<(usize, &'a Reading, StatementOutcome)> {
        let chunks: Vec<_> = readings.chunks(MAXIMUM).map(|chunk| self.insert(chunk)).collect();
        stream::iter(chunks).buffer_unordered(AT_ONCE).concat().await
    }

    /// Inserts up to 25 readings with different keys.
    async fn insert<'a>(&self, chunk: &[(usize, &'a Reading)]) -> Vec<(usize, &'a Reading, StatementOutcome)> {
        let _permit = self.requests.acquire().await;
        let inserted = self.statements().execute(chunk, |(_, reading)| self.statement(reading)).await;
        chunk.iter().zip(inserted).map(|((place, reading), outcome)| (*place, *reading, outcome)).collect()
    }

    pub(super) fn statements(&self) -> StatementBatch<'_> {
        StatementBatch { client: &self.client, operation: OPERATION, attempts: ATTEMPTS }
    }

    fn statement(&self, reading: &Reading) -> Statement {
        let attributes = self.attributes(reading);
        let mut text = format!("INSERT INTO \"{}\" VALUE {{", self.name);
        for (place, (name, _)) in attributes.iter().enumerate() {
            text.push_str(if place == 0 { "'" } else { ",'" });
            text.push_str(name);
            text.push_str("':?");
        }
        text.push('}');
        Statement { text, parameters: attributes.into_iter().map(|(_, value)| value).collect() }
    }

    pub(super) fn attributes(&self, reading: &Reading) -> Vec<(&'static str, AttributeValue)> {
        let mut attributes = vec![
            ("sensor", s(series(&reading.series))),
            ("at", n(reading.at.millis())),
            ("received_at", n(reading.received_at.millis())),
            ("raw", n(reading.raw)),
            ("value", n(reading.value)),
            ("unit", s(&reading.unit)),
            ("calibration", n(reading.calibration)),
            ("quality", s(reading.quality.code())),
        ];
        if reading.judge {
            attributes.push((JUDGE, s(JudgeMark::New.code())));
        }
        if self.keep_days > 0 {
            let expires = reading.at.plus_seconds(self.keep_days.saturating_mul(86_400)).seconds();
            attributes.push(("expires_at", n(expires)));
        }
        attributes
    }
}
