//! The table `jobs`: the announced firmwares, and the jobs of the fleet.
//!
//! | `part` | `row` | |
//! |---|---|---|
//! | `firmware` | version, each number with six digits | a firmware |
//! | `job` | id | a job; expires by TTL after 400 days |
//! | `key#…` | `key` | which job an `Idempotency-Key` stands for; expires by TTL after a day |
//!
//! A job's row is the outbox for AWS IoT: `open` and `due` are the keys of the sparse index `due`, which has only jobs with work left,
//! sorted by when it is due. Every change is on condition of the `revision` that was read.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::Deserialize;

use super::command::{KEY_KEPT, RequestKey};
use super::due::longest_due;
use super::event::WithEvents;
use super::keys::{FIRMWARES, FLEET_JOBS};
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::firmware::{Firmware, FirmwareVersion};
use weir_core::domain::job::Job;
use weir_core::id::{BadId, FleetJobId};

mod row;

use row::{firmware_item, firmware_of, job_item, job_of};

const TABLE: &str = "jobs";
const OPERATION: &str = "TransactWriteItems jobs";
/// The sort key of the row of a request's key.
const KEY: &str = "key";

/// The table `jobs`.
#[derive(Debug, Clone)]
pub struct JobTable {
    client: Client,
    name: String,
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// The job.
    pub job: Job,
    /// What is left to do about it.
    pub work: Work,
    /// Counts the changes; 0 for a job that is not stored yet.
    revision: u64,
}

/// What is left to do about a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Where gathering its devices continues, as text; `None` at the beginning.
    pub position: Option<String>,
    /// When to look at it next; `None` when nothing is left to do.
    pub due: Option<Timestamp>,
}

/// The job that the key of a request stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyedJob {
    /// Nothing yet.
    Unknown,
    /// This job, created by the same request.
    Same(FleetJobId),
    /// A job created by another request.
    Other,
}

impl StoredJob {
    /// A job that is to be stored.
    pub fn new(job: Job, work: Work) -> Self {
        Self { job, work, revision: 0 }
    }
}

