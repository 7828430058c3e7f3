//! The index `watched`: when each sensor has to be checked for silence.
//!
//! `watch` is the time at which the sensor becomes silent, computed from the report that was newest when it was written.
//! Reports do not change it, so that a report stays one write unit. The sweep reads the sensors that are due, and
//! sets `watch` again for those that have reported since. A sensor that is known to be silent is not in the index; the
//! detector puts it back after its next report.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use serde::Deserialize;

use super::super::due::{DueIndex, Rest};
use super::super::keys::{self, LEVELS};
use super::super::row::{Item, n, s};
use super::super::{AwsError, WriteOutcome};
use super::{LevelState, LevelTable, TABLE, has_revision};
use weir_core::domain::Timestamp;
use weir_core::id::LevelId;

/// The index, and its range key.
const WATCHED: &str = "watched";

/// A page of the sensors that are due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueSensors {
    /// The sensors, and when they were to be checked, in seconds since the epoch.
    pub sensors: Vec<(LevelId, i64)>,
    next: Vec<Rest>,
}

/// A row of the index.
#[derive(Deserialize)]
struct WatchedRow {
    id: String,
    watch: i64,
}

impl DueSensors {
    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next.is_empty()
    }
}

impl LevelTable {
    /// The next page after `after` of the sensors that may be silent at `now`: at most 100, of each partition of the index the
    /// longest due ones. Each partition that has some is one query of half a read unit.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn due(&self, now: Timestamp, after: Option<DueSensors>) -> Result<DueSensors, AwsError> {
        let corrupt = |detail: String| AwsError::corrupt(TABLE, WATCHED, detail);
        let index = DueIndex {
            client: &self.client,
            table: &self.name,
            index: WATCHED,
            partition: "listed",
            sort: "watch",
            list: LEVELS,
            operation: "Query levels watched",
        };
        let (items, next) = index.page(now, after.map(|after| after.next)).await?;
        let sensor = |item: Item| {
            let row: WatchedRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
            Ok((row.id.parse().map_err(|error: weir_core::id::BadId| corrupt(error.to_string()))?, row.watch))
        };
        let mut sensors: Vec<(LevelId, i64)> = items.into_iter().map(sensor).collect::<Result<_, AwsError>>()?;
        sensors.sort_by_key(|(_, watch)| *watch);
        Ok(DueSensors { sensors, next })
    }

    /// Sets `watch`, in seconds since the epoch, if it still has the value `known`. A transaction on the row counts as
    /// another writer, whatever it changes.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn watch(&self, id: &LevelId, known: Option<i64>, watch: i64) -> Result<WriteOutcome, AwsError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(WATCH)
            .expression_attribute_values(":w", n(watch))
            .expression_attribute_values(":l", s(keys::level(id)))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        let update = match known {
            None => update.condition_expression("attribute_exists(id) AND attribute_not_exists(watch)"),
            Some(known) => update.condition_expression("watch = :k").expression_attribute_values(":k", n(known)),
        };
        let Err(error) = update.send().await else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(
                UpdateItemError::ConditionalCheckFailedException(_) | UpdateItemError::TransactionConflictException(_),
            ) => Ok(WriteOutcome::Overtaken),
            _ => Err(AwsError::call("UpdateItem levels", error)),
        }
    }

    /// The part of a transaction that marks the row with `judge_next`, if it has the revision that was read. With `now` the
    /// detector judges the sensor at once as well. It increments the revision, so that no process relies on the row it
    /// wrote before.
    pub(in super::super) fn mark_judge_next(
        &self,
        id: &LevelId,
        known: &LevelState,
        now: bool,
    ) -> Result<TransactWriteItem, BuildError> {
        let (condition, revision) = has_revision(known.revision);
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression("SET judge_next = :yes, judge = :j, revision = :n")
            .condition_expression(condition)
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":j", AttributeValue::Bool(now))
            .expression_attribute_values(":n", n(known.revision.unwrap_or(0) + 1));
        let update = match revision {
            Some(revision) => update.expression_attribute_values(":r", revision),
            None => update,
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// The part of a transaction that sets or removes `watch`, if the row has the revision that was read. When `watch` stays
    /// the same, only the revision is checked.
    pub(in super::super) fn set_watch(
        &self,
        id: &LevelId,
        known: &LevelState,
        watch: Option<i64>,
    ) -> Result<TransactWriteItem, BuildError> {
        let (condition, revision) = has_revision(known.revision);
        if watch == known.watch {
            let check = ConditionCheck::builder().table_name(&self.name).key("id", s(id.as_str()));
            let check = check.condition_expression(condition);
            let check = match revision {
                Some(revision) => check.expression_attribute_values(":r", revision),
                None => check,
            };
            return Ok(TransactWriteItem::builder().condition_check(check.build()?).build());
        }
        let update = Update::builder().table_name(&self.name).key("id", s(id.as_str()));
        let update =
            update.condition_expression(condition).expression_attribute_values(":no", AttributeValue::Bool(false));
        let update = match revision {
            Some(revision) => update.expression_attribute_values(":r", revision),
            None => update,
        };
        let update = match watch {
            Some(watch) => update
                .update_expression(WATCH)
                .expression_attribute_values(":w", n(watch))
                .expression_attribute_values(":l", s(keys::level(id))),
            // It increments the revision, so that no process relies on the row it wrote before: the next report has to wake
            // the detector.
            None => update
                .update_expression("SET judge = :no, revision = :n REMOVE watch")
                .expression_attribute_values(":n", n(known.revision.unwrap_or(0) + 1)),
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

/// `judge` is set to false, because this write must not wake the detector again.
const WATCH: &str = "SET watch = :w, listed = :l, judge = :no";
