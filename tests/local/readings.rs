//! Readings, from a device's certificate to the table.

use serde_json::json;
use weir_tests::local::{Local, bytes, now, until};

/// A little longer than functions remember calibrations: the tests' stack is deployed with DeviceCacheSeconds=1.
const FORGOTTEN: std::time::Duration = std::time::Duration::from_millis(1_100);

/// raw · 0.5 + 1
fn half_plus_one() -> serde_json::Value {
    json!({"model": "linear", "slope": 0.5, "intercept": 1, "round": 2})
}

#[tokio::test]
async fn a_reading_over_mqtt_arrives_calibrated() {
    let local = Local::running();
    local.register_buoy("a-01", &half_plus_one()).await;
    let (at, before) = (now() - 5_000, now());
    let mut device = local.connect("a-01").await;
    device.publish("a-01/reading/sensor/ph", bytes(&json!({"value": 12.04, "ts": at}))).await.unwrap();
    let rows =
        until("the reading", async || Some(local.readings("a-01#ph").await).filter(|rows| !rows.is_empty())).await;
    let row = &rows[0];
    assert_eq!((row.at, row.raw, row.value, row.unit.as_str()), (at, 12.04, 7.02, "pH"));
    assert_eq!((row.calibration, row.quality.as_str()), (1, "good"));
    assert!((before..=now()).contains(&row.received_at), "the rule says when it was received");
}

#[tokio::test]
async fn a_reading_without_an_instant_is_of_the_instant_of_its_arrival() {
    let local = Local::running();
    local.register_buoy("a-02", &half_plus_one()).await;
    let mut device = local.connect("a-02").await;
    device.publish("a-02/reading/sensor/ph", bytes(&json!({"value": "10"}))).await.unwrap();
    let rows =
        until("the reading", async || Some(local.readings("a-02#ph").await).filter(|rows| !rows.is_empty())).await;
    assert_eq!((rows[0].at, rows[0].value), (rows[0].received_at, 6.0));
}

#[tokio::test]
async fn a_duplicate_changes_nothing() {
    let local = Local::running();
    local.register_buoy("a-03", &half_plus_one()).await;
    let payload = bytes(&json!({"value": 4, "ts": now() - 5_000}));
    let mut device = local.connect("a-03").await;
    device.publish("a-03/reading/sensor/ph", payload.clone()).await.unwrap();
    let first = until("the reading", async || local.readings("a-03#ph").await.pop()).await;
    let answer = local.invoke("calibration", "a-03/reading/sensor/ph", &payload).await;
    assert_eq!(answer, json!({"stored": 0, "duplicate": 1, "quarantined": 0}));
    let rows = local.readings("a-03#ph").await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].received_at, rows[0].value), (first.received_at, first.value));
}

#[tokio::test]
async fn several_sensors_and_instants_arrive_in_one_message() {
    let local = Local::running();
    local.register_buoy("a-04", &half_plus_one()).await;
    let (earlier, later) = (now() - 60_000, now() - 30_000);
    let batch =
        json!({"batch": [{"ts": earlier, "values": {"ph": 2, "tmp": 12.5}}, {"ts": later, "values": {"ph": 4}}]});
    let mut device = local.connect("a-04").await;
    device.publish("a-04/readings", bytes(&batch)).await.unwrap();
    let rows =
        until("both readings", async || Some(local.readings("a-04#ph").await).filter(|rows| rows.len() == 2)).await;
    assert_eq!((rows[0].at, rows[0].value, rows[1].at, rows[1].value), (earlier, 2.0, later, 3.0));
    let row = until("the other sensor", async || local.readings("a-04#tmp").await.pop()).await;
    assert_eq!((row.value, row.calibration, row.quality.as_str()), (12.5, 0, "uncalibrated"));
}

