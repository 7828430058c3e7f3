//! Malformed and refused messages are quarantined with their reason, and can be replayed byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_core::domain::Reason;
use weir_runtime::Function as _;
use weir_tests::events::event;
use weir_tests::functions::NOW;

use super::{handled, keeping, stood};

/// Each refused event with its reason, with its device and its sensor where they are known.
const REASONS: &[(&str, &str, Option<&str>, Option<&str>)] = &[
    ("refused.bad-device-id", "bad_device_id", Some("-buoy"), Some("ph")),
    ("refused.bad-sensor-code", "bad_sensor_code", Some("buoy-01"), Some("PH")),
    ("refused.bad-timestamp", "bad_timestamp", Some("buoy-01"), Some("ph")),
    ("refused.before-history", "bad_timestamp", Some("buoy-01"), Some("ph")),
    ("refused.bad-topic", "bad_topic", None, None),
    ("refused.bad-value", "bad_value", Some("buoy-01"), Some("ph")),
    ("refused.device-disabled", "device_disabled", Some("buoy-02"), Some("ph")),
    ("refused.duplicate-key", "duplicate_key", Some("buoy-01"), Some("ph")),
    ("refused.future-timestamp", "future_timestamp", Some("buoy-01"), Some("ph")),
    ("refused.missing-input", "missing_input", Some("air-01"), Some("pm25")),
    ("refused.no-values", "unparseable", Some("buoy-01"), None),
    ("refused.not-finite", "bad_value", Some("buoy-01"), Some("ph")),
    ("refused.not-json", "unparseable", Some("buoy-01"), Some("ph")),
    ("refused.outside-calibration", "outside_calibration", Some("buoy-01"), Some("do")),
    ("refused.seconds-for-milliseconds", "bad_timestamp", Some("buoy-01"), Some("ph")),
    ("refused.sensor-disabled", "sensor_disabled", Some("buoy-01"), Some("tbd")),
    ("refused.number-out-of-range", "number_out_of_range", Some("buoy-01"), Some("ph")),
    ("refused.too-many-values", "too_many_values", Some("buoy-01"), None),
    ("refused.two-timestamps", "bad_timestamp", Some("buoy-01"), Some("ph")),
    ("refused.unknown-device", "unknown_device", Some("buoy-99"), Some("ph")),
    ("refused.unknown-sensor", "unknown_sensor", Some("buoy-01"), Some("xyz")),
];

/// Reasons that `calibration` never gives over DynamoDB, and who gives them.
const ELSEWHERE: [&str; 4] = [
    "bad_level_id",     // organizer
    "simulated",        // organizer
    "too_many_refused", // bounds.rs
    "store_refused",    // Timestream
];

fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, Value::from)
}

