//! Who may deliver a device's settings: one at a time, by a lease in the device's row.
//!
//! `pending` stands in a row while its newest settings are not known to be delivered, `due` says from when on somebody
//! may try, and `lease` names who is trying. None of it touches the record's version: deliveries and people's changes do
//! not get in each other's way.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::ReturnValue::AllNew;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use serde_json::Value;

use super::super::AwsError;
use super::super::row::{AboutRow, Item, n, s};
use super::write::PENDING;
use super::{DeviceTable, TABLE};
use weir_core::domain::Timestamp;
use weir_core::id::DeviceId;

/// The newest settings of a device, to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Their version.
    pub version: u64,
    /// The settings as JSON; none of a device that was deleted.
    pub settings: Option<String>,
}

/// What came of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// It is the caller's: these are to be delivered.
    Ours(Job),
    /// Somebody else is at it, or an attempt whose end nobody knows is not over yet.
    Others,
    /// There is nothing to deliver.
    Delivered,
}

/// What came of saying that a version is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is the newest, and the row says that it is delivered.
    Delivered,
    /// There is a newer one, and the lease is still the caller's.
    Newer,
    /// The lease is somebody else's by now.
    Lost,
}

impl DeviceTable {
    /// Takes the lease on the device's delivery until `until`, or prolongs it for who holds it as `token`.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn lease(
        &self,
        id: &DeviceId,
        token: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Leased, AwsError> {
        let values = [(":token", s(token)), (":now", n(now.millis())), (":until", n(until.millis()))];
        let condition = "attribute_exists(pending) AND (attribute_not_exists(lease) OR due <= :now OR lease = :token)";
        match self.change(id, "SET lease = :token, due = :until", condition, values).await? {
            Ok(item) => job(id, item).map(Leased::Ours),
            Err(item) if item.contains_key("pending") => Ok(Leased::Others),
            Err(_) => Ok(Leased::Delivered),
        }
    }

    /// Says that `version` is delivered.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn settle(&self, id: &DeviceId, token: &str, version: u64) -> Result<Settled, AwsError> {
        let values = [(":token", s(token)), (":version", n(version))];
        let change = "SET delivered = :version REMOVE pending, due, lease";
        let condition = "lease = :token AND settings_version = :version";
        match self.change(id, change, condition, values).await? {
            Ok(_) => Ok(Settled::Delivered),
            Err(item) if item.get("lease") == Some(&s(token)) => Ok(Settled::Newer),
            // Taken the first time without saying so, and found there when the SDK sent it again.
            Err(item) if item.get("delivered") == Some(&n(version)) && !item.contains_key("pending") => {
                Ok(Settled::Delivered)
            }
            Err(_) => Ok(Settled::Lost),
        }
    }

    /// Gives the lease back; the next attempt is due at `due`.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn postpone(&self, id: &DeviceId, token: &str, due: Timestamp) -> Result<(), AwsError> {
        let values = [(":token", s(token)), (":due", n(due.millis()))];
        // Somebody else's lease by now is theirs to give back.
        self.change(id, "SET due = :due REMOVE lease", "lease = :token", values).await.map(drop)
    }

    /// At most `limit` devices whose delivery is due, the longest due first.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key cannot be understood.
    pub async fn due(&self, now: Timestamp, limit: i32) -> Result<Vec<DeviceId>, AwsError> {
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("pending")
            .key_condition_expression("pending = :pending AND due <= :now")
            .expression_attribute_values(":pending", s(PENDING))
            .expression_attribute_values(":now", n(now.millis()))
            .limit(limit)
            .send()
            .await
            .map_err(|error| AwsError::call("Query devices pending", error))?;
        let id = |item: Item| {
            let id = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
            id.parse().map_err(|error| AwsError::corrupt(TABLE, &id, error))
        };
        page.items.unwrap_or_default().into_iter().map(id).collect()
    }

    /// The row after the change, or, where the condition does not hold, the row as it is.
    async fn change<const N: usize>(
        &self,
        id: &DeviceId,
        change: &str,
        condition: &str,
        values: [(&str, AttributeValue); N],
    ) -> Result<Result<Item, Item>, AwsError> {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(change)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .return_values(AllNew)
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        match sent {
            Ok(changed) => Ok(Ok(changed.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Err(failed.item.clone().unwrap_or_default()))
                }
                _ => Err(AwsError::call("UpdateItem devices", error)),
            },
        }
    }
}

fn job(id: &DeviceId, item: Item) -> Result<Job, AwsError> {
    let deleted = item.contains_key("deleted_at");
    let about: AboutRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, id, error))?;
    let settings = match about.settings {
        _ if deleted => None,
        Value::String(text) => Some(text),
        Value::Null => Some("{}".to_owned()),
        other => Some(other.to_string()),
    };
    Ok(Job { version: about.settings_version, settings })
}