#[tokio::test]
async fn basic_ingest_reaches_both_rules() {
    let local = Local::running();
    local.register_buoy("a-05", &half_plus_one()).await;
    let rule = |key| local.stack.output(key).unwrap().to_owned();
    let mut device = local.connect("a-05").await;
    let topic = format!("$aws/rules/{}/a-05/reading/sensor/ph", rule("ReadingRuleName"));
    device.publish(&topic, bytes(&json!({"value": 6}))).await.unwrap();
    let topic = format!("$aws/rules/{}/a-05/readings", rule("ReadingsRuleName"));
    device.publish(&topic, bytes(&json!({"values": {"tmp": 3}}))).await.unwrap();
    let row = until("the single reading", async || local.readings("a-05#ph").await.pop()).await;
    assert_eq!(row.value, 4.0);
    until("the other reading", async || local.readings("a-05#tmp").await.pop()).await;
}

#[tokio::test]
async fn what_is_not_json_ends_in_quarantine_byte_for_byte() {
    let local = Local::running();
    local.register_buoy("a-06", &half_plus_one()).await;
    let payload = vec![0xff, 0x00, b'{', b'"', 0xfe, b'\n'];
    let mut device = local.connect("a-06").await;
    device.publish("a-06/reading/sensor/ph", payload.clone()).await.unwrap();
    let row = until("the row in quarantine", async || local.quarantine("a-06/reading/sensor/ph").await.pop()).await;
    assert_eq!((row.reason.as_str(), row.function.as_str(), row.bytes()), ("unparseable", "calibration", payload));
    assert_eq!(row.device_id.as_deref(), Some("a-06"));
    assert!(local.readings("a-06#ph").await.is_empty());
}

#[tokio::test]
async fn a_device_registered_after_its_message_was_quarantined_is_usable_at_once() {
    let local = Local::running();
    let mut device = local.connect("a-07").await;
    device.publish("a-07/reading/sensor/ph", bytes(&json!({"value": 2}))).await.unwrap();
    let row = until("the row in quarantine", async || local.quarantine("a-07/reading/sensor/ph").await.pop()).await;
    assert_eq!(row.reason, "unknown_device");
    local.register_buoy("a-07", &half_plus_one()).await;
    device.publish("a-07/reading/sensor/ph", bytes(&json!({"value": 2}))).await.unwrap();
    let row = until("the reading", async || local.readings("a-07#ph").await.pop()).await;
    assert_eq!(row.value, 2.0);
    assert_eq!(local.quarantine("a-07/reading/sensor/ph").await.len(), 1, "only what came before is in quarantine");
}

#[tokio::test]
async fn a_changed_calibration_is_used_within_the_cache_time() {
    let local = Local::running();
    local.register_buoy("a-08", &half_plus_one()).await;
    let mut device = local.connect("a-08").await;
    device.publish("a-08/reading/sensor/ph", bytes(&json!({"value": 2}))).await.unwrap();
    let row = until("the first reading", async || local.readings("a-08#ph").await.pop()).await;
    assert_eq!((row.value, row.calibration), (2.0, 1));
    local.calibrate("a-08", "ph", &json!({"model": "two_point", "raw": [0, 10], "reference": [4, 14]})).await;
    tokio::time::sleep(FORGOTTEN).await;
    device.publish("a-08/reading/sensor/ph", bytes(&json!({"value": 2}))).await.unwrap();
    let rows =
        until("the second reading", async || Some(local.readings("a-08#ph").await).filter(|rows| rows.len() == 2))
            .await;
    assert_eq!((rows[1].value, rows[1].calibration), (6.0, 2));
}

#[tokio::test]
async fn a_late_reading_uses_the_version_of_its_own_instant() {
    let local = Local::running();
    local.register_buoy("a-10", &half_plus_one()).await;
    let newer = json!({"model": "identity", "valid_from": "2026-01-01T00:00:00Z"});
    let path = "/devices/a-10/sensors/ph/calibrations";
    local.admin().await.expect(&[201], "POST", path, Some(&newer)).await.unwrap();
    let mut device = local.connect("a-10").await;
    // 2025-12-31T23:59:59Z, and now
    device.publish("a-10/reading/sensor/ph", bytes(&json!({"value": 8, "ts": 1_767_225_599_000_i64}))).await.unwrap();
    device.publish("a-10/reading/sensor/ph", bytes(&json!({"value": 8}))).await.unwrap();
    let rows =
        until("both readings", async || Some(local.readings("a-10#ph").await).filter(|rows| rows.len() == 2)).await;
    assert_eq!((rows[0].value, rows[0].calibration, rows[1].value, rows[1].calibration), (5.0, 1, 8.0, 2));
}

