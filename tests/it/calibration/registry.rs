//! The cache of the registry: its content, and the number of reads.

use std::sync::Arc;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::fleet::second_ph;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::Ledger;

use super::{handled, keeping, stood};

/// The devices registered, and a function whose requests are written down.
async fn watched() -> (Engine, Functions, Arc<Ledger>) {
    let engine = Engine::start().await;
    engine.register();
    let ledger = Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    (engine, functions, ledger)
}

fn message(device: &str, raw: f64, seconds: i64) -> Value {
    let at = NOW.plus_seconds(seconds).millis();
    json!({"value": raw, "topic": format!("{device}/reading/sensor/ph"), "received_at": at})
}

/// The device with `ph` calibrated to raw · slope.
fn device(id: &str, slope: f64) -> Value {
    let calibration = json!({"version": 3, "valid_from": NOW.plus_seconds(-3600).millis(), "model": "linear",
        "slope": slope, "intercept": 0});
    json!({"id": id, "enabled": true, "sensors": [{"code": "ph", "enabled": true, "calibrations": 3, "calibration": calibration}]})
}

fn values(engine: &Engine) -> Vec<f64> {
    let mut rows = engine.rows("readings");
    rows.sort_by_key(|row| row["at"].as_i64());
    rows.iter().map(|row| row["value"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn a_changed_calibration_is_seen_after_a_minute_and_not_before() {
    let (engine, functions, _) = watched().await;
    for (seconds, slope) in [(0, None), (1, Some(0.5)), (59, None), (60, None)] {
        if let Some(slope) = slope {
            engine.put("devices", &device("buoy-01", slope));
        }
        functions.clock.set(NOW.plus_seconds(seconds));
        functions.calibration.answer(message("buoy-01", 500.0, seconds)).await.unwrap();
    }
    assert_eq!(values(&engine), [5.0, 5.0, 5.0, 250.0]);
}

#[tokio::test]
async fn a_device_that_is_registered_at_last_works_at_once() {
    let (engine, functions, _) = watched().await;
    let answer = functions.calibration.answer(message("buoy-99", 2.0, 0)).await.unwrap();
    assert_eq!(answer["quarantined"], 1);
    engine.put("devices", &device("buoy-99", 0.5));
    let answer = functions.calibration.answer(message("buoy-99", 2.0, 1)).await.unwrap();
    assert_eq!(answer["stored"], 1);
    assert_eq!(values(&engine), [1.0]);
}

#[tokio::test]
async fn a_warm_function_reads_nothing_and_writes_once_for_a_reading() {
    let (_engine, functions, ledger) = watched().await;
    functions.calibration.answer(message("buoy-01", 500.0, 0)).await.unwrap();
    assert_eq!(ledger.operations(), ["BatchExecuteStatement", "GetItem devices"]);
    for seconds in 1..20 {
        functions.calibration.answer(message("buoy-01", 500.0, seconds)).await.unwrap();
        assert_eq!(ledger.operations(), ["BatchExecuteStatement"]);
    }
}

#[tokio::test]
async fn a_message_of_250_values_takes_ten_requests_to_dynamodb() {
    let (_engine, functions, ledger) = watched().await;
    handled(&functions, "batch.250-values").await;
    assert_eq!(ledger.operations(), [vec!["BatchExecuteStatement"; 10], vec!["GetItem devices"]].concat());
}

#[tokio::test]
async fn the_history_of_calibrations_is_asked_only_for_late_readings_and_once_a_minute() {
    let (_engine, functions, ledger) = watched().await;
    handled(&functions, "number").await;
    assert!(!ledger.operations().contains(&"Query calibrations".to_owned()));
    handled(&functions, "number.late").await;
    assert!(ledger.operations().contains(&"Query calibrations".to_owned()));
    handled(&functions, "number.late").await;
    assert!(!ledger.operations().contains(&"Query calibrations".to_owned()));
}

#[tokio::test]
async fn a_reading_from_before_the_first_calibration_is_uncalibrated() {
    let (engine, functions) = stood().await;
    let old = json!({"value": 400, "ts": 1_789_999_999_999_i64, "topic": "buoy-01/reading/sensor/ph",
        "received_at": NOW.millis()});
    functions.calibration.answer(old).await.unwrap();
    let row = engine.row("readings");
    assert_eq!((&row["quality"], &row["value"], &row["calibration"]), (&"uncalibrated".into(), &400.into(), &0.into()));
}

#[tokio::test]
async fn a_device_row_that_cannot_be_understood_is_not_the_messages_fault() {
    let (engine, functions) = stood().await;
    let mut calibration = second_ph();
    calibration["raw"] = json!([400, 400]);
    let sensors = json!([{"code": "ph", "enabled": true, "calibrations": 1, "calibration": calibration}]);
    engine.put("devices", &json!({"id": "buoy-01", "enabled": true, "sensors": sensors}));
    let error = functions.calibration.answer(message("buoy-01", 1.0, 0)).await.unwrap_err().to_string();
    assert!(error.contains("buoy-01") && error.contains("/raw/1"), "{error}");
    assert!(engine.rows("quarantine").is_empty(), "it is delivered again, not quarantined");
}

#[tokio::test]
async fn readings_expire_when_the_stack_says_so() {
    let (engine, functions) = keeping(10).await;
    handled(&functions, "number.with-ts").await;
    assert_eq!(engine.row("readings")["expires_at"], 1_795_155_884 + 10 * 86_400);
}
