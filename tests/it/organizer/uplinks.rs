//! Uplinks of The Things Stack without a level, or with an unusual format of it.

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};

use super::{handled, set_up};

const ZERO: &str = "0001-01-01T00:00:00Z";

/// The event of an uplink of a device, with these fields beside `end_device_ids` and in `uplink_message`.
fn uplink(device: &str, outer: Value, message: Value) -> Value {
    let mut event = json!({"topic": format!("v3/sewer@ttn/devices/{device}/up"), "received_at": NOW.millis(),
        "end_device_ids": {"device_id": device}, "uplink_message": message});
    let Value::Object(outer) = outer else { panic!("fields") };
    event.as_object_mut().unwrap().extend(outer);
    let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, event.to_string());
    json!({"payload": payload, "topic": event["topic"], "received_at": NOW.millis()})
}

async fn after(event: Value) -> (Engine, Functions, String) {
    let (engine, functions) = set_up().await;
    let outcome = handled(&functions, event).await;
    (engine, functions, outcome)
}

#[tokio::test]
async fn the_zero_time_of_go_counts_as_absent() {
    for (inner, at) in [(json!(ZERO), NOW.millis() - 5_000), (json!(null), NOW.millis() - 5_000)] {
        let event = uplink(
            "kloaka-03",
            json!({"received_at": "2026-11-20T06:24:40Z"}),
            json!({"received_at": inner, "frm_payload": "NTA="}),
        );
        let (engine, _, outcome) = after(event).await;
        assert_eq!((outcome.as_str(), engine.row("readings")["at"].as_i64()), ("registered", Some(at)));
    }
    let event = uplink("kloaka-03", json!({"received_at": ZERO}), json!({"frm_payload": "NTA="}));
    assert_eq!(after(event).await.0.row("readings")["at"], NOW.millis());
}

#[tokio::test]
async fn a_simulated_uplink_is_quarantined_as_such() {
    let event = uplink("kloaka-03", json!({"simulated": true}), json!({"frm_payload": "NTA=", "received_at": ZERO}));
    let (engine, _, outcome) = after(event).await;
    assert_eq!(outcome, "quarantined");
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["device_id"]), (&"simulated".into(), &"kloaka-03".into()));
}

#[tokio::test]
async fn the_end_of_a_hexadecimal_word_is_no_level() {
    for device in ["eui-70b3d57ed0000001", "eui-70b3d57ed0000002", "kloaka03", "kloaka-a03"] {
        let (engine, _, outcome) = after(uplink(device, json!({}), json!({"frm_payload": "NTA="}))).await;
        assert_eq!(outcome, "quarantined", "{device}");
        assert_eq!(engine.row("quarantine")["reason"], "bad_level_id", "{device}");
        assert!(engine.rows("levels").is_empty(), "{device}");
    }
    for (device, level) in [("kloaka-03", "03"), ("sewer-east-345", "345")] {
        assert_eq!(after(uplink(device, json!({}), json!({"frm_payload": "NTA="}))).await.0.row("levels")["id"], level);
    }
}

#[tokio::test]
async fn a_nul_behind_the_text_does_not_count() {
    for (bytes, level) in [("MTAwAA==", "100"), ("NTAAAA==", "50")] {
        let (engine, ..) = after(uplink("kloaka-03", json!({}), json!({"frm_payload": bytes}))).await;
        assert_eq!(engine.row("levels")["last_value"], level, "{bytes}");
    }
}

#[tokio::test]
async fn a_decoder_that_was_given_no_bytes_reports_nothing() {
    for message in [
        json!({"decoded_payload": {"filling": 0}}),
        json!({"decoded_payload": {"filling": 0}, "frm_payload": ""}),
        json!({"decoded_payload": {"filling": "0"}, "frm_payload": null}),
    ] {
        let (engine, _, outcome) = after(uplink("kloaka-03", json!({}), message.clone())).await;
        assert_eq!((outcome.as_str(), engine.rows("levels").len()), ("quarantined", 0), "{message}");
        assert_eq!(engine.row("quarantine")["reason"], "bad_value", "{message}");
    }
    let zero = json!({"decoded_payload": {"filling": 0}, "frm_payload": "AA=="});
    assert_eq!(after(uplink("kloaka-03", json!({}), zero)).await.0.row("levels")["last_value"], "0");
}

#[tokio::test]
async fn the_registry_says_whether_bytes_are_text_or_a_number() {
    for (format, bytes, level) in [
        (json!("byte"), "Mg==", Some("50")),
        (json!("byte"), "AA==", Some("0")),
        (json!("byte"), "ZA==", Some("100")),
        (json!("byte"), "ZQ==", None),
        (json!("byte"), "NTA=", None),
        (json!("text"), "NTA=", Some("50")),
        (json!(null), "NTA=", Some("50")),
    ] {
        let (engine, functions) = set_up().await;
        let mut row = json!({"id": "kloaka-03", "enabled": true, "level_id": "77", "sensors": []});
        if !format.is_null() {
            row["level_format"] = format.clone();
        }
        engine.put("devices", &row);
        handled(&functions, uplink("kloaka-03", json!({}), json!({"frm_payload": bytes}))).await;
        let found = engine.rows("levels").first().map(|row| row["last_value"].as_str().unwrap().to_owned());
        assert_eq!(found.as_deref(), level, "{format} {bytes}");
    }
}

#[tokio::test]
async fn a_report_with_a_repeated_key_is_quarantined_and_named() {
    let payload = r#"{"id":"01","filling":40,"filling":90}"#;
    let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, payload);
    let event = json!({"payload": payload, "topic": "kloaka_from_device", "received_at": NOW.millis()});
    let (engine, _, outcome) = after(event).await;
    assert_eq!(outcome, "quarantined");
    assert!(engine.row("quarantine")["detail"].as_str().unwrap().contains("filling"));
}
