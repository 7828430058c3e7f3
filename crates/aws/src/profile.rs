//! The table `users`: profiles by Cognito's user id (`sub`), tombstones of deleted users, leases, and
//! the position of the sweep for orphans.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use serde_json::Value;

use super::device::token;
use super::keys::PROFILES;
use super::row::{Item, ProfileRow, n, s};
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::id::Sub;
use weir_core::wire::settings::{group_json, reported};

mod lease;
mod position;

const TABLE: &str = "users";
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
        self.put(row(record), Expected::Version(record.version.saturating_sub(1))).await
    }

    /// Deletes the profile if the stored version is still `record.version`. The row stays with the next version, so that a
    /// write based on an older version cannot restore the profile.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn remove(&self, record: &ProfileRecord) -> Result<WriteOutcome, AwsError> {
        let row = ProfileRow { sub: record.sub.to_string(), version: record.version + 1, ..ProfileRow::default() };
        self.put(row, Expected::Version(record.version)).await
    }

    /// Replaces whatever is stored for a user who is being deleted with a tombstone, so that a token that is still valid
    /// cannot write a new profile.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn write_tombstone(&self, sub: &Sub, now: Timestamp) -> Result<(), AwsError> {
        let request = self.client.put_item().table_name(&self.name).item("sub", s(sub.as_str()));
        let request = request
            .item("gone_at", n(now.millis()))
            .item("expires_at", n(now.plus_seconds(TOMBSTONE_SECONDS).seconds()))
            .item("version", n(0));
        request.send().await.map(drop).map_err(|error| AwsError::call("PutItem users", error))
    }

    /// Deletes the row of a user whose creation failed.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn delete_row(&self, sub: &Sub) -> Result<(), AwsError> {
        let request = self.client.delete_item().table_name(&self.name).key("sub", s(sub.as_str()));
        request.send().await.map(drop).map_err(|error| AwsError::call("DeleteItem users", error))
    }

    /// Replaces the tombstone with the profile, because the user was not deleted after all.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn restore(&self, record: &ProfileRecord) -> Result<(), AwsError> {
        self.put(row(record), Expected::Tombstone).await.map(drop)
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

    async fn put(&self, row: ProfileRow, expected: Expected) -> Result<WriteOutcome, AwsError> {
        let written = token();
        let row = ProfileRow { written: Some(written.clone()), ..row };
        let item: Item =
            serde_dynamo::to_item(&row).map_err(|error| AwsError::corrupt(TABLE, &row.sub, error.to_string()))?;
        let request = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let request = match expected {
            // A tombstone has a version too.
            Expected::Version(0) => request.condition_expression("attribute_not_exists(version)"),
            Expected::Version(before) => {
                let condition = "version = :before AND attribute_not_exists(gone_at)";
                request.condition_expression(condition).expression_attribute_values(":before", n(before))
            }
            Expected::Tombstone => request.condition_expression("attribute_exists(gone_at)"),
        };
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

/// What must be stored for a write to succeed.
#[derive(Clone, Copy)]
enum Expected {
    /// This version; 0: no row.
    Version(u64),
    /// A tombstone.
    Tombstone,
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
