//! Quarantine entries as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::quarantine::StoredEntry;
use weir_core::domain::{Reason, Timestamp};
use weir_core::id::QuarantineId;
use weir_core::wire::time;

/// A quarantine entry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryJson {
    /// The id: the same for every delivery of the same message.
    pub id: QuarantineId,
    /// The reason of the latest refusal.
    #[schema(value_type = Reason)]
    pub reason: String,
    /// The explanation of the reason.
    pub detail: String,
    /// The function that refused it, to which a replay is sent.
    #[schema(example = "calibration")]
    pub function: String,
    /// The topic of the message; for one value of a message, the topic for that value alone.
    pub topic: String,
    /// The device, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "buoy-01")]
    pub device: Option<String>,
    /// The sensor, if the entry is one value of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ph")]
    pub sensor: Option<String>,
    /// The instant of the message or value, when known; else the time of its reception.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// When AWS received it: the instant of a replayed value if the message has none.
    #[serde(with = "time")]
    pub received_at: Timestamp,
    /// When it was quarantined.
    #[serde(with = "time")]
    pub first_seen: Timestamp,
    /// When it expires.
    #[serde(with = "time")]
    pub expires_at: Timestamp,
    /// How many replays were refused.
    pub attempts: u32,
    /// When a replay was last refused.
    #[serde(with = "time::option", skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
}

impl From<StoredEntry> for EntryJson {
    fn from(entry: StoredEntry) -> Self {
        let valid = |at: Timestamp| if time::text(at).is_some() { at } else { Timestamp::from_millis(0) };
        Self {
            id: entry.id,
            reason: entry.reason,
            detail: entry.detail,
            function: entry.function,
            topic: entry.topic,
            device: entry.device,
            sensor: entry.sensor,
            at: valid(entry.at),
            received_at: valid(entry.received_at),
            first_seen: valid(entry.first_seen),
            expires_at: valid(entry.expires_at),
            attempts: entry.attempts,
            tried_at: entry.tried_at.map(valid),
        }
    }
}

/// The version of an entry; a refused replay increases it.
pub(super) fn version(entry: &StoredEntry) -> u64 {
    u64::from(entry.attempts) + 1
}
