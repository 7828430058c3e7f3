//! The two ways a level's row is written, both conditional on the row being as it was known.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::super::AwsError;
use super::super::row::{Item, LevelRow, MeasurementRow, n, s};
use super::{LevelState, LevelTable, TABLE, measurement_row, state_of};
use weir_core::domain::level::Measurement;
use weir_core::id::LevelId;

/// What a write came to.
pub(super) enum Write {
    /// It is in.
    Done,
    /// Somebody else has written; this is the row now.
    Overtaken(Option<LevelState>),
}

/// A report that follows the newest one: by far the most.
pub(super) struct Append {
    /// The measurement.
    pub new: Measurement,
    /// How many there are.
    pub length: usize,
    /// Whether the oldest one has to go.
    pub full: bool,
    /// Whether the mark that asked for this report to be looked at has to go.
    pub again: bool,
    /// The row's `judge`.
    pub judge: bool,
    /// The row's `revision` as it was known.
    pub revision: u64,
}

impl LevelTable {
    /// Appends the newest measurement, and drops the oldest where the list is full. The request names only what
    /// changes: a third of the processor time of writing the row anew.
    ///
    /// `SET` beyond the end of a list appends, and indexes mean the list as it was before (DynamoDB developer guide,
    /// "Update expressions").
    pub(super) async fn append(&self, id: &LevelId, append: &Append) -> Result<Write, AwsError> {
        let row = measurement_row(&append.new);
        let measurement = attribute(&row);
        let drop = match (append.full, append.again) {
            (false, false) => "",
            (true, false) => " REMOVE measurements[0]",
            (false, true) => " REMOVE again",
            (true, true) => " REMOVE measurements[0], again",
        };
        let change = format!(
            "SET measurements[{}] = :m, last_value = :v, last_update = :t, judge = :j, revision = :n{drop}",
            append.length
        );
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(change)
            .condition_expression("revision = :r")
            .expression_attribute_values(":m", measurement)
            .expression_attribute_values(":v", s(row.filling))
            .expression_attribute_values(":t", n(row.dt))
            .expression_attribute_values(":j", AttributeValue::Bool(append.judge))
            .expression_attribute_values(":n", n(append.revision + 1))
            .expression_attribute_values(":r", n(append.revision));
        self.changed(id, update).await
    }

    /// Writes the row of a sensor that has none, or all that a report can change of one that has. `known` is the
    /// revision it was known with: none at all where there was no row, an empty one where the row is older than that
    /// field.
    pub(super) async fn put(&self, id: &LevelId, row: LevelRow, known: Option<Option<u64>>) -> Result<Write, AwsError> {
        let mut item: Item = serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, id, error))?;
        match known {
            None => self.register(id, item).await,
            Some(revision) => {
                let mut value = |name: &str| item.remove(name).unwrap_or(AttributeValue::Null(true));
                let change =
                    "SET measurements = :m, last_value = :v, last_update = :t, judge = :j, revision = :n REMOVE again";
                let update = self
                    .client
                    .update_item()
                    .table_name(&self.name)
                    .key("id", s(id.as_str()))
                    .update_expression(change)
                    .expression_attribute_values(":m", value("measurements"))
                    .expression_attribute_values(":v", value("last_value"))
                    .expression_attribute_values(":t", value("last_update"))
                    .expression_attribute_values(":j", value("judge"))
                    .expression_attribute_values(":n", value("revision"));
                let (condition, revision) = as_known(revision);
                let update = update.condition_expression(condition);
                let update = match revision {
                    Some(revision) => update.expression_attribute_values(":r", revision),
                    None => update,
                };
                self.changed(id, update).await
            }
        }
    }

    async fn register(&self, id: &LevelId, item: Item) -> Result<Write, AwsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(AllOld);
        match put.send().await {
            Ok(_) => Ok(Write::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => overtaken(id, failed.item.clone()),
                Some(PutItemError::TransactionConflictException(_)) => Ok(Write::Overtaken(self.read(id).await?)),
                _ => Err(AwsError::call("PutItem levels", error)),
            },
        }
    }

    async fn changed(&self, id: &LevelId, update: UpdateItemFluentBuilder) -> Result<Write, AwsError> {
        match update.return_values_on_condition_check_failure(AllOld).send().await {
            Ok(_) => Ok(Write::Done),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => overtaken(id, failed.item.clone()),
                // The detector had the row in a transaction; it is free again by the next attempt.
                Some(UpdateItemError::TransactionConflictException(_)) => Ok(Write::Overtaken(self.read(id).await?)),
                _ => Err(AwsError::call("UpdateItem levels", error)),
            },
        }
    }
}

/// A measurement as an element of the list.
pub(super) fn attribute(row: &MeasurementRow) -> AttributeValue {
    AttributeValue::M(Item::from([
        ("filling".to_owned(), s(&row.filling)),
        ("dt".to_owned(), n(row.dt)),
        ("ms".to_owned(), n(row.ms)),
    ]))
}

/// The condition that a row has the revision it was known with, and the value of `:r` in it.
pub(super) fn as_known(revision: Option<u64>) -> (&'static str, Option<AttributeValue>) {
    match revision {
        Some(revision) => ("revision = :r", Some(n(revision))),
        None => ("attribute_exists(id) AND attribute_not_exists(revision)", None),
    }
}

fn overtaken(id: &LevelId, item: Option<Item>) -> Result<Write, AwsError> {
    Ok(Write::Overtaken(item.map(|item| state_of(id, item)).transpose()?))
}
