//! The table `users`: profiles by Cognito's user id (`sub`), tombstones of deleted users, leases, and
//! the position of the sweep for orphans.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde_json::Value;

use super::device::token;
use super::event::{EventTable, WithEvents};
use super::keys::PROFILES;
use super::row::{Item, ProfileRow, n, s};
use super::transaction::transact;
use super::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::event::Event;
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::id::Sub;
use weir_core::wire::settings::{group_json, reported};

mod lease;
mod position;
mod tries;

const TABLE: &str = "users";
/// The name of transactions in errors.
const TRANSACTION: &str = "TransactWriteItems users";
/// Attempts of an unconditional write.
const ATTEMPTS: u32 = 5;
/// How long a tombstone is kept, in seconds: much longer than the tokens of a deleted user are valid.
const TOMBSTONE_SECONDS: i64 = 86_400;

/// What the table holds for a user id.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredProfile {
    /// No profile. The number is the last version of a deleted profile, or 0.
    Absent(u64),
    /// The profile.
    Present(ProfileRecord),
    /// A tombstone: the user was deleted less than a day ago.
    UserDeleted,
}

/// The table `users`.
#[derive(Debug, Clone)]
pub struct ProfileTable {
    client: Client,
    name: String,
}

impl ProfileTable {
    /// The table with this name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection to DynamoDB by reading a key that does not exist.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.find(&nobody).await;
        }
    }

    /// Reads the profile of a user, strongly consistent.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn find(&self, sub: &Sub) -> Result<StoredProfile, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("sub", s(sub.as_str())).consistent_read(true);
        let answer = request.send().await.map_err(|error| AwsError::call("GetItem users", error))?;
        answer.item.map_or(Ok(StoredProfile::Absent(0)), read)
    }

    /// Writes the profile if the stored version is the one before it, and never over a tombstone.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn write(&self, record: &ProfileRecord) -> Result<WriteOutcome, AwsError> {
        self.write_with(record, WithEvents::NONE).await
    }

    /// As [`ProfileTable::write`], with the events of the change.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn write_with(&self, record: &ProfileRecord, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        self.put(row(record), Expected::Version(record.version.saturating_sub(1)), events).await
    }

    /// Deletes the profile if the stored version is still `record.version`, and writes the event. The row stays with the next
    /// version, so that a write based on an older version cannot restore the profile.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn remove(&self, record: &ProfileRecord, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let row = ProfileRow { sub: record.sub.to_string(), version: record.version + 1, ..ProfileRow::default() };
        self.put(row, Expected::Version(record.version), events).await
    }

    /// Replaces whatever is stored for a user who is being deleted with a tombstone, so that a token that is still valid
    /// cannot write a new profile, and writes the events.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or another request is changing the row at this moment.
    pub async fn write_tombstone(&self, sub: &Sub, now: Timestamp, events: WithEvents<'_>) -> Result<(), AwsError> {
        let row = Item::from([
            ("sub".to_owned(), s(sub.as_str())),
            ("gone_at".to_owned(), n(now.millis())),
            ("expires_at".to_owned(), n(now.plus_seconds(TOMBSTONE_SECONDS).seconds())),
            ("version".to_owned(), n(0)),
        ]);
        let put = Put::builder().table_name(&self.name).set_item(Some(row)).build().map_err(request)?;
        self.certain(TransactWriteItem::builder().put(put).build(), events.items()?, sub).await
    }

    /// Deletes the row of a user whose creation failed, and in the same transaction the event that tells of the creation.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or another request is changing the row at this moment.
    pub async fn delete_row(&self, sub: &Sub, events: &EventTable, event: &Event) -> Result<(), AwsError> {
        let delete = Delete::builder().table_name(&self.name).key("sub", s(sub.as_str())).build().map_err(request)?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        self.certain(delete, vec![events.retract(event)?], sub).await
    }

    /// Replaces the tombstone with the profile, because the user was not deleted after all, and writes the event that says so.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn restore(&self, record: &ProfileRecord, events: WithEvents<'_>) -> Result<(), AwsError> {
        self.put(row(record), Expected::Tombstone, events).await.map(drop)
    }

    /// Writes unconditionally.
    async fn certain(
        &self,
        change: TransactWriteItem,
        others: Vec<TransactWriteItem>,
        sub: &Sub,
    ) -> Result<(), AwsError> {
        let mut items = vec![change];
        items.extend(others);
        let mut attempts = Attempts::new(TABLE, sub, ATTEMPTS);
        loop {
            attempts.next().await?;
            // Overtaken by a request that was changing the row, or the events are there already.
            if transact(&self.client, TRANSACTION, items.clone()).await? == WriteOutcome::Done {
                return Ok(());
            }
        }
    }

    /// Lists at most `limit` profiles with ids greater than `after`, ascending. The second value is the last id, when there
    /// are more profiles.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(&self, limit: usize, after: Option<Sub>) -> Result<(Vec<ProfileRecord>, Option<Sub>), AwsError> {
        let start =
            after.map(|sub| Item::from([("sub".to_owned(), s(sub.as_str())), ("listed".to_owned(), s(PROFILES))]));
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("listed")
            .key_condition_expression("listed = :listed")
            .expression_attribute_values(":listed", s(PROFILES))
            // One more than the limit shows whether there is a next page.
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| AwsError::call("Query users", error))?;
        let mut records = Vec::with_capacity(limit);
        for item in page.items.unwrap_or_default() {
            if let StoredProfile::Present(record) = read(item)? {
                records.push(record);
            }
        }
        let more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().filter(|_| more).map(|record| record.sub.clone());
        Ok((records, last))
    }

    async fn put(&self, row: ProfileRow, expected: Expected, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let written = token();
        let row = ProfileRow { written: Some(written.clone()), ..row };
        let item: Item =
            serde_dynamo::to_item(&row).map_err(|error| AwsError::corrupt(TABLE, &row.sub, error.to_string()))?;
        let (condition, before) = match expected {
            // A tombstone has a version too.
            Expected::Version(0) => ("attribute_not_exists(version)", None),
            Expected::Version(before) => ("version = :before AND attribute_not_exists(gone_at)", Some(before)),
            Expected::Tombstone => ("attribute_exists(gone_at)", None),
        };
        let values = before.map(|before| Item::from([(":before".to_owned(), n(before))]));
        if !events.is_empty() {
            let put = Put::builder().table_name(&self.name).set_item(Some(item)).condition_expression(condition);
            let put = put.set_expression_attribute_values(values).build().map_err(request)?;
            let mut items = vec![TransactWriteItem::builder().put(put).build()];
            items.extend(events.items()?);
            return transact(&self.client, TRANSACTION, items).await;
        }
        let request = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let request = request.condition_expression(condition).set_expression_attribute_values(values);
        let Err(error) = request.return_values_on_condition_check_failure(AllOld).send().await else {
            return Ok(WriteOutcome::Done);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                // Written by a first attempt whose answer was lost.
                let ours = failed.item().and_then(|item| item.get("written")) == Some(&s(written));
                Ok(if ours { WriteOutcome::Done } else { WriteOutcome::Overtaken })
            }
            _ => Err(AwsError::call("PutItem users", error)),
        }
    }
}

