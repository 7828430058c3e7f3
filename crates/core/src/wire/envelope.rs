//! A device's message as an IoT rule delivers it.
//!
//! The rules put the payload in base64 beside the fields they add, so that bytes that are not JSON arrive unchanged, and a
//! device cannot forge a field of the rule:
//! `{"payload": "eyJ2…", "topic": "buoy-01/reading/sensor/ph", "received_at": 1795155884123}`.
//! The plain form, with the payload's fields beside the rule's (`SELECT *, topic() AS topic …`), is accepted too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::json::{Json, Object};
use crate::domain::{Reason, Refusal, Timestamp};
use crate::id::QuarantineId;

/// The fields that the rules add to a message in the plain form.
const ADDED: [&str; 4] = ["topic", "device_id", "sensor", "received_at"];

/// One message, not yet parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The topic it was published on, without the prefix of Basic Ingest; empty when the rule does not give it.
    pub topic: String,
    /// When AWS received it.
    pub received_at: Timestamp,
    /// The bytes the device published.
    pub payload: Vec<u8>,
    /// The quarantine entry that this message replays; only possible in the form with a base64 payload.
    pub replay: Option<QuarantineId>,
}

impl Envelope {
    /// Reads the event of a rule. `now` is the time of reception if the event has none.
    ///
    /// Never fails: any other event becomes an envelope whose payload is the event itself, which is then refused like any
    /// other payload that cannot be read.
    pub fn open(event: &Value, now: Timestamp) -> Self {
        Self::of(&Json::from(event), None, now)
    }

    /// Reads the text of an event, as a queue carries it. Unlike [`Envelope::open`], it keeps repeated keys of a payload in the plain
    /// form, and numbers that do not fit a double.
    pub fn read(text: &str, now: Timestamp) -> Self {
        match Json::parse(without_marks(text)) {
            Ok(event) => Self::of(&event, Some(text), now),
            Err(_) => Self { topic: String::new(), received_at: now, payload: text.as_bytes().to_vec(), replay: None },
        }
    }

    fn of(event: &Json, text: Option<&str>, now: Timestamp) -> Self {
        let topic = event.get("topic").and_then(Json::as_text).unwrap_or_default();
        let received_at = match event.get("received_at") {
            Some(Json::Number(millis)) => millis.parse().map_or(now, Timestamp::from_millis),
            _ => now,
        };
        let enclosed = event.get("payload").and_then(Json::as_text).and_then(|text| STANDARD.decode(text).ok());
        // The fields beside a base64 payload come from a rule or from the function `quarantine`, never from a device.
        let replay = enclosed.as_ref().and_then(|_| event.get("replay")?.as_text()?.parse().ok());
        // If the topic is repeated, neither can be relied on: the whole event is then the payload, which is refused.
        let repeated = event.as_object().map(Object::repeated_keys).unwrap_or_default();
        let own = |key: &&str| ADDED.contains(key) || *key == "payload";
        let payload = match (enclosed, text) {
            (_, Some(text)) if repeated.iter().any(own) => text.as_bytes().to_vec(),
            (Some(bytes), _) => bytes,
            (None, _) => plain(event).to_string().into_bytes(),
        };
        Self { topic: without_basic_ingest(topic).to_owned(), received_at, payload, replay }
    }

    /// The payload as a JSON object. A byte-order mark before it and NULs after it are ignored.
    ///
    /// # Errors
    /// `unparseable` when it is not JSON, or not an object.
    pub fn json(&self) -> Result<Object, Refusal> {
        let bad = |detail: String| Refusal::new(Reason::Unparseable, detail);
        let text = std::str::from_utf8(&self.payload);
        match Json::parse(without_marks(text.map_err(|error| bad(format!("the payload is not UTF-8: {error}")))?)) {
            Ok(Json::Object(object)) => Ok(object),
            Ok(_) => Err(bad("the payload is JSON but not an object".to_owned())),
            Err(error) => Err(bad(format!("the payload is not JSON: {error}"))),
        }
    }

    /// The payload in base64.
    pub fn payload_base64(&self) -> String {
        STANDARD.encode(&self.payload)
    }
}

