//! How an entry of the quarantine is shown.

use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::quarantine::Entry;
use weir_core::domain::{Reason, Timestamp};
use weir_core::id::QuarantineId;
use weir_core::wire::time;

/// Something that was set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AsideJson {
    /// The same for the same message, however often it was delivered.
    pub id: QuarantineId,
    /// Why; after a replay that was refused, why then.
    #[schema(value_type = Reason)]
    pub reason: String,
    /// The reason in words.
    pub detail: String,
    /// The function that refused it, and that a replay goes to.
    #[schema(example = "calibration")]
    pub function: String,
    /// The topic it came on; where only one value of a message is set aside, the topic that says it alone.
    pub topic: String,
    /// The device, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "buoy-01")]
    pub device: Option<String>,
    /// The sensor, where it is one value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ph")]
    pub sensor: Option<String>,
    /// The instant it is for, when known; else that of its reception.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// When AWS received it: what a replay is counted for where the message names no instant itself.
    #[serde(with = "time")]
    pub received_at: Timestamp,
    /// When it was set aside.
    #[serde(with = "time")]
    pub first_seen: Timestamp,
    /// When it vanishes by itself.
    #[serde(with = "time")]
    pub expires_at: Timestamp,
    /// How often a replay of it was refused.
    pub attempts: u32,
    /// When a replay of it was last refused.
    #[serde(with = "time::option", skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
}

impl From<Entry> for AsideJson {
    fn from(entry: Entry) -> Self {
        let shown = |at: Timestamp| if time::text(at).is_some() { at } else { Timestamp::from_millis(0) };
        Self {
            id: entry.id,
            reason: entry.reason,
            detail: entry.detail,
            function: entry.function,
            topic: entry.topic,
            device: entry.device,
            sensor: entry.sensor,
            at: shown(entry.at),
            received_at: shown(entry.received_at),
            first_seen: shown(entry.first_seen),
            expires_at: shown(entry.expires_at),
            attempts: entry.attempts,
            tried_at: entry.tried_at.map(shown),
        }
    }
}

/// The version of an entry, which only a refused replay changes.
pub(super) fn version(entry: &Entry) -> u64 {
    u64::from(entry.attempts) + 1
}
