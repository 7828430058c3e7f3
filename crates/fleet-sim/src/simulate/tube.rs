//! Level reports: from our own gateway (rule C), and as uplinks from The Things Stack (rule D).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::buoy::rfc3339;
use super::{Effect, Level, Message};
use crate::fleet::FlowSensor;

/// The thing that publishes the uplinks from The Things Stack.
pub const UPLINKS: &str = "things-stack";

/// The thing that publishes the reports of a tube.
pub fn gateway(tube: char) -> String {
    format!("gateway-{tube}")
}

/// A report on the level topic. The level is text, as sent by the first devices, or a number.
pub fn report(topic: &str, sensor: &FlowSensor, at: i64, filling: f64, as_text: bool) -> Message {
    let written = if as_text { json!(filling.to_string()) } else { json!(filling) };
    let payload = json!({"id": sensor.id, "filling": written, "ts": at});
    let sender = gateway(sensor.id.chars().next().unwrap_or('0'));
    message(sender, topic.to_owned(), &payload, level(sensor, at, filling))
}

/// An uplink. The level is in the decoded payload, or only in the frame, as base64 of ASCII digits.
pub fn uplink(sensor: &FlowSensor, at: i64, filling: f64, decoded: bool) -> Message {
    let mut uplink = json!({
        "f_port": 1,
        "f_cnt": at / 1000 % 65_536,
        "frm_payload": STANDARD.encode(filling.to_string()),
        "received_at": rfc3339(at),
        "rx_metadata": [{"gateway_ids": {"gateway_id": "roof"}, "rssi": -97, "snr": 6.2}],
    });
    if let (true, Some(fields)) = (decoded, uplink.as_object_mut()) {
        fields.insert("decoded_payload".to_owned(), json!({"filling": filling}));
    }
    // The outer timestamp, when the application server received it, is a little later than the one that counts.
    let payload = json!({
        "end_device_ids": {"device_id": sensor.device, "application_ids": {"application_id": "weir"}},
        "received_at": rfc3339(at + 180),
        "uplink_message": uplink,
    });
    message(
        UPLINKS.to_owned(),
        format!("v3/weir@ttn/devices/{}/up", sensor.device),
        &payload,
        level(sensor, at, filling),
    )
}

/// The same message, expected to be stored among older reports.
pub fn late(mut message: Message) -> Message {
    for effect in &mut message.effects {
        if let Effect::Level(level) = effect {
            *effect = Effect::Late(level.clone());
        }
    }
    message
}

fn level(sensor: &FlowSensor, at: i64, filling: f64) -> Effect {
    Effect::Level(Level { id: sensor.id.clone(), at, filling })
}

fn message(sender: String, topic: String, payload: &Value, effect: Effect) -> Message {
    Message { sender, topic, payload: payload.to_string().into_bytes(), function: "organizer", effects: vec![effect] }
}
