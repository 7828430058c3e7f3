//! The table `levels`: the latest value and recent measurements of each flow sensor.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::AwsError;
use super::row::{Item, LevelRow, MeasurementRow, n, s};
use crate::domain::Timestamp;
use crate::domain::level::{Level, Measurement, Measurements, Reported, turns};
use crate::id::LevelId;

mod recent;

use recent::Recent;

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
    /// Counts the writes of the row; `None` for a row written by something older than this field.
    pub revision: Option<u64>,
}

/// The levels' table.
#[derive(Debug, Clone)]
pub struct LevelTable {
    client: Client,
    name: String,
    recent: Arc<Mutex<Recent>>,
}

impl LevelTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), recent: Arc::default() }
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
        let remembered = self.recent().trusted(id);
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
            let revision = state.as_ref().map(|state| state.revision);
            let mut measurements = state.map(|state| state.measurements).unwrap_or_default();
            let before = measurements.last().copied();
            let outcome = measurements.report(new, keeping.measurements);
            if !outcome.changed() {
                return Ok(outcome);
            }
            let judge = keeping.judge_all || turns(outcome, before, new, keeping.silent_after_seconds);
            match self.write(id, &measurements, judge, revision).await? {
                Write::Done(revision) => {
                    self.recent().wrote(id, LevelState { measurements, revision: Some(revision) });
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

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str())).consistent_read(true);
        let answer = request.send().await.map_err(|error| AwsError::call("GetItem levels", error))?;
        answer.item.map(|item| state_of(id, item)).transpose()
    }

    async fn write(
        &self,
        id: &LevelId,
        measurements: &Measurements,
        judge: bool,
        revision: Option<Option<u64>>,
    ) -> Result<Write, AwsError> {
        let next = revision.flatten().unwrap_or(0) + 1;
        let row = row_of(id, measurements, judge, next);
        let item = serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, id, error))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(AllOld);
        let put = match revision {
            None => put.condition_expression("attribute_not_exists(id)"),
            Some(None) => put.condition_expression("attribute_exists(id) AND attribute_not_exists(revision)"),
            Some(Some(revision)) => {
                put.condition_expression("revision = :r").expression_attribute_values(":r", n(revision))
            }
        };
        match put.send().await {
            Ok(_) => Ok(Write::Done(next)),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Write::Overtaken(failed.item.clone().map(|item| state_of(id, item)).transpose()?))
                }
                // The detector had the row in a transaction; it is free again by the next attempt.
                Some(PutItemError::TransactionConflictException(_)) => Ok(Write::Overtaken(self.read(id).await?)),
                _ => Err(AwsError::call("PutItem levels", error)),
            },
        }
    }
}

enum Write {
    /// It is in, with this revision.
    Done(u64),
    /// Somebody else has written; this is the row now.
    Overtaken(Option<LevelState>),
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
    Ok(LevelState { measurements: Measurements::of(measurements), revision: row.revision })
}

/// The level a text stands for in a row.
pub(super) fn level_of(text: &str) -> Option<Level> {
    Level::new(text.parse().ok()?).ok()
}

fn row_of(id: &LevelId, measurements: &Measurements, judge: bool, revision: u64) -> LevelRow {
    let last = measurements.last();
    LevelRow {
        id: id.to_string(),
        last_value: last.map(|last| last.level.to_string()).unwrap_or_default(),
        last_update: last.map_or(0, |last| last.at.seconds()),
        measurements: measurements
            .as_slice()
            .iter()
            .map(|measurement| MeasurementRow {
                filling: measurement.level.to_string(),
                dt: measurement.at.seconds(),
                ms: measurement.at.millis().rem_euclid(1000),
            })
            .collect(),
        judge,
        revision: Some(revision),
    }
}
