//! The quarantine: `GET /quarantine`, one entry with its payload, and the answers to replays.

use serde::Deserialize;
use serde_json::Value;

/// A message, or one value of it, that could not be used.
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
    /// The instant that it is for; else that of its reception.
    pub at: String,
    /// When it was quarantined.
    pub first_seen: String,
    /// When it vanishes by itself.
    pub expires_at: String,
    /// How many replays were refused.
    pub attempts: u32,
}

/// An entry as the live feed tells of it.
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

/// What a device published.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Payload {
    /// The bytes.
    pub base64: String,
    /// The bytes as text, if they are text.
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
    /// The entry with its new reason, when it was refused.
    #[serde(default)]
    pub entry: Option<Entry>,
    /// Parts of the message that were refused while the rest was accepted.
    #[serde(default)]
    pub quarantined: Vec<String>,
}

/// The result of replaying a part of a group: `POST /quarantine/replay`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Replayed {
    /// How many entries have left the quarantine.
    pub accepted: u64,
    /// How many were refused again.
    pub refused: u64,
    /// Of how many the outcome is not known.
    pub failed: u64,
    /// Asks for the next part; absent after the last one.
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
