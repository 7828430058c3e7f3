//! The table `levels`: the latest value and the recent measurements of each flow sensor, and the conditional writes of a
//! row.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::event::WithEvents;
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::level::{Level, Measurement, Measurements};
use weir_core::id::LevelId;

mod combined_write;
mod list;
mod watch;

pub use combined_write::AppendOutcome;
pub use list::LevelPage;
pub use watch::DueSensors;

const TABLE: &str = "levels";

/// The levels' table.
#[derive(Debug, Clone)]
pub struct LevelTable {
    client: Client,
    name: String,
}

/// The stored state of a flow sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelState {
    /// Its newest measurements.
    pub measurements: Measurements,
    /// Counts the reports in the row; `None` for a row that was written before this field existed.
    pub revision: Option<u64>,
    /// When to check whether the sensor is silent, in seconds since the epoch. `None` before the detector has seen the
    /// sensor, and while it is known to be silent.
    pub watch: Option<i64>,
    /// Whether the detector has to judge the next report in any case.
    pub judge_next: bool,
}

/// How a conditional write of a row ended.
#[derive(Debug, Clone, PartialEq)]
pub enum LevelWrite {
    /// It is written.
    Done,
    /// Another writer was faster; nothing is written. This is the row now.
    Overtaken(Option<LevelState>),
}

/// A report newer than all measurements, which is by far the most frequent change of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Append {
    /// The new measurement.
    pub new: Measurement,
    /// The number of measurements in the row.
    pub length: usize,
    /// Whether the oldest measurement is removed.
    pub drop_oldest: bool,
    /// Whether the row has the mark `judge_next`, which is removed.
    pub judge_next: bool,
    /// Whether the detector has to judge the sensor.
    pub judge: bool,
    /// The revision of the row as it was read.
    pub revision: u64,
}

