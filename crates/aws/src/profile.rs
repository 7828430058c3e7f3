//! The table `users`: what people say about themselves, by Cognito's id. The lock on people stands in it too
//! (`aws::people`), under a key that no person has.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use serde_json::Value;

use super::AwsError;
use super::device::{Write, token};
use super::row::{Item, ProfileRow, n, s};
use weir_core::domain::Timestamp;
use weir_core::domain::people::profile::{Profile, Record};
use weir_core::id::Sub;
use weir_core::wire::settings::{group_json, reported};

const TABLE: &str = "users";
/// The one partition of the index over profiles: neither the lock nor what is left of a deleted one carries it.
const LISTED: &str = "profile";
/// So long is remembered that a person was deleted: far longer than a token lives that they may still hold.
const GONE_SECONDS: i64 = 86_400;

/// What stands under a person's id.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing, or what is left of a profile that was deleted: its last version.
    Nothing(u64),
    /// Their profile.
    Profile(Record),
    /// The person was deleted a short while ago.
    Gone,
}

/// The profiles' table.
#[derive(Debug, Clone)]
pub struct ProfileTable {
    client: Client,
    name: String,
}

impl ProfileTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection to DynamoDB, by asking for a person whom no id stands for.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.find(&nobody).await;
        }
    }

    /// What stands under the id, as it is now.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn find(&self, sub: &Sub) -> Result<Found, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("sub", s(sub.as_str())).consistent_read(true);
        let answer = request.send().await.map_err(|error| AwsError::call("GetItem users", error))?;
        answer.item.map_or(Ok(Found::Nothing(0)), found)
    }

    /// Writes the profile over the version before it, never over one of a person who was deleted.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn write(&self, record: &Record) -> Result<Write, AwsError> {
        self.put(row(record), Over::Version(record.version.saturating_sub(1))).await
    }

    /// Deletes the profile in its present version. That is a change as any other, so the version goes on: whoever has read
    /// the profile before cannot bring it back.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn remove(&self, record: &Record) -> Result<Write, AwsError> {
        let row = ProfileRow { sub: record.sub.to_string(), version: record.version + 1, ..ProfileRow::default() };
        self.put(row, Over::Version(record.version)).await
    }

    /// Whatever stands under the id of a person who is being deleted makes way for a note that they are gone, so that no
    /// token they still hold brings a profile back.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn bury(&self, sub: &Sub, now: Timestamp) -> Result<(), AwsError> {
        let request = self.client.put_item().table_name(&self.name).item("sub", s(sub.as_str()));
        let request = request
            .item("gone_at", n(now.millis()))
            .item("expires_at", n(now.plus_seconds(GONE_SECONDS).seconds()))
            .item("version", n(0));
        request.send().await.map(drop).map_err(|error| AwsError::call("PutItem users", error))
    }

    /// Forgets all about an id that never became a person.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn forget(&self, sub: &Sub) -> Result<(), AwsError> {
        let request = self.client.delete_item().table_name(&self.name).key("sub", s(sub.as_str()));
        request.send().await.map(drop).map_err(|error| AwsError::call("DeleteItem users", error))
    }

    /// Brings back the profile of a person who was not deleted after all.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn unbury(&self, record: &Record) -> Result<(), AwsError> {
        self.put(row(record), Over::Grave).await.map(drop)
    }

    /// At most `limit` profiles after the id `after`, ascending, and the last id where there are more.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn list(&self, limit: usize, after: Option<Sub>) -> Result<(Vec<Record>, Option<Sub>), AwsError> {
        let start =
            after.map(|sub| Item::from([("sub".to_owned(), s(sub.as_str())), ("listed".to_owned(), s(LISTED))]));
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("listed")
            .key_condition_expression("listed = :listed")
            .expression_attribute_values(":listed", s(LISTED))
            // One more than asked for tells whether there is a next page.
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| AwsError::call("Query users", error))?;
        let mut records = Vec::with_capacity(limit);
        for item in page.items.unwrap_or_default() {
            if let Found::Profile(record) = found(item)? {
                records.push(record);
            }
        }
        let more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().filter(|_| more).map(|record| record.sub.clone());
        Ok((records, last))
    }

    async fn put(&self, row: ProfileRow, over: Over) -> Result<Write, AwsError> {
        let written = token();
        let row = ProfileRow { written: Some(written.clone()), ..row };
        let item: Item =
            serde_dynamo::to_item(&row).map_err(|error| AwsError::corrupt(TABLE, &row.sub, error.to_string()))?;
        let request = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let request = match over {
            // A note that somebody is gone has a version too.
            Over::Version(0) => request.condition_expression("attribute_not_exists(version)"),
            Over::Version(before) => {
                let condition = "version = :before AND attribute_not_exists(gone_at)";
                request.condition_expression(condition).expression_attribute_values(":before", n(before))
            }
            Over::Grave => request.condition_expression("attribute_exists(gone_at)"),
        };
        let Err(error) = request.return_values_on_condition_check_failure(AllOld).send().await else {
            return Ok(Write::Done);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                // Taken the first time without saying so, and found there when it was sent again.
                let ours = failed.item().and_then(|item| item.get("written")) == Some(&s(written));
                Ok(if ours { Write::Done } else { Write::Overtaken })
            }
            _ => Err(AwsError::call("PutItem users", error)),
        }
    }
}

/// What a row may be written over.
#[derive(Clone, Copy)]
enum Over {
    /// This version; 0: nothing.
    Version(u64),
    /// The note that the person is gone.
    Grave,
}

fn row(record: &Record) -> ProfileRow {
    ProfileRow {
        sub: record.sub.to_string(),
        listed: Some(LISTED.to_owned()),
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

fn found(item: Item) -> Result<Found, AwsError> {
    let key = item.get("sub").and_then(|sub| sub.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &key, detail);
    let row: ProfileRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    if row.gone_at.is_some() {
        return Ok(Found::Gone);
    }
    if row.listed.is_none() {
        return Ok(Found::Nothing(row.version));
    }
    let preferences: Value = serde_json::from_str(&row.preferences).map_err(|error| corrupt(error.to_string()))?;
    Ok(Found::Profile(Record {
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
