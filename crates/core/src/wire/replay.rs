//! A message that is sent again out of the quarantine: what its function is handed, and what it tells beyond its counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Kept, Reason, Refusal, Timestamp};
use crate::id::QuarantineId;

#[derive(Deserialize)]
struct KeptJson {
    id: String,
    reason: Reason,
    detail: String,
}

/// What a rule would send, with the instant at which AWS received it then, and with the entry that it is.
pub fn event(entry: &QuarantineId, topic: &str, received_at: Timestamp, payload: &[u8]) -> Value {
    json!({
        "payload": STANDARD.encode(payload),
        "topic": topic,
        "received_at": received_at.millis(),
        "replay": entry.as_str(),
    })
}

/// What a function that was sent something again answers: what it always does, and what it has set aside.
pub fn answer(mut usual: Value, kept: &[Kept]) -> Value {
    let told = |Kept { id, refusal }: &Kept| json!({"id": id, "reason": refusal.reason, "detail": refusal.detail});
    if let Some(fields) = usual.as_object_mut() {
        fields.insert("aside".to_owned(), kept.iter().map(told).collect());
    }
    usual
}

/// Reads what was set aside from such an answer; `None` when it does not say so, which a function that knows of replays
/// always does.
pub fn kept(answer: &Value) -> Option<Vec<Kept>> {
    let all: Vec<KeptJson> = Vec::deserialize(answer.get("aside")?).ok()?;
    let kept = |KeptJson { id, reason, detail }| Kept { id, refusal: Refusal::new(reason, detail) };
    Some(all.into_iter().map(kept).collect())
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
    fn what_was_set_aside_is_read_as_it_was_written() {
        let all: Vec<Kept> = Reason::ALL
            .iter()
            .map(|reason| Kept { id: reason.code().to_owned(), refusal: Refusal::new(*reason, "why") })
            .collect();
        assert_eq!(kept(&answer(json!({"stored": 0}), &all)), Some(all));
        assert_eq!(kept(&json!({"aside": []})), Some(vec![]));
        for silent in [
            json!({}),
            json!(null),
            json!({"aside": 1}),
            json!({"aside": [{"id": "a", "reason": "new", "detail": ""}]}),
        ] {
            assert_eq!(kept(&silent), None, "{silent}");
        }
    }
}
