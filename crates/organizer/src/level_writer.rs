//! Writes a report to the row of its flow sensor, which has the latest value and the recent measurements.
//!
//! A row that this process wrote last need not be read before the next report of its sensor ([`LastWritten`]). Where
//! DynamoDB stores the readings as well, such a report is one request for level and reading ([`combined_write`]).
//!
//! [`combined_write`]: LevelWriter::combined_write

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use weir_aws::level::{Append, AppendOutcome, LevelState, LevelTable, LevelWrite};
use weir_aws::time_series::{QuarantineWriter, ReadingTable, Written};
use weir_aws::{Attempts, AwsError};
use weir_core::domain::Timestamp;
use weir_core::domain::level::{Measurement, Measurements, Reported, needs_detector};
use weir_core::domain::reading::Reading;
use weir_core::id::LevelId;

use super::settings::LevelSettings;

/// Attempts to write a row while other reports of its sensor arrive.
const ATTEMPTS: u32 = 20;

/// Writes the rows of the table `levels`.
pub(super) struct LevelWriter {
    table: LevelTable,
    settings: LevelSettings,
    last_written: Mutex<LastWritten>,
    /// Set once DynamoDB has refused the form of the combined write.
    combined_write_unsupported: AtomicBool,
}

/// What a report changes in a row.
struct RowChange {
    outcome: Reported,
    /// The row afterwards.
    state: LevelState,
    /// Whether the detector has to judge the sensor.
    judge: bool,
    write: RowWrite,
}

/// The cheapest way to write a change.
enum RowWrite {
    /// There is no row yet.
    Insert,
    /// The report follows the newest measurement, in a list that is not longer than it should be.
    Append(Append),
    /// Anything else, over the row with this revision.
    Replace(Option<u64>),
}

impl LevelWriter {
    pub(super) fn new(table: LevelTable, settings: LevelSettings) -> Self {
        Self { table, settings, last_written: Mutex::default(), combined_write_unsupported: AtomicBool::new(false) }
    }

    /// Writes a report: it takes at most one read unit and, unless nothing changes, one write unit, however many measurements there
    /// are. Two concurrent reports are both kept: a write is conditional on the row being unchanged, and if it has changed, DynamoDB
    /// answers with the current row.
    ///
    /// # Errors
    /// When DynamoDB does not answer, the row is corrupt, or others change it on every attempt.
    pub(super) async fn write(&self, id: &LevelId, new: Measurement, now: Timestamp) -> Result<Reported, AwsError> {
        let remembered = self.remembered(id, new);
        let mut from_memory = remembered.is_some();
        let mut state = match remembered {
            Some(state) => Some(state),
            None => {
                let read = self.table.get(id).await?;
                self.last_written().compare(id, read.as_ref());
                read
            }
        };
        let mut attempts = Attempts::new("levels", id, ATTEMPTS);
        loop {
            attempts.next().await?;
            let RowChange { outcome, state: next, judge, write } = self.change(state, new, now);
            if !outcome.changed() {
                return Ok(outcome);
            }
            let written = match write {
                RowWrite::Insert => self.table.insert(id, &next, judge).await?,
                RowWrite::Append(append) => self.table.append(id, &append).await?,
                RowWrite::Replace(revision) => self.table.replace(id, &next, judge, revision).await?,
            };
            match written {
                LevelWrite::Done => {
                    self.last_written().remember(id, next);
                    return Ok(outcome);
                }
                LevelWrite::Overtaken(now) => state = now,
            }
            if std::mem::take(&mut from_memory) {
                self.last_written().mistake();
            }
        }
    }

    /// Writes a report as [`LevelWriter::write`] does, and stores its reading in `store`, with one request. `None`, with nothing
    /// done, when this is not possible with one request. The two results are those of the reading and of the level.
    pub(super) async fn combined_write(
        &self,
        id: &LevelId,
        new: Measurement,
        store: &ReadingTable,
        reading: &Reading,
        quarantine: &QuarantineWriter<'_>,
        now: Timestamp,
    ) -> Option<(Result<Written, AwsError>, Result<Reported, AwsError>)> {
        if self.combined_write_unsupported.load(Ordering::Relaxed) {
            return None;
        }
        let change = self.change(Some(self.remembered(id, new)?), new, now);
        let RowWrite::Append(append) = &change.write else { return None };
        // A row that this process wrote last has no such mark; the statement does not remove one.
        if append.judge_next {
            return None;
        }
        let (written, outcome) = self.table.append_with_reading(id, append, store, reading, quarantine).await?;
        match outcome {
            Ok(AppendOutcome::Done) => {
                self.last_written().remember(id, change.state);
                return Some((written, Ok(change.outcome)));
            }
            Ok(AppendOutcome::Overtaken) => self.last_written().mistake(),
            Ok(AppendOutcome::Unsupported(detail)) => {
                self.combined_write_unsupported.store(true, Ordering::Relaxed);
                tracing::warn!(detail, "a level and its reading cannot be written with one request");
            }
            Ok(AppendOutcome::Busy) => {}
            // It is not known whether the row was written, so the message has to be delivered again.
            Err(error) => return Some((written, Err(error))),
        }
        Some((written, self.write(id, new, now).await))
    }

