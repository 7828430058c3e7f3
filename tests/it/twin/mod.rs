//! The function `twin`: events of AWS IoT about shadows and connections, reordered, repeated, and with all kinds of faults.

mod cost;
mod faults;
mod firmware;
mod presence;
mod rules;

use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::Functions;

/// A message of a rule, received at this instant in ms.
pub fn message(topic: &str, payload: &Value, received_at: i64) -> Value {
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::STANDARD.encode(payload.to_string());
    json!({"payload": payload, "topic": topic, "received_at": received_at})
}

/// A connection of a device that begins or ends at this instant in ms.
pub fn connection(device: &str, state: &str, version: u64, at: i64) -> Value {
    let mut payload = json!({"clientId": device, "timestamp": at, "eventType": state, "versionNumber": version});
    if state == "disconnected" {
        payload["disconnectReason"] = "CONNECTION_LOST".into();
    }
    message(&format!("$aws/events/presence/{state}/{device}"), &payload, at + 300)
}

/// A connection of a device that begins with this certificate.
pub fn connected_with(device: &str, certificate: &str, version: u64, at: i64) -> Value {
    let payload = json!({"clientId": device, "timestamp": at, "eventType": "connected", "versionNumber": version,
        "principalIdentifier": certificate});
    message(&format!("$aws/events/presence/connected/{device}"), &payload, at + 300)
}

/// The shadow of a device reports this number in this version, at this second.
pub fn shadow(device: &str, version: u64, number: u64, second: i64) -> Value {
    let side = |number: u64, version: u64| json!({"state": {"reported": {"n": number}}, "version": version});
    let payload =
        json!({"previous": side(number - 1, version - 1), "current": side(number, version), "timestamp": second});
    message(&format!("$aws/things/{device}/shadow/update/documents"), &payload, second * 1000 + 300)
}

pub async fn hand(functions: &Functions, event: Value) -> Value {
    functions.twin.answer(event).await.unwrap()
}

/// The events, by device, kind and id, without that of the device that was deleted before the test begins.
pub fn ids(engine: &Engine) -> Vec<String> {
    let is_told = |row: &Value| row["row"] != "connection" && row["device"] != "buoy-gone";
    let rows = engine.rows("events").into_iter().filter(is_told);
    let mut ids: Vec<String> =
        rows.map(|row| format!("{} {}", row["device"].as_str().unwrap(), row["id"].as_str().unwrap())).collect();
    ids.sort();
    ids
}

/// The state of a device's connection, and its number.
pub async fn state(engine: &Engine, device: &str) -> Option<(String, u64, Timestamp)> {
    let known = engine.events().connection(&device.parse().unwrap()).await.unwrap()?;
    Some((known.state.code().to_owned(), known.version, known.since))
}
