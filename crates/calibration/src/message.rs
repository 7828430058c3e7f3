//! Parsing messages into readings and refused parts.

use serde_json::{Map, Value, json};
use weir_core::domain::reading::{FILLING, RawReading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::{Envelope, instant, number};

/// Maximum characters of an invalid sensor code in a quarantine entry.
const LONGEST_SHOWN: usize = 80;

/// A message of a device.
#[derive(Debug, PartialEq)]
pub struct Message {
    /// The device, from the topic and never from the payload.
    pub device: DeviceId,
    /// The values that are valid.
    pub readings: Vec<RawReading>,
    /// The parts that are not.
    pub refused: Vec<RefusedPart>,
    /// Whether the message is one value, as on the single-sensor topic: a refused part is then the whole message.
    pub single: bool,
}

/// A part of a message that is refused.
#[derive(Debug, PartialEq)]
pub struct RefusedPart {
    /// The sensor, if the part is one value.
    pub sensor: Option<String>,
    /// The instant, when known.
    pub at: Option<Timestamp>,
    /// Why it is refused.
    pub refusal: Refusal,
    /// The payload of a replay: a message with this part only.
    pub payload: Value,
}

/// A message that is refused as a whole.
#[derive(Debug, PartialEq)]
pub struct RefusedMessage {
    /// The device, when the topic names one.
    pub device: Option<String>,
    /// The instant of the message, when known.
    pub at: Option<Timestamp>,
    /// Why it is refused.
    pub refusal: Refusal,
}

/// A sensor code for a quarantine entry: cut to 80 characters, since an invalid one can be long.
pub fn shown(code: &str) -> String {
    code.chars().take(LONGEST_SHOWN).collect()
}

/// The message that replays one value: its topic and payload.
pub fn single(series: &Series, at: Timestamp, raw: f64) -> (String, Vec<u8>) {
    let payload = json!({"ts": at.millis(), "values": {series.sensor.as_str(): raw}});
    (format!("{}/readings", series.device), payload.to_string().into_bytes())
}

/// Parses a message of one of the two topics: `{device}/reading/sensor/{code}` and `{device}/readings`.
///
/// # Errors
/// When no part of it is valid.
pub fn parse(envelope: &Envelope) -> Result<Message, RefusedMessage> {
    let topic: Vec<&str> = envelope.topic.split('/').collect();
    let (device, code) = match topic.as_slice() {
        [device, "reading", "sensor", code] => (*device, Some(*code)),
        [device, "readings"] => (*device, None),
        _ => {
            let detail = format!("{:?} is not a topic of readings", envelope.topic);
            return Err(RefusedMessage { device: None, at: None, refusal: Refusal::new(Reason::BadTopic, detail) });
        }
    };
    let refused = |refusal| RefusedMessage { device: Some(device.to_owned()), at: None, refusal };
    let id = device.parse().map_err(|error| refused((Reason::BadDeviceId, error).into()))?;
    let payload = envelope.json().map_err(refused)?;
    let received = envelope.received_at;
    let mut message = Message { device: id, readings: Vec::new(), refused: Vec::new(), single: code.is_some() };
    match (code, payload.get("batch"), payload.get("values")) {
        (Some(code), _, _) => {
            let value = payload.get("value").unwrap_or(&Value::Null);
            let at = at(&payload, received).map_err(refused)?;
            match reading(code, at, value) {
                Ok(reading) => message.readings.push(reading),
                Err(refusal) => return Err(RefusedMessage { at: Some(at), ..refused(refusal) }),
            }
        }
        (None, Some(Value::Array(groups)), None) => groups.iter().for_each(|group| message.read(group, received)),
        (None, None, Some(_)) => message.read(&Value::Object(payload), received),
        (None, _, _) => {
            let detail = "the payload has neither `values` nor a list `batch`, or both";
            return Err(refused(Refusal::new(Reason::Unparseable, detail)));
        }
    }
    if message.readings.is_empty() && message.refused.is_empty() {
        return Err(refused(Refusal::new(Reason::Unparseable, "the message has no values")));
    }
    Ok(message)
}

impl Message {
    /// Parses one group of values of the same instant.
    fn read(&mut self, group: &Value, received: Timestamp) {
        let whole = |refusal| RefusedPart { sensor: None, at: None, refusal, payload: json!({"batch": [group]}) };
        let values = group.get("values").and_then(Value::as_object);
        let (Some(fields), Some(values)) = (group.as_object(), values) else {
            let refusal = Refusal::new(Reason::Unparseable, "a group without an object `values`");
            return self.refused.push(whole(refusal));
        };
        let at = match at(fields, received) {
            Ok(at) => at,
            Err(refusal) => return self.refused.push(whole(refusal)),
        };
        for (code, value) in values {
            match reading(code, at, value) {
                Ok(reading) => self.readings.push(reading),
                Err(refusal) => self.refused.push(RefusedPart {
                    sensor: Some(shown(code)),
                    at: Some(at),
                    refusal,
                    payload: json!({"ts": at.millis(), "values": {code: value}}),
                }),
            }
        }
    }
}

/// The instant of a message or group: its `ts`, else the instant of reception.
fn at(fields: &Map<String, Value>, received: Timestamp) -> Result<Timestamp, Refusal> {
    fields.get("ts").map_or(Ok(received), |ts| instant(ts)?.plausible(received))
}

fn reading(code: &str, at: Timestamp, value: &Value) -> Result<RawReading, Refusal> {
    let sensor: SensorCode = code.parse().map_err(|error| (Reason::BadSensorCode, error))?;
    if sensor.as_str() == FILLING {
        // A device may have the same id as a level, and then both would be one series.
        return Err(Refusal::new(Reason::BadSensorCode, "the code is reserved for the level of a flow sensor"));
    }
    Ok(RawReading { sensor, at, raw: number(value)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: Timestamp = Timestamp::from_millis(1_795_155_884_500);

    fn parsed(topic: &str, payload: &str) -> Result<Message, RefusedMessage> {
        parse(&Envelope {
            topic: topic.to_owned(),
            received_at: RECEIVED,
            payload: payload.as_bytes().to_vec(),
            replay: None,
        })
    }

    fn raw(message: &Message) -> Vec<(&str, i64, f64)> {
        message.readings.iter().map(|r| (r.sensor.as_str(), r.at.millis(), r.raw)).collect()
    }

    fn reason(topic: &str, payload: &str) -> Reason {
        parsed(topic, payload).unwrap_err().refusal.reason
    }

    #[test]
    fn one_sensor_says_a_number_or_a_numeric_text() {
        for payload in [r#"{"value": 10}"#, r#"{"value": 10.0}"#, r#"{"value": "10.0"}"#] {
            let message = parsed("buoy-01/reading/sensor/ph", payload).unwrap();
            assert_eq!((message.device.as_str(), raw(&message)), ("buoy-01", vec![("ph", RECEIVED.millis(), 10.0)]));
        }
        let message = parsed("b/reading/sensor/ph", r#"{"value": 7, "ts": "2026-11-20T06:24:44.123Z"}"#).unwrap();
        assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.0)]);
    }

    #[test]
    fn several_sensors_and_several_instants_come_in_one_message() {
        let message = parsed("b/readings", r#"{"ts": 1795155884123, "values": {"ph": 7.02, "tmp": 12.5}}"#).unwrap();
        assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.02), ("tmp", 1_795_155_884_123, 12.5)]);
        let batch = r#"{"batch": [{"ts": 1795155884123, "values": {"ph": 7}}, {"values": {"ph": "8"}}]}"#;
        let message = parsed("b/readings", batch).unwrap();
        assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.0), ("ph", RECEIVED.millis(), 8.0)]);
    }

    #[test]
    fn one_bad_value_does_not_hold_back_its_siblings() {
        let batch = r#"{"batch": [{"ts": 1, "values": {"ph": 7}}, 5, {"values": {"ph": "abc", "Bad": 1, "tmp": 8}}]}"#;
        let message = parsed("b/readings", batch).unwrap();
        assert_eq!(raw(&message), [("tmp", RECEIVED.millis(), 8.0)]);
        let refused: Vec<_> = message.refused.iter().map(|p| (p.refusal.reason, p.payload.to_string())).collect();
        assert_eq!(
            refused,
            [
                (Reason::BadTimestamp, r#"{"batch":[{"ts":1,"values":{"ph":7}}]}"#.to_owned()),
                (Reason::Unparseable, r#"{"batch":[5]}"#.to_owned()),
                (Reason::BadSensorCode, r#"{"ts":1795155884500,"values":{"Bad":1}}"#.to_owned()),
                (Reason::BadValue, r#"{"ts":1795155884500,"values":{"ph":"abc"}}"#.to_owned()),
            ]
        );
    }

    #[test]
    fn what_a_replay_sends_is_read_as_the_same_reading() {
        let message = parsed("b/reading/sensor/ph", r#"{"value": 0.1, "ts": 1795155884123}"#).unwrap();
        let series = Series { device: message.device.clone(), sensor: "ph".parse().unwrap() };
        let (topic, payload) = single(&series, message.readings[0].at, message.readings[0].raw);
        let again = parsed(&topic, std::str::from_utf8(&payload).unwrap()).unwrap();
        assert_eq!(again.readings, message.readings);
    }

    #[test]
    fn what_cannot_be_read_at_all_is_refused_with_the_reason() {
        for (topic, payload, expected) in [
            ("b/reading", "{}", Reason::BadTopic),
            ("", "{}", Reason::BadTopic),
            ("b/reading/sensor/ph/x", "{}", Reason::BadTopic),
            ("-b/readings", "{}", Reason::BadDeviceId),
            ("b/readings", "not json", Reason::Unparseable),
            ("b/readings", "{}", Reason::Unparseable),
            ("b/readings", r#"{"values": {}}"#, Reason::Unparseable),
            ("b/readings", r#"{"batch": []}"#, Reason::Unparseable),
            ("b/readings", r#"{"batch": {}, "values": {"ph": 1}}"#, Reason::Unparseable),
            ("b/reading/sensor/PH", r#"{"value": 1}"#, Reason::BadSensorCode),
            ("b/reading/sensor/ph", "{}", Reason::BadValue),
            ("b/reading/sensor/ph", r#"{"value": "NaN"}"#, Reason::BadValue),
            ("b/reading/sensor/ph", r#"{"value": 1e200}"#, Reason::NumberOutOfRange),
            ("b/reading/sensor/ph", r#"{"value": 1, "ts": 1795156784501}"#, Reason::FutureTimestamp),
        ] {
            assert_eq!(reason(topic, payload), expected, "{topic} {payload}");
        }
    }
}