    fn change(&self, state: Option<LevelState>, new: Measurement, now: Timestamp) -> RowChange {
        let LevelSettings { measurements: keep, silent_after_seconds, judge_all, .. } = self.settings;
        let Some(LevelState { mut measurements, revision, watch, judge_next }) = state else {
            let mut measurements = Measurements::default();
            let outcome = measurements.report(new, keep);
            // A deleted row may be registered again, and a revision must not mean two different rows. So it begins with the
            // time in ms, which is more than the deleted row can have reached by counting its reports.
            let revision = Some(u64::try_from(now.millis()).unwrap_or(1));
            let state = LevelState { measurements, revision, watch: None, judge_next: false };
            return RowChange { outcome, state, judge: true, write: RowWrite::Insert };
        };
        let (before, length) = (measurements.last().copied(), measurements.as_slice().len());
        let outcome = measurements.report(new, keep);
        // A sensor that is not watched is new to the detector, or known to be silent.
        let judge =
            judge_all || judge_next || watch.is_none() || needs_detector(outcome, before, new, silent_after_seconds);
        let follows = before.is_some_and(|before| before.at.seconds() < new.at.seconds());
        let write = match revision {
            Some(revision) if follows && length <= keep => {
                RowWrite::Append(Append { new, length, drop_oldest: length == keep, judge_next, judge, revision })
            }
            revision => RowWrite::Replace(revision),
        };
        let state = LevelState { measurements, revision: Some(revision.unwrap_or(0) + 1), watch, judge_next: false };
        RowChange { outcome, state, judge, write }
    }

    /// The row as this process wrote it last, if that can be relied on.
    fn remembered(&self, id: &LevelId, new: Measurement) -> Option<LevelState> {
        // After a silence the sweep may have changed the row.
        let limit = self.settings.silent_after_seconds.saturating_mul(1000);
        let heard = |last: &Measurement| new.at.millis_since(last.at) <= limit;
        self.last_written().reliable(id).filter(|state| state.measurements.last().is_some_and(heard))
    }

    fn last_written(&self) -> MutexGuard<'_, LastWritten> {
        self.last_written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many times in a row the remembered rows must have been right before they are used.
const RIGHT_BEFORE_USE: u32 = 32;
/// Maximum remembered sensors; beyond that all are forgotten, which bounds memory to a few megabytes.
const MOST_SENSORS: usize = 5_000;

/// The rows as this process wrote them last.
///
/// A remembered row is right only while no other process writes the same sensors, and a wrong one costs a write unit, five
/// times the read that it saves. So remembered rows are used only after they would have been right [`RIGHT_BEFORE_USE`] times in
/// a row, and one mistake resets that count. With one execution environment almost all reads are saved. With several, remembered rows
/// are hardly ever used, and cost at most one write unit in [`RIGHT_BEFORE_USE`] + 1 reports.
#[derive(Debug, Default)]
struct LastWritten {
    rows: HashMap<LevelId, LevelState>,
    right: u32,
}

impl LastWritten {
    /// The remembered row, if remembered rows are used. A row without `watch` is not returned, because the detector will set that soon,
    /// independently of reports.
    fn reliable(&self, id: &LevelId) -> Option<LevelState> {
        let row = || self.rows.get(id).filter(|row| row.watch.is_some()).cloned();
        if self.right < RIGHT_BEFORE_USE { None } else { row() }
    }

    /// Compares the remembered row with one that was read.
    fn compare(&mut self, id: &LevelId, read: Option<&LevelState>) {
        if let Some(remembered) = self.rows.get(id) {
            let right = read.is_some_and(|read| read.revision == remembered.revision);
            self.right = if right { self.right.saturating_add(1) } else { 0 };
        }
    }

    /// Records that a write that used a remembered row found another one.
    fn mistake(&mut self) {
        self.right = 0;
    }

    /// Remembers a row that was written.
    fn remember(&mut self, id: &LevelId, state: LevelState) {
        if self.rows.len() >= MOST_SENSORS && !self.rows.contains_key(id) {
            self.rows.clear();
        }
        self.rows.insert(id.clone(), state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(revision: u64) -> LevelState {
        LevelState {
            measurements: Measurements::default(),
            revision: Some(revision),
            watch: Some(1),
            judge_next: false,
        }
    }

    #[test]
    fn memory_is_used_only_after_it_has_been_right_for_long_enough() {
        let (mut memory, id) = (LastWritten::default(), "01".parse().unwrap());
        memory.remember(&id, state(1));
        for _ in 0..RIGHT_BEFORE_USE {
            assert_eq!(memory.reliable(&id), None);
            memory.compare(&id, Some(&state(1)));
        }
        assert_eq!(memory.reliable(&id), Some(state(1)));
        memory.mistake();
        assert_eq!(memory.reliable(&id), None);
    }

    #[test]
    fn one_difference_resets_the_count_and_an_unknown_sensor_does_not() {
        let (mut memory, id, other) = (LastWritten::default(), "01".parse().unwrap(), "02".parse().unwrap());
        memory.remember(&id, state(1));
        for _ in 0..RIGHT_BEFORE_USE {
            memory.compare(&id, Some(&state(1)));
        }
        memory.compare(&other, Some(&state(9)));
        assert!(memory.reliable(&id).is_some());
        memory.compare(&id, Some(&state(2)));
        assert_eq!(memory.reliable(&id), None);
    }

    #[test]
    fn a_sensor_that_was_not_watched_is_read() {
        let (mut memory, id) = (LastWritten::default(), "01".parse().unwrap());
        memory.remember(&id, LevelState { watch: None, ..state(1) });
        for _ in 0..RIGHT_BEFORE_USE {
            memory.compare(&id, Some(&state(1)));
        }
        assert_eq!(memory.reliable(&id), None);
    }

    #[test]
    fn memory_never_outgrows_its_bound() {
        let mut memory = LastWritten::default();
        for number in 0..2 * MOST_SENSORS {
            memory.remember(&format!("0{number}").parse().unwrap(), state(1));
        }
        assert!(memory.rows.len() <= MOST_SENSORS);
    }
}