#[tokio::test]
async fn a_refused_message_is_kept_with_its_reason_and_the_bytes_as_published() {
    for (name, reason, device, sensor) in REASONS {
        let (engine, functions) = stood().await;
        handled(&functions, name).await;
        let (row, sent) = (engine.row("quarantine"), event("calibration", name));
        assert_eq!(row["reason"], *reason, "{name}: {}", row["detail"]);
        assert_eq!((&row["payload"], &row["topic"]), (&sent["payload"], &sent["topic"]), "{name}");
        assert_eq!((&row["device_id"], &row["sensor"]), (&text(*device), &text(*sensor)), "{name}");
        assert_eq!((&row["function"], &row["received_at"]), (&"calibration".into(), &sent["received_at"]), "{name}");
        assert_eq!(row["first_seen"], NOW.millis(), "{name}");
        assert_eq!(row["expires_at"], NOW.seconds() + 30 * 86_400, "{name}: in epoch seconds, as DynamoDB wants it");
        assert!(row["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{name} is not explained: {row}");
        assert_eq!(row["id"].as_str().map(str::len), Some(32), "{name}");
        assert!(engine.rows("readings").is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_result_that_is_no_number_is_refused() {
    let (engine, functions) = stood().await;
    let event = json!({"value": 1e10, "topic": "buoy-01/reading/sensor/co2", "received_at": 1_795_155_884_500_i64});
    functions.calibration.answer(event).await.unwrap();
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["sensor"]), (&"not_finite".into(), &"co2".into()));
}

#[tokio::test]
async fn a_reading_that_would_be_gone_at_once_is_refused() {
    let (engine, functions) = keeping(30).await;
    let days = |days: i64| NOW.plus_seconds(-86_400 * days).millis();
    let batch = json!([{"ts": days(31), "values": {"ph": 412}}, {"ts": days(30) + 1_000, "values": {"ph": 413}}]);
    let event = json!({"batch": batch, "topic": "buoy-01/readings", "received_at": NOW.millis()});
    for stored in [1, 0] {
        let answer = functions.calibration.answer(event.clone()).await.unwrap();
        assert_eq!(answer, json!({"stored": stored, "duplicate": 1 - stored, "quarantined": 1}));
    }
    let (row, kept) = (engine.row("quarantine"), engine.row("readings"));
    assert_eq!((&row["reason"], &row["at"]), (&"outside_retention".into(), &days(31).into()));
    assert_eq!(kept["raw"], 413);
}

#[tokio::test]
async fn what_is_called_as_a_level_is_no_sensor_of_a_device() {
    let (engine, functions) = stood().await;
    engine.put("devices", &json!({"id": "01", "enabled": true, "sensors": [{"code": "filling", "enabled": true}]}));
    for (topic, event) in
        [("01/reading/sensor/filling", json!({"value": 50})), ("01/readings", json!({"values": {"filling": 50}}))]
    {
        let (mut event, received) = (event, 1_795_155_884_500_i64);
        (event["topic"], event["received_at"]) = (topic.into(), received.into());
        let answer = functions.calibration.answer(event).await.unwrap();
        assert_eq!(answer, json!({"stored": 0, "duplicate": 0, "quarantined": 1}), "{topic}");
    }
    assert!(engine.rows("quarantine").iter().all(|row| row["reason"] == "bad_sensor_code"));
    assert!(engine.rows("readings").is_empty());
}

#[tokio::test]
async fn a_code_of_any_length_leaves_a_row_of_bounded_lists() {
    let (engine, functions) = stood().await;
    let long = "A".repeat(120_000);
    for event in [
        json!({"values": {long.clone(): 1}, "topic": "buoy-01/readings"}),
        json!({"value": 1, "topic": format!("buoy-01/reading/sensor/{long}")}),
    ] {
        functions.calibration.answer(event).await.unwrap();
    }
    let rows = engine.rows("quarantine");
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!((&row["reason"], &row["sensor"]), (&"bad_sensor_code".into(), &"A".repeat(80).into()));
    }
}

#[tokio::test]
async fn of_a_batch_only_the_bad_value_is_quarantined_in_a_form_that_can_be_sent_again() {
    let (engine, functions) = stood().await;
    handled(&functions, "values.one-bad").await;
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["sensor"]), (&"bad_value".into(), &"ph".into()));
    assert_eq!((&row["topic"], &row["at"]), (&"buoy-01/readings".into(), &1_795_155_884_123_i64.into()));
    let payload = STANDARD.decode(row["payload"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(payload).unwrap(), r#"{"ts":1795155884123,"values":{"ph":"abc"}}"#);
}

#[tokio::test]
async fn what_was_quarantined_is_stored_when_it_is_sent_again_after_the_cause_is_gone() {
    let (engine, functions) = stood().await;
    handled(&functions, "refused.unknown-device").await;
    let row = engine.row("quarantine");
    let sensors = json!([{"code": "ph", "enabled": true}]);
    engine.put("devices", &json!({"id": "buoy-99", "enabled": true, "sensors": sensors}));
    let again = json!({"payload": row["payload"], "topic": row["topic"], "received_at": row["received_at"]});
    let answer = functions.calibration.answer(again).await.unwrap();
    assert_eq!(answer, json!({"stored": 1, "duplicate": 0, "quarantined": 0}));
    assert_eq!(engine.row("readings")["sensor"], "buoy-99#ph");
}

#[test]
fn every_reason_there_is_is_given_by_some_test() {
    let tested = REASONS.iter().map(|(_, reason, ..)| *reason);
    let tested: Vec<_> =
        tested.chain(["not_finite", "conflicting_reading", "outside_retention"]).chain(ELSEWHERE).collect();
    for reason in Reason::ALL {
        assert!(tested.contains(&reason.code()), "nothing shows when {reason} is given");
    }
}
