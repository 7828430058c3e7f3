//! The time-series store on DynamoDB: the table `readings`, one row for each series and instant.
//!
//! Readings are inserted in batches of 25 by PartiQL, because a batch of inserts tells for each row whether it was
//! there already, which `BatchWriteItem` (that overwrites) cannot, and costs one write unit a row, which a
//! transaction (two) does not. What was there already is read and settled row by row.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use super::super::AwsError;
use super::super::row::{n, s, series};
use super::super::statements::{MAXIMUM, Statement, StatementBatch, StatementOutcome};
use super::rollups::{RollupTable, cells};
use super::{Outcomes, Placed, QuarantineWriter, Written, failed};
use weir_core::domain::reading::Reading;

pub(super) const TABLE: &str = "readings";
pub(super) const OPERATION: &str = "BatchExecuteStatement readings";
/// So many batches are under way at once for one call: 1,000 readings, 40 batches, are stored in the time of five requests
/// one after the other, and what is under way takes memory and connections for 200 readings, however many there are.
pub(super) const AT_ONCE: usize = 8;
/// So many requests to the table are under way at once in a process, whatever is delivered together: each has a connection
/// of its own, with its buffers and its TLS handshake.
const REQUESTS: usize = 32;
/// So many times rows are tried again that DynamoDB throttled, or that others keep changing.
pub(super) const ATTEMPTS: u32 = 6;
/// When a question has read so many rows it begins nothing new: 16 pages of a megabyte, about a second of work.
const BUDGET: usize = 100_000;

/// The readings' table.
#[derive(Debug, Clone)]
pub struct ReadingTable {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) rollups: RollupTable,
    pub(super) requests: Arc<Semaphore>,
    pub(super) keep_days: i64,
    #[cfg_attr(not(feature = "query"), allow(dead_code, reason = "for questions alone"))]
    pub(super) budget: usize,
}

impl ReadingTable {
    /// The table called `name`, whose rows live for `keep_days`, or for ever when that is 0; what they come to is in the
    /// table called `rollups`.
    pub fn new(client: Client, name: impl Into<String>, rollups: impl Into<String>, keep_days: i64) -> Self {
        let rollups = RollupTable::new(client.clone(), rollups, keep_days);
        let requests = Arc::new(Semaphore::new(REQUESTS));
        Self { client, name: name.into(), rollups, requests, keep_days, budget: BUDGET }
    }

    /// The same, but a question begins nothing new once it has read so many rows. 100,000 unless said otherwise.
    pub fn reading_at_most(self, rows: usize) -> Self {
        Self { budget: rows, ..self }
    }

    /// What the readings come to.
    pub fn rollups(&self) -> &RollupTable {
        &self.rollups
    }

    /// Writes readings of different keys.
    pub(super) async fn write(&self, readings: &[(usize, &Reading)], quarantine: &QuarantineWriter<'_>) -> Outcomes {
        let (expired, readings) = self.sift(readings, quarantine.clock.now());
        let mut outcomes = self.insert_all(&readings, quarantine).await;
        outcomes.extend(self.refuse(expired, quarantine).await);
        outcomes
    }

    async fn insert_all(&self, readings: &[(usize, &Reading)], quarantine: &QuarantineWriter<'_>) -> Outcomes {
        let chunks: Vec<_> = readings.chunks(MAXIMUM).map(|chunk| self.insert(chunk, quarantine)).collect();
        let outcomes = stream::iter(chunks).buffer_unordered(AT_ONCE).concat().await;
        self.forget(readings, outcomes, quarantine).await
    }

    /// Makes invalid what was kept of hours and days that were closed before these readings came, whatever became of
    /// them: a duplicate may be what is left of an attempt that was killed right after it had stored the reading, and
    /// an error may hide that it was stored.
    pub(super) async fn forget(
        &self,
        readings: &[(usize, &Reading)],
        mut outcomes: Outcomes,
        quarantine: &QuarantineWriter<'_>,
    ) -> Outcomes {
        // The time is read after the readings are stored: see `domain::rollup`.
        let now = quarantine.clock.now();
        let late = cells(readings.iter().map(|(_, reading)| (&reading.series, reading.at)), now);
        for ((series, cell), error) in self.rollups.forget_cells(late).await {
            let within = |at| cell.unit.width().floor(at) == cell.start;
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
        let outcomes = self.outcomes(&placed, inserted, quarantine).await;
        let written = self.forget(&placed, outcomes, quarantine).await.pop();
        let nothing = || Err(AwsError::Leftover { operation: OPERATION, left: 1 });
        (written.map_or_else(nothing, |(_, written)| written), answer)
    }

    /// Inserts up to 25 readings of different keys.
    async fn insert(&self, chunk: &[(usize, &Reading)], quarantine: &QuarantineWriter<'_>) -> Outcomes {
        let permit = self.requests.acquire().await;
        let inserted = self.statements().execute(chunk, |(_, reading)| self.statement(reading)).await;
        drop(permit);
        self.outcomes(chunk, inserted, quarantine).await
    }

    /// What became of the readings, once those that were there already are settled.
    async fn outcomes(
        &self,
        readings: &[(usize, &Reading)],
        inserted: Vec<StatementOutcome>,
        quarantine: &QuarantineWriter<'_>,
    ) -> Outcomes {
        let mut outcomes = Outcomes::with_capacity(readings.len());
        let mut known = Placed::new();
        for ((place, reading), outcome) in readings.iter().zip(inserted) {
            match outcome {
                StatementOutcome::Done => outcomes.push((*place, Ok(Written::Stored))),
                StatementOutcome::Duplicate => known.push((*place, *reading)),
                other => outcomes.push((*place, Err(other.into_error(OPERATION)))),
            }
        }
        outcomes.extend(self.settle_all(known, quarantine).await);
        outcomes
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
        if self.keep_days > 0 {
            let expires = reading.at.plus_seconds(self.keep_days.saturating_mul(86_400)).seconds();
            attributes.push(("expires_at", n(expires)));
        }
        attributes
    }
}
