//! Which sensors are watched, and until when: the index `watched`.
//!
//! A report does not touch it, so a report stays one write unit. `watch` says when a sensor may be silent as far as was
//! known when it was written; the sweep reads only the sensors whose time has come, and sets it anew for those that have
//! reported since. A sensor that is known to be silent is not in the index; its next report wakes the detector, which
//! puts it back.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use serde::Deserialize;

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::write::as_known;
use super::{LevelState, LevelTable, TABLE};
use weir_core::domain::Timestamp;
use weir_core::id::LevelId;

/// The one partition of the indexes `listed` and `watched`.
pub(super) const LISTED: &str = "level";
/// The index, and its range key.
const WATCHED: &str = "watched";
/// So many keys a page has: as many rows as are read at once.
const PAGE: i32 = 100;

/// Sensors whose time has come, and where the next page begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// The sensors, and until when they were watched.
    pub sensors: Vec<(LevelId, i64)>,
    next: Option<Item>,
}

impl Due {
    /// Whether there are more.
    pub fn is_last(&self) -> bool {
        self.next.is_none()
    }
}

impl LevelTable {
    /// The sensors that may be silent at `now`, those that have waited longest first: at most 100 keys, half a read unit.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key cannot be understood.
    pub async fn due(&self, now: Timestamp, after: Option<Due>) -> Result<Due, AwsError> {
        #[derive(Deserialize)]
        struct WatchedRow {
            id: String,
            watch: i64,
        }
        let corrupt = |detail: String| AwsError::corrupt(TABLE, WATCHED, detail);
        let sent = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(WATCHED)
            .key_condition_expression("listed = :l AND watch <= :now")
            .expression_attribute_values(":l", s(LISTED))
            .expression_attribute_values(":now", n(now.seconds()))
            .limit(PAGE)
            .set_exclusive_start_key(after.and_then(|after| after.next))
            .send();
        let page = sent.await.map_err(|error| AwsError::call("Query levels watched", error))?;
        let sensor = |item: Item| {
            let row: WatchedRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
            Ok((row.id.parse().map_err(|error: weir_core::id::BadId| corrupt(error.to_string()))?, row.watch))
        };
        let sensors = page.items.unwrap_or_default().into_iter().map(sensor).collect::<Result<_, AwsError>>()?;
        Ok(Due { sensors, next: page.last_evaluated_key })
    }

    /// Sets until when a sensor is watched, if that is still as it was known. False: somebody else has set it, or has the
    /// row in a transaction at this moment, which may be about something else; so it has to be looked at again.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn watch(&self, id: &LevelId, known: Option<i64>, watch: i64) -> Result<bool, AwsError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(WATCH)
            .expression_attribute_values(":w", n(watch))
            .expression_attribute_values(":l", s(LISTED))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        let update = match known {
            None => update.condition_expression("attribute_exists(id) AND attribute_not_exists(watch)"),
            Some(known) => update.condition_expression("watch = :k").expression_attribute_values(":k", n(known)),
        };
        let Err(error) = update.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(
                UpdateItemError::ConditionalCheckFailedException(_) | UpdateItemError::TransactionConflictException(_),
            ) => Ok(false),
            _ => Err(AwsError::call("UpdateItem levels", error)),
        }
    }

    /// The part of a transaction that has the sensor's next report looked at, if the row is as it was known, and wakes the
    /// detector `now` too. Counted like a report, so that no process goes on by what it remembers.
    pub(in super::super) fn again(
        &self,
        id: &LevelId,
        known: &LevelState,
        now: bool,
    ) -> Result<TransactWriteItem, BuildError> {
        let (condition, revision) = as_known(known.revision);
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression("SET again = :yes, judge = :j, revision = :n")
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

    /// The part of a transaction that sets or ends the watch over a sensor, if the row is as it was known; where the
    /// watch stays as it is, only that is checked.
    pub(in super::super) fn watching(
        &self,
        id: &LevelId,
        known: &LevelState,
        watch: Option<i64>,
    ) -> Result<TransactWriteItem, BuildError> {
        let (condition, revision) = as_known(known.revision);
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
                .expression_attribute_values(":l", s(LISTED)),
            // Counted like a report, so that no process goes on by what it remembers: it has to wake the detector.
            None => update
                .update_expression("SET judge = :no, revision = :n REMOVE watch")
                .expression_attribute_values(":n", n(known.revision.unwrap_or(0) + 1)),
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

/// `judge` says what the last report was, and this write is none: it would wake the detector again.
const WATCH: &str = "SET watch = :w, listed = :l, judge = :no";