impl JobTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection to DynamoDB by reading a row that does not exist.
    pub async fn warm_up(&self) {
        let _ = self.row(FIRMWARES, "0").await;
    }

    async fn row(&self, part: &str, row: &str) -> Result<Option<Item>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(part, row)));
        let answer = request.consistent_read(true).send().await;
        Ok(answer.map_err(|error| AwsError::call("GetItem jobs", error))?.item)
    }

    /// A firmware; `None` when the version was not announced.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn firmware(&self, version: FirmwareVersion) -> Result<Option<Firmware>, AwsError> {
        self.row(FIRMWARES, &version.sortable()).await?.map(firmware_of).transpose()
    }

    /// Writes a firmware that was announced, if there is none yet or only one without a file.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn announce(&self, firmware: &Firmware, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(firmware_item(firmware)?))
            .condition_expression("attribute_not_exists(part) OR attribute_not_exists(uploaded_at)");
        self.transact(put, events).await
    }

    /// Records that the file of a firmware is in the bucket.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn uploaded(&self, firmware: &Firmware, at: Timestamp) -> Result<WriteOutcome, AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(FIRMWARES, &firmware.version.sortable())))
            .update_expression("SET uploaded_at = if_not_exists(uploaded_at, :at)")
            .condition_expression("sha256 = :sha256")
            .expression_attribute_values(":at", n(at.millis()))
            .expression_attribute_values(":sha256", s(firmware.sha256.as_str()))
            .send()
            .await;
        let Err(error) = sent else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(WriteOutcome::Overtaken),
            _ => Err(AwsError::call("UpdateItem jobs", error)),
        }
    }

    /// At most `limit` firmwares before `after`, the highest version first, and the last of them when there are more.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn firmwares(
        &self,
        limit: usize,
        after: Option<FirmwareVersion>,
    ) -> Result<(Vec<Firmware>, Option<FirmwareVersion>), AwsError> {
        let (items, more) = self.list(FIRMWARES, limit, after.map(FirmwareVersion::sortable)).await?;
        let firmwares = items.into_iter().map(firmware_of).collect::<Result<Vec<_>, _>>()?;
        let next = firmwares.last().filter(|_| more).map(|last| last.version);
        Ok((firmwares, next))
    }

    /// A job; `None` when there is none with this id.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn job(&self, id: &FleetJobId) -> Result<Option<StoredJob>, AwsError> {
        self.row(FLEET_JOBS, id.as_str()).await?.map(job_of).transpose()
    }

    /// At most `limit` jobs before `after`, the newest first, and the last of them when there are more.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn jobs(
        &self,
        limit: usize,
        after: Option<FleetJobId>,
    ) -> Result<(Vec<Job>, Option<FleetJobId>), AwsError> {
        let (items, more) = self.list(FLEET_JOBS, limit, after.map(|after| after.to_string())).await?;
        let jobs = items.into_iter().map(|item| Ok(job_of(item)?.job)).collect::<Result<Vec<_>, AwsError>>()?;
        let next = jobs.last().filter(|_| more).map(|last| last.id.clone());
        Ok((jobs, next))
    }

    async fn list(&self, part: &str, limit: usize, after: Option<String>) -> Result<(Vec<Item>, bool), AwsError> {
        // One more than asked for tells whether there is a next page.
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("part = :part")
            .expression_attribute_values(":part", s(part))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|after| key(part, &after)))
            .send()
            .await
            .map_err(|error| AwsError::call("Query jobs", error))?;
        let mut items = page.items.unwrap_or_default();
        // A page may also end because it is large.
        let more = items.len() > limit || page.last_evaluated_key.is_some();
        items.truncate(limit);
        Ok((items, more))
    }

    /// The job that a key stands for. Keys are known for at least a day.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn keyed(&self, request: &RequestKey) -> Result<KeyedJob, AwsError> {
        #[derive(Deserialize)]
        struct KeyRow {
            job: String,
            request: String,
        }
        let Some(item) = self.row(&request.id, KEY).await? else { return Ok(KeyedJob::Unknown) };
        let row: KeyRow =
            serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, &request.id, error))?;
        if row.request != request.request {
            return Ok(KeyedJob::Other);
        }
        row.job.parse().map(KeyedJob::Same).map_err(|error: BadId| AwsError::corrupt(TABLE, &request.id, error))
    }

    /// Stores a new job with its event and the key of the request, if it had one, in one transaction. Overtaken when the key stands for
    /// a job already.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn enter(
        &self,
        new: &StoredJob,
        request: Option<&RequestKey>,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![self.put(new, 0)?];
        if let Some(RequestKey { id, request }) = request {
            let mut item = key(id, KEY);
            item.insert("job".to_owned(), s(new.job.id.as_str()));
            item.insert("request".to_owned(), s(request));
            item.insert("expires_at".to_owned(), n(new.job.created_at.plus_seconds(KEY_KEPT).seconds()));
            let put = Put::builder().table_name(&self.name).set_item(Some(item));
            let put = put.condition_expression("attribute_not_exists(part)").build().map_err(bad_request)?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        items.extend(events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    /// Writes a job that has changed, with its events; overtaken when it has changed since it was read.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change(
        &self,
        before: &StoredJob,
        job: &Job,
        work: &Work,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let after = StoredJob { job: job.clone(), work: work.clone(), revision: before.revision };
        let mut items = vec![self.put(&after, before.revision)?];
        items.extend(events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    fn put(&self, job: &StoredJob, before: u64) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(job_item(job, before + 1)?));
        let put = match before {
            0 => put.condition_expression("attribute_not_exists(part)"),
            before => {
                put.condition_expression("revision = :revision").expression_attribute_values(":revision", n(before))
            }
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(bad_request)?).build())
    }

    async fn transact(
        &self,
        put: aws_sdk_dynamodb::types::builders::PutBuilder,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![TransactWriteItem::builder().put(put.build().map_err(bad_request)?).build()];
        items.extend(events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    /// The ids of at most `limit` jobs that are due at `now`, the longest due first.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn due(&self, now: Timestamp, limit: i32) -> Result<Vec<FleetJobId>, AwsError> {
        let due = longest_due(&self.client, &self.name, FLEET_JOBS, (now, limit), "Query jobs due").await?;
        let id = |item: Item| {
            let row = item.get("row").and_then(|row| row.as_s().ok()).cloned().unwrap_or_default();
            row.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, &row, error))
        };
        due.into_iter().map(id).collect()
    }
}

fn key(part: &str, row: &str) -> Item {
    Item::from([("part".to_owned(), s(part)), ("row".to_owned(), s(row))])
}

fn bad_request(error: BuildError) -> AwsError {
    AwsError::request(OPERATION, error)
}