#[tokio::test]
async fn a_message_that_comes_again_after_a_new_calibration_gets_its_better_value() {
    let local = Local::running();
    local.register_buoy("a-11", &half_plus_one()).await;
    let payload = bytes(&json!({"value": 4, "ts": now() - 5_000}));
    let first = local.invoke("calibration", "a-11/reading/sensor/ph", &payload).await;
    assert_eq!(first["stored"], 1, "{first}");
    local.calibrate("a-11", "ph", &json!({"model": "identity"})).await;
    tokio::time::sleep(FORGOTTEN).await;
    let again = local.invoke("calibration", "a-11/reading/sensor/ph", &payload).await;
    assert_eq!(again["stored"], 1, "{again}");
    let rows = local.readings("a-11#ph").await;
    assert_eq!((rows.len(), rows[0].value, rows[0].calibration), (1, 4.0, 2));
}

#[tokio::test]
async fn a_batch_from_the_queue_is_stored_and_what_is_broken_in_it_quarantined() {
    let local = Local::running();
    local.register_buoy("a-09", &half_plus_one()).await;
    let event =
        |topic: &str, payload: &str| json!({"topic": topic, "payload": payload, "received_at": now()}).to_string();
    // {"value": 8}, and what is no JSON
    local.send("IngestQueueUrl", &event("a-09/reading/sensor/ph", "eyJ2YWx1ZSI6IDh9")).await;
    local.send("IngestQueueUrl", &event("a-09/readings", "//4A")).await;
    let row = until("the reading", async || local.readings("a-09#ph").await.pop()).await;
    assert_eq!(row.value, 5.0);
    let row = until("the row in quarantine", async || local.quarantine("a-09/readings").await.pop()).await;
    assert_eq!((row.reason.as_str(), row.bytes()), ("unparseable", vec![0xff, 0xfe, 0x00]));
}

/// The rules hand the bytes on as they were published.
#[tokio::test]
async fn what_firmware_sends_beside_the_rules_arrives_as_it_was_published() {
    let local = Local::running();
    local.register_buoy("a-12", &half_plus_one()).await;
    let mut device = local.connect("a-12").await;
    let at = now() - 5_000;
    let marked = format!("\u{feff}{{\"value\":8,\"timestamp\":{at},\"ts\":null}}\0");
    device.publish("a-12/reading/sensor/ph", marked.into_bytes()).await.unwrap();
    let row = until("the reading", async || local.readings("a-12#ph").await.pop()).await;
    assert_eq!((row.at, row.value), (at, 5.0));
    let beyond = format!(r#"{{"ts":{},"values":{{"ph":10,"tmp":1E400,"do":1,"do":2}}}}"#, at + 1);
    device.publish("a-12/readings", beyond.into_bytes()).await.unwrap();
    let rows = until("both in quarantine", async || {
        Some(local.quarantine("a-12/readings").await).filter(|rows| rows.len() == 2)
    })
    .await;
    let mut found: Vec<_> =
        rows.iter().map(|row| (row.reason.clone(), String::from_utf8_lossy(&row.bytes()).into_owned())).collect();
    found.sort();
    let payload = |values: &str| format!(r#"{{"ts":{},"values":{values}}}"#, at + 1);
    assert_eq!(
        found,
        [
            ("duplicate_key".to_owned(), payload(r#"{"do":1,"do":2}"#)),
            ("number_out_of_range".to_owned(), payload(r#"{"tmp":1E400}"#)),
        ]
    );
    let rows =
        until("its sibling", async || Some(local.readings("a-12#ph").await).filter(|rows| rows.len() == 2)).await;
    assert_eq!(rows[1].value, 6.0);
}
