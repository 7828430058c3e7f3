//! The quarantine: `GET /quarantine`, one entry with its payload, and the answers to replays.

use serde::Deserialize;
use serde_json::Value;

/// A message, or one value of a message, that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// The code of the reason.
    pub reason: String,
    /// The explanation of the reason.
    pub detail: String,
    /// The function that refused it.
    pub function: String,
    /// The topic of the message.
    pub topic: String,
    /// The device, if it is known.
    #[serde(default)]
    pub device: Option<String>,
    /// The sensor, if the entry is one value of a message.
    #[serde(default)]
    pub sensor: Option<String>,
    /// The timestamp of the reading; if it has none, that of its reception.
    pub at: String,
    /// When it was quarantined.
    pub first_seen: String,
    /// When it is deleted automatically.
    pub expires_at: String,
    /// Number of replays that were refused.
    pub attempts: u32,
}

/// An entry in a message of the live feed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quarantined {
    /// Its id.
    pub id: String,
    /// The code of the reason.
    pub reason: String,
    /// The device, if it is known.
    #[serde(default)]
    pub device: Option<String>,
    /// When it was quarantined.
    pub first_seen: String,
}

/// The message that a device published.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Payload {
    /// The bytes, in base64.
    pub base64: String,
    /// The bytes as text, if they are UTF-8.
    #[serde(default)]
    pub text: Option<String>,
    /// The text as JSON, if it is JSON.
    #[serde(default)]
    pub json: Option<Value>,
}

/// An entry with its payload: `GET /quarantine/{id}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WholeEntry {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// Its payload.
    pub payload: Payload,
}

/// The result of replaying one entry: `POST /quarantine/{id}/replay`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Replay {
    /// `accepted` or `refused`.
    pub outcome: String,
    /// The entry with its new reason, if it was refused.
    #[serde(default)]
    pub entry: Option<Entry>,
    /// Ids of new entries, for parts of the message that were refused while the rest was accepted.
    #[serde(default)]
    pub quarantined: Vec<String>,
}

/// The result of replaying some entries of a group: `POST /quarantine/replay`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Replayed {
    /// Number of entries that have left the quarantine.
    pub accepted: u64,
    /// Number of entries that were refused again.
    pub refused: u64,
    /// Number of entries whose outcome is not known.
    pub failed: u64,
    /// The cursor of the remaining entries; absent if there are none.
    #[serde(default)]
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn the_quarantine_is_read_as_the_document_says() {
        holds::<Entry>("EntryJson");
        holds::<WholeEntry>("EntryWithPayloadJson");
        holds::<Payload>("PayloadJson");
        holds::<Replay>("ReplayJson");
        holds::<Replayed>("ReplayedJson");
    }
}
