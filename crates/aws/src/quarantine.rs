//! The table `quarantine`: messages, and single values of messages, that were refused, with the reason.
//!
//! A message has one row, however often it is delivered or replayed. Lists are indexes of the table, each in several partitions
//! (`keys.rs`). Each row is in two of them, or in four when its device is known: each index costs one write unit, and the row
//! one per KB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::keys::{EntryPartitions, entry_place};
use super::row::{Item, n, s};
use super::{AwsError, size};
use weir_core::domain::{Refusal, Timestamp};
use weir_runtime::telemetry::metric;

mod entry;
mod list;

pub use entry::{EntryWithPayload, StoredEntry, of_image};
pub use list::{EntryFilter, EntryPosition};

/// The name in errors.
const TABLE: &str = "quarantine";
/// The longest device id in an index, in bytes: topics are no longer. DynamoDB accepts keys of 1 to 2,048 bytes.
const LONGEST_DEVICE: usize = 256;

/// An entry to write to the quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantineEntry {
    /// The function that refused it, to which a replay is sent.
    pub function: &'static str,
    /// Why it was refused.
    pub refusal: Refusal,
    /// The topic it came on; may be empty.
    pub topic: String,
    /// The device, when known.
    pub device_id: Option<String>,
    /// The sensor, if the entry is one value of a message.
    pub sensor: Option<String>,
    /// The instant of the message or value, when known; else the time of its reception.
    pub at: Timestamp,
    /// When AWS received it.
    pub received_at: Timestamp,
    /// The payload of a replay: the bytes that the device published, or a payload with only the refused value.
    pub payload: Vec<u8>,
}

impl QuarantineEntry {
    /// The id: 32 hexadecimal digits of a hash of the contents, so the same for every delivery of a message.
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.function.as_bytes(), self.topic.as_bytes(), &self.at.millis().to_be_bytes(), &self.payload] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.sensor.as_deref().unwrap_or_default());
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The quarantine's table.
#[derive(Debug, Clone)]
pub struct QuarantineTable {
    client: Client,
    name: String,
    keep_days: i64,
}

impl QuarantineTable {
    /// The table called `name`, whose rows are kept for `keep_days`.
    pub fn new(client: Client, name: impl Into<String>, keep_days: i64) -> Self {
        Self { client, name: name.into(), keep_days }
    }

    /// Opens the connection to DynamoDB, by reading an entry that does not exist.
    pub async fn warm_up(&self) {
        if let Ok(nothing) = "0".repeat(32).parse() {
            let _ = self.get(&nothing).await;
        }
    }

    /// Writes the entry. False when it exists already; then it stays as it was first seen.
    ///
    /// # Errors
    /// When the entry cannot be written; `TooLarge` for a payload of about 300 KB or more. IoT messages have at most 128 KB, so
    /// such a message came from a queue, goes back to it, and ends in its dead-letter queue.
    pub async fn put(&self, entry: &QuarantineEntry, now: Timestamp) -> Result<bool, AwsError> {
        let id = entry.id();
        let device = entry.device_id.as_deref().filter(|id| (1..=LONGEST_DEVICE).contains(&id.len()));
        let EntryPartitions { listed, reason, device: of_device, device_reason } =
            EntryPartitions::of(&id, entry.refusal.reason, device);
        let mut item: Item = [
            ("id", s(&id)),
            ("reason", s(entry.refusal.reason.code())),
            ("detail", s(&entry.refusal.detail)),
            ("function", s(entry.function)),
            ("topic", s(&entry.topic)),
            ("at", n(entry.at.millis())),
            ("received_at", n(entry.received_at.millis())),
            ("first_seen", n(now.millis())),
            ("expires_at", n(now.plus_seconds(self.keep_days.saturating_mul(86_400)).seconds())),
            ("payload", s(STANDARD.encode(&entry.payload))),
            ("place", s(entry_place(now, &id))),
            ("listed", s(listed)),
            ("reason_part", s(reason)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(sensor) = &entry.sensor {
            item.insert("sensor".to_owned(), s(sensor));
        }
        let of_device = [
            ("device_id", device.map(str::to_owned)),
            ("device_part", of_device),
            ("device_reason_part", device_reason),
        ];
        item.extend(of_device.into_iter().filter_map(|(name, value)| Some((name.to_owned(), s(value?)))));
        let bytes = size::of(&item);
        if bytes > size::LARGEST {
            return Err(AwsError::TooLarge { table: TABLE, key: id, bytes });
        }
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(id)");
        match put.send().await {
            Ok(_) => {
                metric::quarantined(entry.refusal.reason, now);
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(AwsError::call("PutItem quarantine", error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Reason;

    #[test]
    fn the_id_differs_between_messages_and_not_between_deliveries() {
        let entry = QuarantineEntry {
            function: "calibration",
            refusal: Refusal::new(Reason::UnknownDevice, "no device b"),
            topic: "b/readings".into(),
            device_id: Some("b".into()),
            sensor: None,
            at: Timestamp::from_millis(1_795_155_884_123),
            received_at: Timestamp::from_millis(1_795_155_884_500),
            payload: b"{}".to_vec(),
        };
        let redelivered = QuarantineEntry { received_at: Timestamp::from_millis(1_795_155_999_999), ..entry.clone() };
        assert_eq!(entry.id(), redelivered.id());
        assert_eq!(entry.id().len(), 32);
        for other in [
            QuarantineEntry { topic: "b/reading".into(), payload: b"s{}".to_vec(), ..entry.clone() },
            QuarantineEntry { payload: b"{ }".to_vec(), ..entry.clone() },
            QuarantineEntry { at: Timestamp::from_millis(1_795_155_884_124), ..entry.clone() },
            QuarantineEntry { sensor: Some("ph".into()), ..entry.clone() },
            QuarantineEntry { function: "organizer", ..entry.clone() },
        ] {
            assert_ne!(entry.id(), other.id(), "{other:?}");
        }
    }
}
