//! Jobs that have to be woken: waiting jobs that may begin, and stalled ones.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use super::super::AwsError;
use super::super::due::longest_due;
use super::super::keys::JOBS;
use super::super::row::{Item, n, s};
use super::RecalculationTable;
use weir_core::domain::Timestamp;
use weir_core::domain::recalculation::State;

/// A job that has to be woken.
#[derive(Debug, Clone, PartialEq)]
pub struct DueJob {
    key: Item,
    due: i64,
}

impl RecalculationTable {
    /// At most `limit` jobs that are due at the time `now`.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn due(&self, now: Timestamp, limit: i32) -> Result<Vec<DueJob>, AwsError> {
        let rows = longest_due(&self.client, &self.name, JOBS, (now, limit), "Query recalculations due").await?;
        let due = |item: Item| {
            let key = ["sensor", "job"].map(|name| Some((name.to_owned(), item.get(name)?.clone())));
            let due = item.get("due").and_then(|due| due.as_n().ok()?.parse().ok())?;
            Some(DueJob { key: key.into_iter().collect::<Option<_>>()?, due })
        };
        Ok(rows.into_iter().filter_map(due).collect())
    }

    /// Wakes a job: it is running, and due again at `next` unless it has advanced until then. Nothing happens if it has advanced
    /// since it was read.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn wake(&self, DueJob { key, due }: &DueJob, next: Timestamp) -> Result<(), AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.clone()))
            .update_expression("SET #s = :running, due = :next, wake = :yes")
            .condition_expression("due = :due")
            .expression_attribute_names("#s", "state")
            .expression_attribute_values(":running", s(State::Running.code()))
            .expression_attribute_values(":next", n(next.millis()))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":due", n(due))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(AwsError::call("UpdateItem recalculations", error)),
        }
    }
}
