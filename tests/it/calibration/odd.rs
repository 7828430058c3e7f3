//! Messages of firmware and gateways that violate the rules: each is handled as a person would expect, and nothing is lost silently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};

use super::stood;

/// An instant shortly before [`NOW`].
const AT: i64 = NOW.millis() - 1_000;

/// The event of a rule with these bytes as payload.
fn sent(topic: &str, payload: &[u8]) -> Value {
    json!({"payload": STANDARD.encode(payload), "topic": topic, "received_at": NOW.millis()})
}

async fn after(topic: &str, payload: &[u8]) -> (Engine, Functions) {
    let (engine, functions) = stood().await;
    functions.calibration.answer(sent(topic, payload)).await.unwrap();
    (engine, functions)
}

/// The raw numbers that are stored, by sensor and instant.
fn stored(engine: &Engine) -> Vec<(String, i64, f64)> {
    let row = |row: &Value| {
        (row["sensor"].as_str().unwrap().to_owned(), row["at"].as_i64().unwrap(), row["raw"].as_f64().unwrap())
    };
    engine.rows("readings").iter().map(row).collect()
}

fn reasons(engine: &Engine) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    engine.rows("quarantine").iter().map(|row| (text(&row["reason"]), text(&row["detail"]))).collect()
}

#[tokio::test]
async fn a_number_beyond_a_double_refuses_only_its_value() {
    for number in ["1E400", "-1e999", "1e-400"] {
        let payload = format!(r#"{{"ts":{AT},"values":{{"ph":412,"tmp":{number}}}}}"#);
        let (engine, functions) = after("buoy-01/readings", payload.as_bytes()).await;
        assert_eq!(stored(&engine), [("buoy-01#ph".to_owned(), AT, 412.0)], "{number}");
        let row = engine.row("quarantine");
        assert_eq!((&row["reason"], &row["sensor"]), (&"number_out_of_range".into(), &"tmp".into()), "{number}");
        assert!(row["detail"].as_str().unwrap().contains(number), "{row}");
        let payload = format!(r#"{{"ts":{AT},"values":{{"tmp":{number}}}}}"#);
        assert_eq!(row["payload"], STANDARD.encode(payload), "the quarantine says what was sent");
        let again = json!({"payload": row["payload"], "topic": row["topic"], "received_at": row["received_at"]});
        functions.calibration.answer(again).await.unwrap();
        assert_eq!(engine.row("quarantine"), row, "the same entry again");
    }
}

#[tokio::test]
async fn a_key_that_is_there_twice_is_quarantined_and_named() {
    let payload = format!(r#"{{"ts":{AT},"values":{{"ph":411,"do":5,"ph":412}}}}"#);
    let (engine, _) = after("buoy-01/readings", payload.as_bytes()).await;
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["sensor"]), (&"duplicate_key".into(), &"ph".into()));
    assert!(row["detail"].as_str().unwrap().contains("\"ph\""), "{row}");
    assert_eq!(row["payload"], STANDARD.encode(format!(r#"{{"ts":{AT},"values":{{"ph":411,"ph":412}}}}"#)));
    assert_eq!(stored(&engine), [("buoy-01#do".to_owned(), AT, 5.0)], "the other value is stored");
    for (topic, payload, key) in [
        ("buoy-01/reading/sensor/ph", r#"{"value":411,"value":412}"#, "value"),
        ("buoy-01/reading/sensor/ph", r#"{"value":411,"ts":1795155884123,"ts":1795155884124}"#, "ts"),
        ("buoy-01/reading/sensor/ph", r#"{"value":411,"radio":{"rssi":-90,"rssi":-91}}"#, "rssi"),
        ("buoy-01/readings", r#"{"values":{"ph":411},"values":{"ph":412}}"#, "values"),
        ("buoy-01/readings", r#"{"batch":[{"values":{"ph":411},"ts":null,"ts":null}]}"#, "ts"),
    ] {
        let (engine, _) = after(topic, payload.as_bytes()).await;
        let [(reason, detail)] = &reasons(&engine)[..] else { panic!("{payload}") };
        assert_eq!(reason, "duplicate_key", "{payload}");
        assert!(detail.contains(&format!("{key:?}")), "{detail}");
        assert!(stored(&engine).is_empty(), "{payload}");
    }
}

#[tokio::test]
async fn an_instant_may_be_null_or_called_timestamp_or_a_leap_second() {
    for (fields, at) in [
        (r#""ts":null"#, NOW.millis()),
        (r#""timestamp":"2026-11-20T06:24:44.5+00:00""#, 1_795_155_884_500),
        (r#""timestamp":1795155884500,"ts":"2026-11-20T06:24:44.5Z""#, 1_795_155_884_500),
        (r#""ts":"2026-11-20T06:24:60.100Z""#, 1_795_155_900_100),
        (r#""ts":"2026-11-20T06:24:59.100Z""#, 1_795_155_899_100),
    ] {
        let payload = format!(r#"{{"value":412,{fields}}}"#);
        let (engine, _) = after("buoy-01/reading/sensor/ph", payload.as_bytes()).await;
        assert_eq!(stored(&engine), [("buoy-01#ph".to_owned(), at, 412.0)], "{fields}");
        let payload = format!(r#"{{"batch":[{{"values":{{"ph":412}},{fields}}}]}}"#);
        let (engine, _) = after("buoy-01/readings", payload.as_bytes()).await;
        assert_eq!(stored(&engine), [("buoy-01#ph".to_owned(), at, 412.0)], "{fields}");
    }
    let payload = r#"{"value":412,"ts":1795155884500,"timestamp":1795155884501}"#;
    let (engine, _) = after("buoy-01/reading/sensor/ph", payload.as_bytes()).await;
    assert_eq!(reasons(&engine)[0].0, "bad_timestamp");
}

#[tokio::test]
async fn marks_around_a_message_do_not_count() {
    for payload in [
        "\u{feff}{\"value\":412}",
        "{\"value\":412}\0",
        "\u{feff}{\"value\":412}\r\n\0\0",
        "{\"value\":\"412\\u0000\"}",
    ] {
        let (engine, _) = after("buoy-01/reading/sensor/ph", payload.as_bytes()).await;
        assert_eq!(stored(&engine), [("buoy-01#ph".to_owned(), NOW.millis(), 412.0)], "{payload:?}");
    }
}

#[tokio::test]
async fn a_message_from_the_queue_says_the_same_in_the_plain_form() {
    let body = |payload: &str| format!(r#"{payload},"topic":"buoy-01/readings","received_at":{}}}"#, NOW.millis());
    let record = |id: &str, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
    let event = json!({"Records": [
        record("a", body(&format!(r#"{{"ts":{AT},"values":{{"ph":412,"tmp":1E400}}"#))),
        record("b", format!("\u{feff}{}\0", body(&format!(r#"{{"ts":{},"values":{{"do":1,"do":2,"ph":413}}"#, AT + 1)))),
    ]});
    let (engine, functions) = stood().await;
    assert_eq!(functions.calibration.answer(event).await.unwrap(), json!({"batchItemFailures": []}));
    let ph = |at, raw| ("buoy-01#ph".to_owned(), at, raw);
    assert_eq!(stored(&engine), [ph(AT, 412.0), ph(AT + 1, 413.0)]);
    let mut reasons: Vec<_> = reasons(&engine).into_iter().map(|(reason, _)| reason).collect();
    reasons.sort();
    assert_eq!(reasons, ["duplicate_key", "number_out_of_range"]);
}

#[tokio::test]
async fn a_message_of_thousands_of_parts_is_one_entry() {
    let numbers: Vec<String> = (0..23_695).map(|number| number.to_string()).collect();
    let payload = format!(r#"{{"batch":[{}]}}"#, numbers.join(","));
    let (engine, _) = after("buoy-01/readings", payload.as_bytes()).await;
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["payload"]), (&"too_many_values".into(), &STANDARD.encode(&payload).into()));
    assert!(row["detail"].as_str().unwrap().contains("23695"), "{row}");
}
