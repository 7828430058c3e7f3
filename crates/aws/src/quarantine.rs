//! The table `quarantine`: what was set aside, and why.
//!
//! A message is one row however often it is delivered or sent again. Its lists are indexes over it, of which each row is in
//! two, or in four when its device is known: so many write units it costs, and one for each KB of its own.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::row::{Item, n, s};
use super::{AwsError, size};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_runtime::telemetry::metric;

mod entry;
mod list;

pub use entry::{Entry, Original};
pub use list::{Place, Wanted};

/// The name in errors.
const TABLE: &str = "quarantine";
/// The partition of the index over everything.
const LISTED: &str = "all";
/// DynamoDB takes no empty key and no longer one than 2,048 bytes; a topic is at most 256.
const LONGEST_DEVICE: usize = 256;

/// Something to set aside.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantineEntry {
    /// The function that refused it, and that a replay goes to.
    pub function: &'static str,
    /// Why.
    pub refusal: Refusal,
    /// The topic it came on; may be empty.
    pub topic: String,
    /// The device, when known.
    pub device_id: Option<String>,
    /// The sensor, where one value of a message is set aside.
    pub sensor: Option<String>,
    /// The instant it is for, when known; else that of its reception.
    pub at: Timestamp,
    /// When AWS received it.
    pub received_at: Timestamp,
    /// What a replay sends: the bytes the device published or, where its siblings were good, the one value.
    pub payload: Vec<u8>,
}

impl QuarantineEntry {
    /// The same message has the same id however often it is delivered: 32 hexadecimal digits over what it says.
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
    /// The table called `name`, whose rows live for `keep_days`.
    pub fn new(client: Client, name: impl Into<String>, keep_days: i64) -> Self {
        Self { client, name: name.into(), keep_days }
    }

    /// Opens the connection to DynamoDB, by asking for an entry that no hash leads to.
    pub async fn warm_up(&self) {
        if let Ok(nothing) = "0".repeat(32).parse() {
            let _ = self.get(&nothing).await;
        }
    }

    /// Sets it aside. What is there already stays as it was first seen; false tells so.
    ///
    /// # Errors
    /// When DynamoDB does not take it; `TooLarge` for a payload of about 300 KB or more. IoT carries 128 KB, so such a
    /// one came by a queue, goes back to it, and ends whole in the on-failure queue.
    pub async fn put(&self, aside: &QuarantineEntry, now: Timestamp) -> Result<bool, AwsError> {
        let id = aside.id();
        let mut item: Item = [
            ("id", s(&id)),
            ("reason", s(aside.refusal.reason.code())),
            ("detail", s(&aside.refusal.detail)),
            ("function", s(aside.function)),
            ("topic", s(&aside.topic)),
            ("at", n(aside.at.millis())),
            ("received_at", n(aside.received_at.millis())),
            ("first_seen", n(now.millis())),
            ("expires_at", n(now.plus_seconds(self.keep_days.saturating_mul(86_400)).seconds())),
            ("payload", s(STANDARD.encode(&aside.payload))),
            ("listed", s(LISTED)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(sensor) = &aside.sensor {
            item.insert("sensor".to_owned(), s(sensor));
        }
        let device = aside.device_id.as_deref().filter(|id| (1..=LONGEST_DEVICE).contains(&id.len()));
        if let Some(device) = device {
            item.insert("device_id".to_owned(), s(device));
            item.insert("device_reason".to_owned(), s(device_reason(device, aside.refusal.reason)));
        }
        let bytes = size::of(&item);
        if bytes > size::LARGEST {
            return Err(AwsError::TooLarge { table: TABLE, key: id, bytes });
        }
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(id)");
        match put.send().await {
            Ok(_) => {
                metric::set_aside(aside.refusal.reason, now);
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(AwsError::call("PutItem quarantine", error)),
            },
        }
    }
}

/// The partition of the index `device_reasons`.
fn device_reason(device: &str, reason: Reason) -> String {
    format!("{device}#{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Reason;

    #[test]
    fn the_id_tells_messages_apart_and_deliveries_not() {
        let aside = QuarantineEntry {
            function: "calibration",
            refusal: Refusal::new(Reason::UnknownDevice, "no device b"),
            topic: "b/readings".into(),
            device_id: Some("b".into()),
            sensor: None,
            at: Timestamp::from_millis(1_795_155_884_123),
            received_at: Timestamp::from_millis(1_795_155_884_500),
            payload: b"{}".to_vec(),
        };
        let again = QuarantineEntry { received_at: Timestamp::from_millis(1_795_155_999_999), ..aside.clone() };
        assert_eq!(aside.id(), again.id());
        assert_eq!(aside.id().len(), 32);
        for other in [
            QuarantineEntry { topic: "b/reading".into(), payload: b"s{}".to_vec(), ..aside.clone() },
            QuarantineEntry { payload: b"{ }".to_vec(), ..aside.clone() },
            QuarantineEntry { at: Timestamp::from_millis(1_795_155_884_124), ..aside.clone() },
            QuarantineEntry { sensor: Some("ph".into()), ..aside.clone() },
            QuarantineEntry { function: "organizer", ..aside.clone() },
        ] {
            assert_ne!(aside.id(), other.id(), "{other:?}");
        }
    }
}
