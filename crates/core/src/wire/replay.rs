//! Replaying a message from the quarantine: the event that the function receives, and what its answer has besides the counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Quarantined, Reason, Refusal, Timestamp};
use crate::id::QuarantineId;

/// The field of an answer that lists the quarantined entries.
const ENTRIES: &str = "entries";

#[derive(Deserialize)]
struct QuarantinedJson {
    id: String,
    reason: Reason,
    detail: String,
}

/// The event of a replay: what an IoT rule would send, with the original time of reception and the id of the entry.
pub fn event(entry: &QuarantineId, topic: &str, received_at: Timestamp, payload: &[u8]) -> Value {
    json!({
        "payload": STANDARD.encode(payload),
        "topic": topic,
        "received_at": received_at.millis(),
        "replay": entry.as_str(),
    })
}

/// The answer to a replay: the usual answer, and the entries that were quarantined.
pub fn answer(mut usual: Value, quarantined: &[Quarantined]) -> Value {
    let shown = |Quarantined { id, refusal }: &Quarantined| json!({"id": id, "reason": refusal.reason, "detail": refusal.detail});
    if let Some(fields) = usual.as_object_mut() {
        fields.insert(ENTRIES.to_owned(), quarantined.iter().map(shown).collect());
    }
    usual
}

/// Reads the quarantined entries from such an answer; `None` when the answer does not list them. Every function that supports
/// replays lists them.
pub fn quarantined(answer: &Value) -> Option<Vec<Quarantined>> {
    let all: Vec<QuarantinedJson> = Vec::deserialize(answer.get(ENTRIES)?).ok()?;
    let entry = |QuarantinedJson { id, reason, detail }| Quarantined { id, refusal: Refusal::new(reason, detail) };
    Some(all.into_iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Envelope;

    #[test]
    fn what_is_sent_again_is_the_message_as_it_was_received() {
        let id: QuarantineId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let at = Timestamp::from_millis(1_795_155_884_123);
        let envelope = Envelope::open(&event(&id, "b/readings", at, b"\xff{"), Timestamp::from_millis(0));
        let expected =
            Envelope { topic: "b/readings".to_owned(), received_at: at, payload: b"\xff{".to_vec(), replay: Some(id) };
        assert_eq!(envelope, expected);
    }

    #[test]
    fn quarantined_entries_are_read_as_they_were_written() {
        let all: Vec<Quarantined> = Reason::ALL
            .iter()
            .map(|reason| Quarantined { id: reason.code().to_owned(), refusal: Refusal::new(*reason, "why") })
            .collect();
        assert_eq!(quarantined(&answer(json!({"stored": 0}), &all)), Some(all));
        assert_eq!(quarantined(&json!({"entries": []})), Some(vec![]));
        for silent in [
            json!({}),
            json!(null),
            json!({"entries": 1}),
            json!({"entries": [{"id": "a", "reason": "new", "detail": ""}]}),
        ] {
            assert_eq!(quarantined(&silent), None, "{silent}");
        }
    }
}
