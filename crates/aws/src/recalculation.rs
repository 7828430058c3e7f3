//! The table `recalculations`: the jobs and their progress.
//!
//! A job advances only from the cursor that it was read with (optimistic concurrency). Each advance is a record in the stream
//! of the table, which invokes the function again. Rows of unfinished jobs have the attributes `open` and `due`, the keys of a
//! sparse index, in which a sweep finds jobs to wake.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};

use super::event::WithEvents;
use super::row::{Item, n, s, series};
use super::transaction::transact;
use super::{AwsError, WriteOutcome};
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Count, Job, State};
use weir_core::id::JobId;

mod due;
mod job_row;

pub use due::DueJob;
use job_row::{item_of, job_of};

const TABLE: &str = "recalculations";
/// The sort key of the row that counts the jobs of a series. Beginning a job is conditional on it, so that two jobs that begin at
/// the same time notice each other.
const GUARD: &str = "guard";

/// Maximum jobs that a new one can cancel: a transaction has at most 100 items, three of which are the new job, the guard row and
/// the event.
pub const MOST_CANCELLED: usize = 97;

/// The table `recalculations`.
#[derive(Debug, Clone)]
pub struct RecalculationTable {
    client: Client,
    name: String,
}

/// The unfinished jobs of a series, and the count on which beginning another one is conditional.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenJobs {
    /// The jobs.
    pub jobs: Vec<Job>,
    begun: u64,
}

impl RecalculationTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// A random id for a new job.
    ///
    /// # Errors
    /// Never, as long as a token is 32 hexadecimal digits.
    pub fn new_id() -> Result<JobId, AwsError> {
        super::device::token().parse().map_err(|error| AwsError::corrupt(TABLE, "a new job", error))
    }

    /// The job; `None` when there is none with this id.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn get(&self, of: &Series, id: &JobId) -> Result<Option<Job>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(of, id.as_str())));
        let answer = request.consistent_read(true).send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem recalculations", error))?.item;
        item.map(|item| job_of(of, item)).transpose()
    }

    /// The unfinished jobs of the series.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn open(&self, of: &Series) -> Result<OpenJobs, AwsError> {
        let mut rows = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("sensor = :sensor")
            .expression_attribute_values(":sensor", s(series(of)))
            .into_paginator()
            .items()
            .send();
        let mut open = OpenJobs { jobs: Vec::new(), begun: 0 };
        while let Some(item) = rows.next().await {
            let item = item.map_err(|error| AwsError::call("Query recalculations", error))?;
            if item.get("job") == Some(&s(GUARD)) {
                open.begun = item.get("begun").and_then(|count| count.as_n().ok()?.parse().ok()).unwrap_or(0);
            } else if item.contains_key("open") {
                open.jobs.push(job_of(of, item)?);
            }
        }
        Ok(open)
    }

    /// Writes a new job with its event and cancels others, at most [`MOST_CANCELLED`], in one transaction. Overtaken when a job of the
    /// series has begun or ended since `open` was read.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn begin(
        &self,
        job: &Job,
        open: &OpenJobs,
        cancelled: &[&Job],
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        const OPERATION: &str = "TransactWriteItems recalculations";
        let request = |error: BuildError| AwsError::request(OPERATION, error);
        let guard = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key(&job.series, GUARD)))
            .update_expression("SET begun = :next")
            .condition_expression("begun = :begun OR (attribute_not_exists(begun) AND :begun = :none)")
            .expression_attribute_values(":begun", n(open.begun))
            .expression_attribute_values(":next", n(open.begun + 1))
            .expression_attribute_values(":none", n(0));
        let put = Put::builder().table_name(&self.name).set_item(Some(item_of(job)?));
        let put = put.condition_expression("attribute_not_exists(job)").build().map_err(request)?;
        let mut all = vec![
            TransactWriteItem::builder().update(guard.build().map_err(request)?).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        all.extend(events.items()?);
        for older in cancelled {
            let cancel = Update::builder()
                .table_name(&self.name)
                .set_key(Some(key(&older.series, older.id.as_str())))
                .update_expression("SET #s = :cancelled, updated_at = :now, wake = :no REMOVE #o, due")
                .condition_expression("attribute_exists(#o)")
                .expression_attribute_names("#s", "state")
                .expression_attribute_names("#o", "open")
                .expression_attribute_values(":cancelled", s(State::Cancelled.code()))
                .expression_attribute_values(":no", AttributeValue::Bool(false))
                .expression_attribute_values(":now", n(job.created_at.millis()));
            all.push(TransactWriteItem::builder().update(cancel.build().map_err(request)?).build());
        }
        transact(&self.client, OPERATION, all).await
    }

    /// Updates the job from `before` to `after`: to its next cursor, its end, or its failure. With `wake` the stream record of
    /// this update invokes the function again. `run` identifies the invocation that makes the update. Overtaken when another
    /// invocation has updated the job.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn advance(&self, before: &Job, after: &Job, wake: bool, run: &str) -> Result<WriteOutcome, AwsError> {
        let Count { seen, changed, refused } = after.count;
        let mut set = "SET #s = :state, #c = :cursor, seen = :seen, changed = :changed, refused = :refused, \
                       updated_at = :now, wake = :wake, run = :run"
            .to_owned();
        let mut values = HashMap::from([
            (":state".to_owned(), s(after.state.code())),
            (":cursor".to_owned(), n(after.cursor.millis())),
            (":seen".to_owned(), n(seen)),
            (":changed".to_owned(), n(changed)),
            (":refused".to_owned(), n(refused)),
            (":now".to_owned(), n(after.updated_at.millis())),
            (":wake".to_owned(), AttributeValue::Bool(wake)),
            (":run".to_owned(), s(run)),
            (":before".to_owned(), n(before.cursor.millis())),
        ]);
        if let Some(reason) = &after.reason {
            set.push_str(", reason = :reason");
            values.insert(":reason".to_owned(), s(reason));
        }
        match after.due() {
            Some(due) => {
                set.push_str(", due = :due");
                values.insert(":due".to_owned(), n(due.millis()));
            }
            None => set.push_str(" REMOVE #o, due"),
        }
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(&before.series, before.id.as_str())))
            .update_expression(set)
            .condition_expression("attribute_exists(#o) AND #c = :before")
            .expression_attribute_names("#s", "state")
            .expression_attribute_names("#c", "cursor")
            .expression_attribute_names("#o", "open")
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                // The first attempt may have succeeded without an answer, so that the retry of the SDK finds its own update.
                let item = failed.item();
                let ours = |name: &str, value: AttributeValue| item.and_then(|item| item.get(name)) == Some(&value);
                let done = ours("run", s(run)) && ours("cursor", n(after.cursor.millis()));
                Ok(if done { WriteOutcome::Done } else { WriteOutcome::Overtaken })
            }
            _ => Err(AwsError::call("UpdateItem recalculations", error)),
        }
    }
}

fn key(of: &Series, job: &str) -> Item {
    Item::from([("sensor".to_owned(), s(series(of))), ("job".to_owned(), s(job))])
}