/// The payload of the plain form: the event without the fields that the rule added.
fn plain(event: &Json) -> Json {
    match event {
        Json::Object(fields) => {
            let own = |(name, _): &(&str, &Json)| !ADDED.contains(name);
            Json::Object(fields.iter().filter(own).map(|(name, value)| (name.to_owned(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// The text without a leading byte-order mark and trailing NULs or white space.
fn without_marks(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.trim_end_matches(|c: char| c == '\0' || c.is_ascii_whitespace())
}

/// The topic without the prefix `$aws/rules/<rule name>/` of Basic Ingest. AWS removes it in `topic()`; not every broker does.
fn without_basic_ingest(topic: &str) -> &str {
    topic.strip_prefix("$aws/rules/").and_then(|rest| rest.split_once('/')).map_or(topic, |(_, topic)| topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_999);

    #[test]
    fn the_enclosed_and_the_plain_form_say_the_same() {
        let enclosed = json!({"payload": "eyJ2YWx1ZSI6Ny4wMn0=", "topic": "b/reading/sensor/ph", "device_id": "b",
            "sensor": "ph", "received_at": 1_795_155_884_123_i64});
        let plain = json!({"value": 7.02, "topic": "b/reading/sensor/ph", "device_id": "b", "sensor": "ph",
            "received_at": 1_795_155_884_123_i64});
        assert_eq!(Envelope::open(&enclosed, NOW), Envelope::open(&plain, NOW));
        assert_eq!(Envelope::open(&plain, NOW).json().unwrap().to_string(), r#"{"value":7.02}"#);
    }

    #[test]
    fn only_beside_an_enclosed_payload_a_replay_is_believed() {
        let id = "0123456789abcdef0123456789abcdef";
        let enclosed = json!({"payload": "e30=", "topic": "b/readings", "replay": id});
        assert_eq!(Envelope::open(&enclosed, NOW).replay, Some(id.parse().unwrap()));
        for other in [
            json!({"value": 7.02, "topic": "b/reading/sensor/ph", "replay": id}),
            json!({"payload": "e30=", "replay": "x"}),
            json!({"payload": {}, "replay": id}),
        ] {
            assert_eq!(Envelope::open(&other, NOW).replay, None, "{other}");
        }
    }

    #[test]
    fn basic_ingest_leaves_no_trace_in_the_topic() {
        let event = json!({"payload": "e30=", "topic": "$aws/rules/weir_dev_reading/b/reading/sensor/ph"});
        assert_eq!(Envelope::open(&event, NOW).topic, "b/reading/sensor/ph");
    }

    #[test]
    fn bytes_that_are_no_json_are_kept_as_they_came() {
        let envelope = Envelope::open(&json!({"payload": "//4A", "topic": "b/readings"}), NOW);
        assert_eq!((envelope.payload.as_slice(), envelope.payload_base64().as_str()), (&[0xff, 0xfe, 0][..], "//4A"));
        assert_eq!(envelope.json().unwrap_err().reason, Reason::Unparseable);
        assert_eq!(envelope.received_at, NOW);
    }

    #[test]
    fn marks_around_a_payload_do_not_count() {
        for payload in [
            "\u{feff}{\"value\":7.25}",
            "{\"value\":7.25}\0",
            "\u{feff} {\"value\":7.25} \0\n\0\0",
            "{\"value\":7.25}\r\n",
        ] {
            let event = json!({"payload": STANDARD.encode(payload), "topic": "b/readings"});
            let envelope = Envelope::open(&event, NOW);
            assert_eq!(envelope.json().unwrap().to_string(), r#"{"value":7.25}"#, "{payload:?}");
            assert_eq!(envelope.payload, payload.as_bytes(), "the quarantine keeps what was sent");
        }
        for bad in ["\0{\"value\":7.25}", "\u{feff}\u{feff}{\"value\":7.25}", "{\"value\":7.25}\u{feff}", "\0", ""] {
            let event = json!({"payload": STANDARD.encode(bad), "topic": "b/readings"});
            assert_eq!(Envelope::open(&event, NOW).json().unwrap_err().reason, Reason::Unparseable, "{bad:?}");
        }
    }

    #[test]
    fn the_text_of_an_event_keeps_what_the_plain_form_says() {
        let read = |text: &str| Envelope::read(text, NOW);
        let text = r#"{"values":{"ph":1E400,"ph":7.02},"topic":"b/readings","received_at":1795155884123}"#;
        assert_eq!(read(text).payload, br#"{"values":{"ph":1E400,"ph":7.02}}"#);
        assert_eq!((read(text).topic.as_str(), read(text).received_at.millis()), ("b/readings", 1_795_155_884_123));
        let enclosed = "\u{feff}{\"payload\":\"e30=\",\"topic\":\"b/readings\"}\0";
        assert_eq!((read(enclosed).payload.as_slice(), read(enclosed).topic.as_str()), (&b"{}"[..], "b/readings"));
        let twice = r#"{"payload":"e30=","topic":"b/readings","topic":"c/readings"}"#;
        assert_eq!((read(twice).topic.as_str(), read(twice).payload.as_slice()), ("b/readings", twice.as_bytes()));
        assert_eq!(read("not json").payload, b"not json");
    }

    #[test]
    fn an_event_of_any_shape_can_be_opened() {
        for event in [json!(null), json!([1]), json!("x"), json!(1.5), json!({"payload": 1, "topic": 2})] {
            let _ = Envelope::open(&event, NOW).json();
        }
        assert_eq!(Envelope::open(&json!([1]), NOW).json().unwrap_err().reason, Reason::Unparseable);
    }
}