impl LevelTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// The table's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The stored state of a sensor, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn get(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str())).consistent_read(true);
        let answer = request.send().await.map_err(|error| AwsError::call("GetItem levels", error))?;
        answer.item.map(|item| state_of(id, item)).transpose()
    }

    /// Appends the newest measurement, and removes the oldest one of a full list. The request names only what changes,
    /// which takes a third of the processor time of [`LevelTable::replace`].
    ///
    /// `SET` beyond the end of a list appends, and indexes refer to the list as it was before the update (DynamoDB
    /// developer guide, "Update expressions").
    ///
    /// # Errors
    /// When DynamoDB does not take it, or the row it answers with is corrupt.
    pub async fn append(&self, id: &LevelId, append: &Append) -> Result<LevelWrite, AwsError> {
        let row = measurement_row(&append.new);
        let measurement = attribute(&row);
        let remove = match (append.drop_oldest, append.judge_next) {
            (false, false) => "",
            (true, false) => " REMOVE measurements[0]",
            (false, true) => " REMOVE judge_next",
            (true, true) => " REMOVE measurements[0], judge_next",
        };
        let change = format!(
            "SET measurements[{}] = :m, last_value = :v, last_update = :t, judge = :j, revision = :n{remove}",
            append.length
        );
        let update = self
            .client
            .update_item()
            .update_expression(change)
            .condition_expression("revision = :r")
            .expression_attribute_values(":m", measurement)
            .expression_attribute_values(":v", s(row.filling))
            .expression_attribute_values(":t", n(row.dt))
            .expression_attribute_values(":j", AttributeValue::Bool(append.judge))
            .expression_attribute_values(":n", n(append.revision + 1))
            .expression_attribute_values(":r", n(append.revision));
        self.update(id, update).await
    }

    /// Writes everything that a report can change in a row, over the row whose `revision` was read. `judge` tells whether
    /// the detector has to judge the sensor.
    ///
    /// # Errors
    /// As [`LevelTable::append`].
    pub async fn replace(
        &self,
        id: &LevelId,
        state: &LevelState,
        judge: bool,
        revision: Option<u64>,
    ) -> Result<LevelWrite, AwsError> {
        let mut item = item_of(id, state, judge)?;
        let mut value = |name: &str| item.remove(name).unwrap_or(AttributeValue::Null(true));
        let change =
            "SET measurements = :m, last_value = :v, last_update = :t, judge = :j, revision = :n REMOVE judge_next";
        let (condition, revision) = has_revision(revision);
        let mut update = self
            .client
            .update_item()
            .update_expression(change)
            .condition_expression(condition)
            .expression_attribute_values(":m", value("measurements"))
            .expression_attribute_values(":v", value("last_value"))
            .expression_attribute_values(":t", value("last_update"))
            .expression_attribute_values(":j", value("judge"))
            .expression_attribute_values(":n", value("revision"));
        if let Some(revision) = revision {
            update = update.expression_attribute_values(":r", revision);
        }
        self.update(id, update).await
    }

    /// Writes the first row of a sensor.
    ///
    /// # Errors
    /// As [`LevelTable::append`].
    pub async fn insert(&self, id: &LevelId, state: &LevelState, judge: bool) -> Result<LevelWrite, AwsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item_of(id, state, judge)?))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(AllOld);
        let Err(error) = put.send().await else { return Ok(LevelWrite::Done) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => overtaken(id, failed.item.clone()),
            Some(PutItemError::TransactionConflictException(_)) => Ok(LevelWrite::Overtaken(self.get(id).await?)),
            _ => Err(AwsError::call("PutItem levels", error)),
        }
    }

    /// Deletes the row whose `revision` was read, and with it its places in the lists, and writes the event.
    ///
    /// # Errors
    /// As [`LevelTable::append`].
    pub async fn delete(
        &self,
        id: &LevelId,
        revision: Option<u64>,
        events: WithEvents<'_>,
    ) -> Result<LevelWrite, AwsError> {
        const OPERATION: &str = "TransactWriteItems levels";
        let (condition, revision) = has_revision(revision);
        let delete = Delete::builder().table_name(&self.name).key("id", s(id.as_str())).condition_expression(condition);
        let delete = match revision {
            Some(revision) => delete.expression_attribute_values(":r", revision),
            None => delete,
        };
        let delete = delete.build().map_err(|error| AwsError::request(OPERATION, error))?;
        let mut items = vec![TransactWriteItem::builder().delete(delete).build()];
        items.extend(events.items()?);
        match transact(&self.client, OPERATION, items).await? {
            WriteOutcome::Done => Ok(LevelWrite::Done),
            WriteOutcome::Overtaken => Ok(LevelWrite::Overtaken(self.get(id).await?)),
        }
    }

    /// The part of a transaction that checks that there is no row.
    pub(super) fn is_absent(&self, id: &LevelId) -> Result<TransactWriteItem, BuildError> {
        let check = ConditionCheck::builder().table_name(&self.name).key("id", s(id.as_str()));
        let check = check.condition_expression("attribute_not_exists(id)").build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    async fn update(&self, id: &LevelId, update: UpdateItemFluentBuilder) -> Result<LevelWrite, AwsError> {
        let update = update.table_name(&self.name).key("id", s(id.as_str()));
        let sent = update.return_values_on_condition_check_failure(AllOld).send().await;
        let Err(error) = sent else { return Ok(LevelWrite::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => overtaken(id, failed.item.clone()),
            // The detector has the row in a transaction, which is over by the next attempt.
            Some(UpdateItemError::TransactionConflictException(_)) => Ok(LevelWrite::Overtaken(self.get(id).await?)),
            _ => Err(AwsError::call("UpdateItem levels", error)),
        }
    }
}

fn overtaken(id: &LevelId, item: Option<Item>) -> Result<LevelWrite, AwsError> {
    Ok(LevelWrite::Overtaken(item.map(|item| state_of(id, item)).transpose()?))
}

/// The condition that a row has the revision that was read, and the value of `:r` in it.
fn has_revision(revision: Option<u64>) -> (&'static str, Option<AttributeValue>) {
    match revision {
        Some(revision) => ("revision = :r", Some(n(revision))),
        None => ("attribute_exists(id) AND attribute_not_exists(revision)", None),
    }
}

/// A row of the table.
#[derive(Debug, Serialize, Deserialize)]
struct LevelRow {
    id: String,
    last_value: String,
    /// Seconds since the epoch.
    last_update: i64,
    measurements: Vec<MeasurementRow>,
    /// Whether the detector has to judge the sensor; the filter of the stream reads it.
    #[serde(default)]
    judge: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// Seconds since the epoch; the range key of the index `watched`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    watch: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    judge_next: bool,
}

/// A measurement within a row.
#[derive(Debug, Serialize, Deserialize)]
struct MeasurementRow {
    filling: String,
    /// Seconds since the epoch.
    dt: i64,
    /// Milliseconds within the second.
    #[serde(default)]
    ms: i64,
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
    let measurements = Measurements::of(measurements);
    Ok(LevelState { measurements, revision: row.revision, watch: row.watch, judge_next: row.judge_next })
}

/// The level in a text attribute.
pub(super) fn level_of(text: &str) -> Option<Level> {
    Level::new(text.parse().ok()?).ok()
}

/// The row after a report: without `watch`, which reports do not change, and `judge_next`, which they remove.
fn item_of(id: &LevelId, state: &LevelState, judge: bool) -> Result<Item, AwsError> {
    let measurements = &state.measurements;
    let last = measurements.last();
    let row = LevelRow {
        id: id.to_string(),
        last_value: last.map(|last| last.level.to_string()).unwrap_or_default(),
        last_update: last.map_or(0, |last| last.at.seconds()),
        measurements: measurements.as_slice().iter().map(measurement_row).collect(),
        judge,
        revision: state.revision,
        watch: None,
        judge_next: false,
    };
    serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, id, error))
}

fn measurement_row(measurement: &Measurement) -> MeasurementRow {
    MeasurementRow {
        filling: measurement.level.to_string(),
        dt: measurement.at.seconds(),
        ms: measurement.at.millis().rem_euclid(1000),
    }
}

/// A measurement as an element of the list.
fn attribute(row: &MeasurementRow) -> AttributeValue {
    AttributeValue::M(Item::from([
        ("filling".to_owned(), s(&row.filling)),
        ("dt".to_owned(), n(row.dt)),
        ("ms".to_owned(), n(row.ms)),
    ]))
}
