//! Malformed messages, which have to be quarantined: one for each reason that a simulation can cause.

use serde_json::{Value, json};

use super::tube::gateway;
use super::{Effect, Message, Quarantined};
use crate::fleet::{Buoy, Fleet, RETIRED, STRANGER};

/// All malformed messages, as of `now` (ms since the epoch).
pub fn all(fleet: &Fleet, level_topic: &str, now: i64) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(buoy) = fleet.buoys.first() {
        messages.extend(readings(buoy, now));
    }
    if let Some(tube) = fleet.tubes.first() {
        let sender = gateway(tube.tube);
        let level = |payload: Vec<u8>, reason| message(&sender, level_topic.to_owned(), payload, "organizer", reason);
        messages.push(level(json_bytes(&json!({"id": "01", "filling": 140, "ts": now})), "number_out_of_range"));
        messages.push(level(json_bytes(&json!({"id": "01", "filling": "full", "ts": now})), "bad_value"));
        messages.push(level(json_bytes(&json!({"id": "tube one", "filling": 100, "ts": now})), "bad_level_id"));
        messages.push(level(b"01;100".to_vec(), "unparseable"));
    }
    messages
}

fn readings(buoy: &Buoy, now: i64) -> Vec<Message> {
    let topic = |device: &str, code: &str| format!("{device}/reading/sensor/{code}");
    let own =
        |code: &str, payload: Vec<u8>, reason| message(&buoy.id, topic(&buoy.id, code), payload, "calibration", reason);
    let value = |fields: Value| json_bytes(&fields);
    vec![
        own("ph", br#"{"value": 7.0"#.to_vec(), "unparseable"),
        // Bytes that are not text, as from an uninitialised buffer.
        own("ph", vec![0xff, 0xfe, 0x00, 0x07, 0x80], "unparseable"),
        own("ph", value(json!({"ts": now, "value": "abc"})), "bad_value"),
        own("ph", value(json!({"ts": "yesterday", "value": 7})), "bad_timestamp"),
        own("ph", value(json!({"ts": now + 3_600_000, "value": 7})), "future_timestamp"),
        own("xyz", value(json!({"ts": now, "value": 7})), "unknown_sensor"),
        own("PH-1", value(json!({"ts": now, "value": 7})), "bad_sensor_code"),
        // Turbidity is not calibrated up there, and its calibration rejects values outside its range.
        own("tbd", value(json!({"ts": now, "value": 9.5})), "outside_calibration"),
        message(
            STRANGER,
            topic(STRANGER, "ph"),
            value(json!({"ts": now, "value": 7})),
            "calibration",
            "unknown_device",
        ),
        message(
            RETIRED,
            topic(RETIRED, "ph"),
            value(json!({"ts": now, "value": -40})),
            "calibration",
            "device_disabled",
        ),
    ]
}

fn json_bytes(fields: &Value) -> Vec<u8> {
    fields.to_string().into_bytes()
}

fn message(sender: &str, topic: String, payload: Vec<u8>, function: &'static str, reason: &'static str) -> Message {
    Message {
        sender: sender.to_owned(),
        topic,
        payload,
        function,
        effects: vec![Effect::Quarantined(Quarantined { reason, part: None })],
    }
}
