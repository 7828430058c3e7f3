//! A device's message as an IoT rule delivers it.
//!
//! The rules put the payload in base64 beside the fields they add, so that bytes that are not JSON arrive unchanged, and no
//! field of a device can pass for one of the rule:
//! `{"payload": "eyJ2…", "topic": "buoy-01/reading/sensor/ph", "received_at": 1795155884123}`.
//! The plain form, with the payload's fields beside the rule's (`SELECT *, topic() AS topic …`), is accepted too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::domain::{Reason, Refusal, Timestamp};
use crate::id::QuarantineId;

/// The fields that the rules add to a message in the plain form.
const ADDED: [&str; 4] = ["topic", "device_id", "sensor", "received_at"];

/// One message, not yet parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The topic it was published on, without the prefix of Basic Ingest; empty when the rule does not say.
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
        let field = |name: &str| event.get(name);
        let topic = field("topic").and_then(Value::as_str).unwrap_or_default();
        let received_at = field("received_at").and_then(Value::as_i64).map_or(now, Timestamp::from_millis);
        let enclosed = field("payload").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        // The fields beside a base64 payload come from a rule or from the function `quarantine`, never from a device.
        let replay = enclosed.as_ref().and_then(|_| field("replay")?.as_str()?.parse().ok());
        let payload = enclosed.unwrap_or_else(|| plain(event).to_string().into_bytes());
        Self { topic: without_basic_ingest(topic).to_owned(), received_at, payload, replay }
    }

    /// The payload as a JSON object.
    ///
    /// # Errors
    /// `unparseable` when it is not JSON, or not an object.
    pub fn json(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(&self.payload) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::new(Reason::Unparseable, "the payload is JSON but not an object")),
            Err(error) => Err(Refusal::new(Reason::Unparseable, format!("the payload is not JSON: {error}"))),
        }
    }

    /// The payload in base64.
    pub fn payload_base64(&self) -> String {
        STANDARD.encode(&self.payload)
    }
}

/// The payload of the plain form: the event without the fields that the rule added.
fn plain(event: &Value) -> Value {
    match event {
        Value::Object(fields) => {
            let own = |(name, _): &(&String, &Value)| !ADDED.contains(&name.as_str());
            fields.iter().filter(own).map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        other => other.clone(),
    }
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
        assert_eq!(Envelope::open(&plain, NOW).json().unwrap(), *json!({"value": 7.02}).as_object().unwrap());
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
    fn an_event_of_any_shape_can_be_opened() {
        for event in [json!(null), json!([1]), json!("x"), json!(1.5), json!({"payload": 1, "topic": 2})] {
            let _ = Envelope::open(&event, NOW).json();
        }
        assert_eq!(Envelope::open(&json!([1]), NOW).json().unwrap_err().reason, Reason::Unparseable);
    }
}
