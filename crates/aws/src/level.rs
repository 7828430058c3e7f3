//! The table `levels`: the latest value and recent measurements of each flow sensor.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;

use super::AwsError;
use super::row::{Item, LevelRow, MeasurementRow, s};
use weir_core::domain::Timestamp;
use weir_core::domain::level::{Level, Measurement, Measurements, Reported, turns};
use weir_core::id::LevelId;

mod list;
mod recent;
mod together;
mod watch;
mod write;

use recent::Recent;
use write::{Append, Write};

pub use list::Listing;
pub use watch::Due;

const TABLE: &str = "levels";
/// So many times a report is tried against others who write the same row. Each failed try means that another report
/// went in.
const ATTEMPTS: usize = 20;

/// How reports are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// The newest so many measurements stay; at least 1.
    pub measurements: usize,
    /// A sensor that says nothing for so many seconds is silent; its next report is looked at again.
    pub silent_after_seconds: i64,
    /// Whether the detector has to see every new report, not only a turn (it counts consecutive ones).
    pub judge_all: bool,
}

/// What is stored of a flow sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelState {
    /// Its newest measurements.
    pub measurements: Measurements,
    /// Counts the reports in the row; `None` for a row written by something older than this field.
    pub revision: Option<u64>,
    /// When to look whether the sensor is silent, in epoch seconds; `None` before the detector has seen the sensor, and
    /// while it is known to be silent.
    pub watch: Option<i64>,
    /// Whether the next report is looked at whatever it says.
    pub again: bool,
}

/// The levels' table.
#[derive(Debug, Clone)]
pub struct LevelTable {
    client: Client,
    name: String,
    recent: Arc<Mutex<Recent>>,
    /// Set once DynamoDB has refused what `together` asks for.
    apart: Arc<AtomicBool>,
}

impl LevelTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), recent: Arc::default(), apart: Arc::default() }
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes in a report: one read unit at most and, unless it changes nothing, one write unit, however long the
    /// sensor's past. Two reports at once both count: the write is conditional on the row being as it was known, and
    /// the answer to a failed condition brings the row as it is now.
    ///
    /// # Errors
    /// When DynamoDB does not answer, the row cannot be understood, or others change it on every attempt.
    pub async fn report(&self, id: &LevelId, new: Measurement, keeping: &Keeping) -> Result<Reported, AwsError> {
        let remembered = self.remembered(id, new, keeping);
        let mut relied = remembered.is_some();
        let mut state = match remembered {
            Some(state) => Some(state),
            None => {
                let read = self.read(id).await?;
                self.recent().compare(id, read.as_ref());
                read
            }
        };
        for _ in 0..ATTEMPTS {
            let known = state.as_ref().map(|state| state.revision);
            let Change { outcome, state: next, judge, append } = Change::of(state, new, keeping);
            if !outcome.changed() {
                return Ok(outcome);
            }
            let written = match append {
                Some(append) => self.append(id, &append).await?,
                None => self.put(id, row_of(id, &next, judge), known).await?,
            };
            match written {
                Write::Done => {
                    self.recent().wrote(id, next);
                    return Ok(outcome);
                }
                Write::Overtaken(now) => state = now,
            }
            if std::mem::take(&mut relied) {
                self.recent().wrong();
            }
        }
        Err(AwsError::Contended { table: TABLE, key: id.to_string() })
    }

    /// The row as this process wrote it last, where that can be relied on.
    fn remembered(&self, id: &LevelId, new: Measurement, keeping: &Keeping) -> Option<LevelState> {
        // After a silence the row may have been written by the sweep, and memory be wrong.
        let heard =
            |last: &Measurement| new.at.millis_since(last.at) <= keeping.silent_after_seconds.saturating_mul(1000);
        self.recent().trusted(id).filter(|state| state.measurements.last().is_some_and(heard))
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str())).consistent_read(true);
        let answer = request.send().await.map_err(|error| AwsError::call("GetItem levels", error))?;
        answer.item.map(|item| state_of(id, item)).transpose()
    }
}

/// What a report makes of a row.
struct Change {
    outcome: Reported,
    /// The row then.
    state: LevelState,
    /// The row's `judge`.
    judge: bool,
    /// How to write it where the report simply follows the newest one in a list that is not longer than allowed.
    append: Option<Append>,
}

impl Change {
    fn of(state: Option<LevelState>, new: Measurement, keeping: &Keeping) -> Self {
        let revision = state.as_ref().and_then(|state| state.revision);
        let watch = state.as_ref().and_then(|state| state.watch);
        let again = state.as_ref().is_some_and(|state| state.again);
        let mut measurements = state.map(|state| state.measurements).unwrap_or_default();
        let (before, length) = (measurements.last().copied(), measurements.as_slice().len());
        let outcome = measurements.report(new, keeping.measurements);
        // A sensor that is not watched is new to the detector, or known to be silent: it has to look.
        let judge =
            keeping.judge_all || again || watch.is_none() || turns(outcome, before, new, keeping.silent_after_seconds);
        let follows = before.is_some_and(|before| before.at.seconds() < new.at.seconds());
        let append = revision.filter(|_| follows && length <= keeping.measurements).map(|revision| {
            let full = length == keeping.measurements;
            Append { new, length, full, again, judge, revision }
        });
        let state = LevelState { measurements, revision: Some(revision.unwrap_or(0) + 1), watch, again: false };
        Self { outcome, state, judge, append }
    }
}

/// The state in a row of the table.
pub(super) fn state_of(id: &LevelId, item: Item) -> Result<LevelState, AwsError> {
    let row: LevelRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, id, error))?;
    let measurement = |row: &MeasurementRow| {
        let level = level_of(&row.filling).ok_or_else(|| {
            AwsError::corrupt(TABLE, id, format!("measurements: filling {:?} is not a level", row.filling))
        })?;
        Ok(Measurement { at: Timestamp::from_millis(row.dt.saturating_mul(1000).saturating_add(row.ms)), level })
    };
    let measurements = row.measurements.iter().map(measurement).collect::<Result<Vec<_>, AwsError>>()?;
    Ok(LevelState {
        measurements: Measurements::of(measurements),
        revision: row.revision,
        watch: row.watch,
        again: row.again,
    })
}

/// The level a text stands for in a row.
pub(super) fn level_of(text: &str) -> Option<Level> {
    Level::new(text.parse().ok()?).ok()
}

fn row_of(id: &LevelId, state: &LevelState, judge: bool) -> LevelRow {
    let measurements = &state.measurements;
    let last = measurements.last();
    LevelRow {
        id: id.to_string(),
        last_value: last.map(|last| last.level.to_string()).unwrap_or_default(),
        last_update: last.map_or(0, |last| last.at.seconds()),
        measurements: measurements.as_slice().iter().map(measurement_row).collect(),
        judge,
        revision: state.revision,
        watch: None,
        again: false,
    }
}

fn measurement_row(measurement: &Measurement) -> MeasurementRow {
    MeasurementRow {
        filling: measurement.level.to_string(),
        dt: measurement.at.seconds(),
        ms: measurement.at.millis().rem_euclid(1000),
    }
}
