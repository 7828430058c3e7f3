//! The table `recalculations`: what is to be worked out anew, and how far it is.
//!
//! A job's row moves only from one cursor to the next, on condition of the cursor it was worked out from; each move is a
//! record of the table's stream, and the record is what goes on with the work. `open` and `due` stand in a row while
//! there is something left to do: whatever has not moved for [`STALLED`] is woken again by a sweep.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};

use super::AwsError;
use super::row::{Item, n, s, series};
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Count, Job, State};
use weir_core::id::JobId;

mod due;
mod stored;

pub use due::Due;
use stored::{item_of, job_of};

const TABLE: &str = "recalculations";
/// The row beside a series' jobs that two who begin at once have in common.
const GUARD: &str = "guard";
/// The partition of the index `due`.
const OPEN: &str = "job";
/// A job that has not moved for so long is woken again, in seconds.
pub const STALLED: i64 = 120;

/// So many jobs a new one may take the place of: a transaction takes 100 rows, of which its own and the guard are two.
pub const MOST_CANCELLED: usize = 98;

/// The table of recalculations.
#[derive(Debug, Clone)]
pub struct RecalculationTable {
    client: Client,
    name: String,
}

/// What is known of a series: its open jobs, and the count that beginning another one is conditional on.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The jobs.
    pub jobs: Vec<Job>,
    begun: u64,
}

impl Open {
    /// Those whose place the job takes.
    pub fn covered(&self, job: &Job) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|older| job.covers(older))
    }
}

impl RecalculationTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// A name for a new job.
    ///
    /// # Errors
    /// Never, as long as a token is 32 hexadecimal digits.
    pub fn new_id() -> Result<JobId, AwsError> {
        super::device::token().parse().map_err(|error| AwsError::corrupt(TABLE, "a new job", error))
    }

    /// The job.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn get(&self, of: &Series, id: &JobId) -> Result<Option<Job>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(of, id.as_str())));
        let answer = request.consistent_read(true).send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem recalculations", error))?.item;
        item.map(|item| job_of(of, item)).transpose()
    }

    /// What is known of the series.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn open(&self, of: &Series) -> Result<Open, AwsError> {
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
        let mut open = Open { jobs: Vec::new(), begun: 0 };
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

    /// Writes a new job, and in the same moment cancels those of `open` whose place it takes: [`MOST_CANCELLED`] at most.
    /// False when something has changed since `open` was read.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn begin(&self, job: &Job, open: &Open) -> Result<bool, AwsError> {
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
        for older in open.covered(job) {
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
        let sent = self.client.transact_write_items().set_transact_items(Some(all)).send().await;
        let Err(error) = sent else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if cancelled
                    .cancellation_reasons()
                    .iter()
                    .any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))) =>
            {
                Ok(false)
            }
            _ => Err(AwsError::call(OPERATION, error)),
        }
    }

    /// Moves the job from `before` to `after`: further, to its end, or to its failure. `wake` when another call of the
    /// function is to go on; `run` names the call that moves it. False when somebody else has moved it, or ended it.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn advance(&self, before: &Job, after: &Job, wake: bool, run: &str) -> Result<bool, AwsError> {
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
        if after.state.open() {
            set.push_str(", due = :due");
            values.insert(":due".to_owned(), n(after.updated_at.plus_seconds(STALLED).millis()));
        } else {
            set.push_str(" REMOVE #o, due");
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
        let Err(error) = sent else { return Ok(true) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                // Taken the first time without saying so, and found there when the SDK sent it again.
                let item = failed.item();
                let ours = |name: &str, value: AttributeValue| item.and_then(|item| item.get(name)) == Some(&value);
                Ok(ours("run", s(run)) && ours("cursor", n(after.cursor.millis())))
            }
            _ => Err(AwsError::call("UpdateItem recalculations", error)),
        }
    }
}

fn key(of: &Series, job: &str) -> Item {
    Item::from([("sensor".to_owned(), s(series(of))), ("job".to_owned(), s(job))])
}
