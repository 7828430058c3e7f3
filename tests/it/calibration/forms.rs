//! The formats in which devices send numbers, and the readings that are stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_tests::events::event;

use super::{handled, stood};

/// When the events were received, and what their `ts` says.
const RECEIVED: i64 = 1_795_155_884_500;
const TS: i64 = 1_795_155_884_123;

fn reading(sensor: &str, at: i64, raw: f64, value: f64, unit: &str, calibration: u32, quality: &str) -> Value {
    json!({"sensor": format!("buoy-01#{sensor}"), "at": at, "received_at": RECEIVED, "raw": raw, "value": value, "unit": unit,
        "calibration": calibration, "quality": quality})
}

/// The rows that an event leaves in the table of readings, numbers as doubles so that 10 and 10.0 compare equal.
async fn stored(name: &str) -> Vec<Value> {
    let (engine, functions) = stood().await;
    handled(&functions, name).await;
    let mut rows = engine.rows("readings");
    for row in &mut rows {
        for number in ["raw", "value"] {
            row[number] = row[number].as_f64().into();
        }
    }
    rows.sort_by_key(|row| (row["sensor"].to_string(), row["at"].as_i64()));
    rows
}

#[tokio::test]
async fn a_number_becomes_a_calibrated_reading_with_its_raw_number_beside_it() {
    for name in ["number", "number.plain"] {
        assert_eq!(stored(name).await, [reading("ph", RECEIVED, 412.0, 4.12, "pH", 2, "good")], "{name}");
    }
}

#[tokio::test]
async fn integers_floats_and_numeric_text_are_stored_as_doubles() {
    for (name, raw, value) in
        [("number.integer", 10.0, 0.1), ("number.float", 10.0, 0.1), ("number.text", 412.5, 4.125)]
    {
        assert_eq!(stored(name).await, [reading("ph", RECEIVED, raw, value, "pH", 2, "good")], "{name}");
    }
}

#[tokio::test]
async fn the_instant_is_the_devices_own_where_it_says_one() {
    for name in ["number.with-ts", "number.with-ts-text"] {
        assert_eq!(stored(name).await, [reading("ph", TS, 412.0, 4.12, "pH", 2, "good")], "{name}");
    }
}

#[tokio::test]
async fn basic_ingest_brings_the_same_reading() {
    assert_eq!(stored("number.basic-ingest").await, stored("number.with-ts").await);
}

#[tokio::test]
async fn several_sensors_and_several_instants_come_in_one_message() {
    let now = [reading("ph", TS, 412.0, 4.12, "pH", 2, "good"), reading("tmp", TS, 1250.0, 12.5, "°C", 1, "good")];
    assert_eq!(stored("values").await, now);
    let [ph, tmp] = now;
    let before = TS - 60_000;
    let earlier =
        [reading("ph", before, 411.0, 4.11, "pH", 2, "good"), reading("tmp", before, 1249.0, 12.49, "°C", 1, "good")];
    let [ph_before, tmp_before] = earlier;
    assert_eq!(stored("batch").await, [ph_before, ph, tmp_before, tmp]);
}

#[tokio::test]
async fn a_message_of_250_values_is_stored_whole() {
    let rows = stored("batch.250-values").await;
    assert_eq!(rows.len(), 250);
    let payload =
        event("calibration", "batch.250-values")["payload"].as_str().map(|text| STANDARD.decode(text).unwrap());
    let payload: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    let mut sent: Vec<_> = payload["batch"].as_array().unwrap().iter().collect();
    sent.sort_by_key(|group| group["ts"].as_i64());
    for (place, row) in rows.iter().enumerate() {
        let sensor = if place < 125 { "ph" } else { "tmp" };
        let group = sent[place % 125];
        assert_eq!((&row["sensor"], &row["at"]), (&json!(format!("buoy-01#{sensor}")), &group["ts"]));
        assert_eq!(row["raw"].as_f64(), group["values"][sensor].as_f64());
    }
}

#[tokio::test]
async fn one_bad_value_does_not_hold_back_its_siblings() {
    assert_eq!(stored("values.one-bad").await, [reading("tmp", TS, 1250.0, 12.5, "°C", 1, "good")]);
}

#[tokio::test]
async fn a_value_outside_the_limits_or_the_calibrations_validity_is_kept_and_marked() {
    assert_eq!(stored("out-of-range").await, [reading("ph", RECEIVED, 2000.0, 20.0, "pH", 2, "out_of_range")]);
    let tmp = reading("tmp", RECEIVED, 9000.0, 90.0, "°C", 1, "out_of_range");
    assert_eq!(stored("out-of-range.calibration").await, [tmp]);
}

#[tokio::test]
async fn a_sensor_without_calibration_keeps_the_raw_number_and_says_so() {
    assert_eq!(stored("uncalibrated").await, [reading("cond", RECEIVED, 3.3, 3.3, "µS/cm", 0, "uncalibrated")]);
}

#[tokio::test]
async fn a_late_reading_is_calibrated_as_of_its_own_instant() {
    let late = reading("ph", 1_792_563_884_123, 400.0, 5.0, "pH", 1, "good");
    assert_eq!(stored("number.late").await, [late], "0.0125 a step then, 0.01 since");
}
