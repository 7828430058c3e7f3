//! Reading, updating and deleting one quarantine entry.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::event::WithEvents;
use super::super::keys::EntryPartitions;
use super::super::row::{Item, QuarantineRow, n, s};
use super::super::transaction::transact;
use super::super::{AwsError, WriteOutcome};
use super::{QuarantineTable, TABLE};
use weir_core::domain::{Refusal, Timestamp};
use weir_core::id::QuarantineId;
use weir_core::wire::live::QuarantinedJson;
use weir_core::wire::time;

/// The name of transactions in errors.
const TRANSACTION: &str = "TransactWriteItems quarantine";

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

    /// Records that a replay was refused: the new reason, and one more attempt, with the event. The rest of the entry stays,
    /// including when it expires. Overtaken when the entry no longer exists, or another replay was refused meanwhile.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn record_refusal(
        &self,
        of: &StoredEntry,
        refusal: &Refusal,
        now: Timestamp,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let part = EntryPartitions::of(of.id.as_str(), refusal.reason, of.device.as_deref());
        let mut set =
            "SET reason = :reason, reason_part = :part, detail = :detail, tried_at = :now, attempts = :next".to_owned();
        let mut values = Item::from([
            (":reason".to_owned(), s(refusal.reason.code())),
            (":part".to_owned(), s(part.reason)),
            (":detail".to_owned(), s(&refusal.detail)),
            (":now".to_owned(), n(now.millis())),
            (":next".to_owned(), n(of.attempts.saturating_add(1))),
        ]);
        if let Some(device_reason) = part.device_reason {
            set.push_str(", device_reason_part = :device_reason");
            values.insert(":device_reason".to_owned(), s(device_reason));
        }
        let (condition, attempts) = has_attempts(of.attempts);
        values.extend(attempts);
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(of.id.as_str()))
            .update_expression(set)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values));
        let update = TransactWriteItem::builder().update(update.build().map_err(request)?).build();
        self.transact(update, events).await
    }

    /// Deletes the entry as it was read, with the event. Overtaken when it no longer exists, or a replay was refused
    /// meanwhile.
    ///
    /// # Errors
    /// When the row cannot be deleted.
    pub async fn delete(&self, entry: &StoredEntry, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let (condition, attempts) = has_attempts(entry.attempts);
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("id", s(entry.id.as_str()))
            .condition_expression(condition)
            .set_expression_attribute_values(attempts.map(|attempts| Item::from([attempts])));
        let delete = TransactWriteItem::builder().delete(delete.build().map_err(request)?).build();
        self.transact(delete, events).await
    }

    async fn transact(&self, change: TransactWriteItem, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![change];
        items.extend(events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }
}

/// The condition that an entry has this number of refused replays, and its value.
fn has_attempts(attempts: u32) -> (&'static str, Option<(String, AttributeValue)>) {
    match attempts {
        0 => ("attribute_exists(id) AND attribute_not_exists(attempts)", None),
        attempts => ("attempts = :attempts", Some((":attempts".to_owned(), n(attempts)))),
    }
}

fn request(error: BuildError) -> AwsError {
    AwsError::request(TRANSACTION, error)
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