/// The precondition of a write.
#[derive(Clone, Copy)]
enum Expected {
    /// This version; 0: no row.
    Version(u64),
    /// A tombstone.
    Tombstone,
}

fn request(error: BuildError) -> AwsError {
    AwsError::request(TRANSACTION, error)
}

fn row(record: &ProfileRecord) -> ProfileRow {
    ProfileRow {
        sub: record.sub.to_string(),
        listed: Some(PROFILES.to_owned()),
        name: record.profile.name.clone(),
        phone: record.profile.phone.clone(),
        organisation: record.profile.organisation.clone(),
        preferences: group_json(&record.profile.preferences).to_string(),
        version: record.version,
        created_at: record.created_at.millis(),
        updated_at: record.updated_at.millis(),
        updated_by: record.updated_by.clone(),
        ..ProfileRow::default()
    }
}

fn read(item: Item) -> Result<StoredProfile, AwsError> {
    let key = item.get("sub").and_then(|sub| sub.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &key, detail);
    let row: ProfileRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    if row.gone_at.is_some() {
        return Ok(StoredProfile::UserDeleted);
    }
    if row.listed.is_none() {
        return Ok(StoredProfile::Absent(row.version));
    }
    let preferences: Value = serde_json::from_str(&row.preferences).map_err(|error| corrupt(error.to_string()))?;
    Ok(StoredProfile::Present(ProfileRecord {
        sub: row.sub.parse().map_err(|bad| corrupt(format!("{bad}")))?,
        profile: Profile {
            name: row.name,
            phone: row.phone,
            organisation: row.organisation,
            preferences: preferences.as_object().map(reported).unwrap_or_default(),
        },
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        updated_by: row.updated_by,
    }))
}
