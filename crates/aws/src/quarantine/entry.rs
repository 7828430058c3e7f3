//! Reading, updating and deleting one quarantine entry.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::AwsError;
use super::super::keys::EntryPartitions;
use super::super::row::{Item, QuarantineRow, n, s};
use super::{QuarantineTable, TABLE};
use weir_core::domain::{Refusal, Timestamp};
use weir_core::id::QuarantineId;
use weir_core::wire::live::QuarantinedJson;
use weir_core::wire::time;

/// A stored quarantine entry, without its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// The id.
    pub id: QuarantineId,
    /// The reason code of the latest refusal.
    pub reason: String,
    /// The explanation of the reason.
    pub detail: String,
    /// The function that refused it, to which a replay is sent.
    pub function: String,
    /// The topic it came on; may be empty.
    pub topic: String,
    /// The device, when known.
    pub device: Option<String>,
    /// The sensor, if the entry is one value of a message.
    pub sensor: Option<String>,
    /// The instant of the message or value, when known; else the time of its reception.
    pub at: Timestamp,
    /// When AWS received it.
    pub received_at: Timestamp,
    /// When it was quarantined.
    pub first_seen: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// How many replays were refused.
    pub attempts: u32,
    /// When a replay was last refused.
    pub tried_at: Option<Timestamp>,
}

/// A stored quarantine entry with the payload of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryWithPayload {
    /// The entry.
    pub entry: StoredEntry,
    /// The bytes that the device published, or a payload with only the refused value.
    pub payload: Vec<u8>,
}

impl QuarantineTable {
    /// The entry, with its payload.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn get(&self, id: &QuarantineId) -> Result<Option<EntryWithPayload>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str())).consistent_read(true);
        let item = request.send().await.map_err(|error| AwsError::call("GetItem quarantine", error))?.item;
        let Some(item) = item else { return Ok(None) };
        let payload = item.get("payload").and_then(|payload| payload.as_s().ok()).map(|text| STANDARD.decode(text));
        let Some(Ok(payload)) = payload else {
            return Err(AwsError::corrupt(TABLE, id, "payload is not base64"));
        };
        Ok(Some(EntryWithPayload { entry: entry(item)?, payload }))
    }

    /// Records that a replay was refused: the new reason, and one more attempt. The rest of the entry stays as it is, also
    /// when it expires. `None` when the entry does not exist any more: it is not created again.
    ///
    /// # Errors
    /// When the row cannot be written, or is corrupt.
    pub async fn record_refusal(
        &self,
        of: &StoredEntry,
        refusal: &Refusal,
        now: Timestamp,
    ) -> Result<Option<StoredEntry>, AwsError> {
        let part = EntryPartitions::of(of.id.as_str(), refusal.reason, of.device.as_deref());
        let mut set = "SET reason = :reason, reason_part = :part, detail = :detail, tried_at = :now".to_owned();
        let mut update = self.client.update_item().table_name(&self.name).key("id", s(of.id.as_str()));
        if let Some(device_reason) = part.device_reason {
            set.push_str(", device_reason_part = :device_reason");
            update = update.expression_attribute_values(":device_reason", s(device_reason));
        }
        let update = update
            .update_expression(set + " ADD attempts :one")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":reason", s(refusal.reason.code()))
            .expression_attribute_values(":part", s(part.reason))
            .expression_attribute_values(":detail", s(&refusal.detail))
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        match update.send().await {
            Ok(answer) => answer.attributes.map(entry).transpose(),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(AwsError::call("UpdateItem quarantine", error)),
            },
        }
    }

    /// Deletes the entry; if `attempts` is given, only if it has that number of attempts. False when there is no such entry.
    ///
    /// # Errors
    /// When the row cannot be deleted.
    pub async fn delete(&self, id: &QuarantineId, attempts: Option<u32>) -> Result<bool, AwsError> {
        let delete = self.client.delete_item().table_name(&self.name).key("id", s(id.as_str()));
        let delete = match attempts {
            None => delete.condition_expression("attribute_exists(id)"),
            Some(0) => delete.condition_expression("attribute_exists(id) AND attribute_not_exists(attempts)"),
            Some(attempts) => delete
                .condition_expression("attempts = :attempts")
                .expression_attribute_values(":attempts", n(attempts)),
        };
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(AwsError::call("DeleteItem quarantine", error)),
            },
        }
    }
}

impl From<StoredEntry> for QuarantinedJson {
    fn from(entry: StoredEntry) -> Self {
        let valid = time::text(entry.first_seen).is_some();
        Self {
            id: entry.id,
            reason: entry.reason,
            detail: entry.detail,
            function: entry.function,
            topic: entry.topic,
            device: entry.device,
            sensor: entry.sensor,
            first_seen: if valid { entry.first_seen } else { Timestamp::from_millis(0) },
        }
    }
}

/// The entry in an image of its row in the table's stream.
///
/// # Errors
/// When the row is corrupt.
pub fn of_image(image: serde_dynamo::Item) -> Result<StoredEntry, AwsError> {
    entry(image.into())
}

/// Reads an entry from a row of the table or of an index.
pub(super) fn entry(item: Item) -> Result<StoredEntry, AwsError> {
    let key = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    let row: QuarantineRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, &key, error))?;
    Ok(StoredEntry {
        id: row.id.parse().map_err(|error| AwsError::corrupt(TABLE, &key, error))?,
        reason: row.reason,
        detail: row.detail,
        function: row.function,
        topic: row.topic,
        device: row.device_id,
        sensor: row.sensor,
        at: Timestamp::from_millis(row.at),
        received_at: Timestamp::from_millis(row.received_at),
        first_seen: Timestamp::from_millis(row.first_seen),
        expires_at: Timestamp::from_seconds(row.expires_at),
        attempts: row.attempts,
        tried_at: row.tried_at.map(Timestamp::from_millis),
    })
}
