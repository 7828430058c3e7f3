//! The requests to Timestream.

use std::collections::BTreeSet;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::fleet::RECALIBRATED;
use weir_tests::functions::{Functions, NOW};
use weir_tests::timestream::{Timestream, records};

use super::{counts, into};

fn dimension(name: &str, value: &str) -> Value {
    json!({"Name": name, "Value": value})
}

fn measure(name: &str, kind: &str, value: &str) -> Value {
    json!({"Name": name, "Type": kind, "Value": value})
}

#[tokio::test]
async fn a_message_of_250_values_makes_three_requests_and_says_what_they_share_once() {
    let timestream = Timestream::willing();
    let (engine, calibration) = into(&timestream).await;
    let answer = calibration.answer(event("calibration", "batch.250-values")).await.unwrap();
    assert_eq!(answer, counts(250, 0, 0));
    let requests = timestream.take();
    let mut sizes: Vec<_> = requests.iter().map(|request| records(request).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
    let mut seen = BTreeSet::new();
    for request in &requests {
        assert_eq!((&request["DatabaseName"], &request["TableName"]), (&"weir-test".into(), &"readings".into()));
        let shared = json!({"MeasureName": "reading", "MeasureValueType": "MULTI", "TimeUnit": "MILLISECONDS",
            "Dimensions": [dimension("device", "buoy-01")]});
        assert_eq!(request["CommonAttributes"], shared);
        for record in records(request) {
            let names: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, ["Dimensions", "MeasureValues", "Time", "Version"], "nothing that is shared");
            assert!(
                seen.insert((record["Time"].to_string(), record["Dimensions"].to_string())),
                "{record} comes twice"
            );
        }
    }
    assert_eq!(seen.len(), 250);
    assert!(engine.rows("readings").is_empty());
}

#[tokio::test]
async fn a_reading_is_one_record_with_a_measure_for_each_of_its_parts() {
    let timestream = Timestream::willing();
    let (_engine, calibration) = into(&timestream).await;
    calibration.answer(event("calibration", "number.with-ts")).await.unwrap();
    let requests = timestream.take();
    let record = &records(&requests[0])[0];
    assert_eq!(record["Dimensions"], json!([dimension("sensor", "ph")]));
    assert_eq!(record["Time"], "1795155884123");
    let measures = [
        measure("raw", "DOUBLE", "412"),
        measure("value", "DOUBLE", "4.12"),
        measure("calibration", "BIGINT", "2"),
        measure("quality", "VARCHAR", "good"),
        measure("received_at", "TIMESTAMP", "1795155884500"),
        measure("unit", "VARCHAR", "pH"),
    ];
    assert_eq!(record["MeasureValues"], json!(measures));
}

#[tokio::test]
async fn an_empty_unit_is_left_out_because_timestream_refuses_empty_text() {
    let timestream = Timestream::willing();
    let (engine, calibration) = into(&timestream).await;
    engine.put("devices", &json!({"id": "buoy-03", "enabled": true, "sensors": [{"code": "ph", "enabled": true}]}));
    let message = json!({"value": 1, "topic": "buoy-03/reading/sensor/ph", "received_at": NOW.millis()});
    calibration.answer(message).await.unwrap();
    let requests = timestream.take();
    let measures = records(&requests[0])[0]["MeasureValues"].as_array().unwrap();
    assert!(measures.iter().all(|measure| measure["Name"] != "unit"), "{measures:?}");
    assert_eq!(measures.len(), 5);
}

#[tokio::test]
async fn the_version_lets_the_earlier_reception_win_and_of_one_reception_the_newer_calibration() {
    let timestream = Timestream::willing();
    let (engine, calibration) = into(&timestream).await;
    let reading = |received: i64| json!({"value": 412, "ts": RECALIBRATED + 1000, "topic": "buoy-01/reading/sensor/ph", "received_at": received});
    let (first, later) = (NOW.millis(), NOW.millis() + 400);
    for received in [first, later] {
        calibration.answer(reading(received)).await.unwrap();
    }
    let newer = json!({"version": 3, "valid_from": RECALIBRATED, "model": "identity"});
    let sensors = json!([{"code": "ph", "enabled": true, "calibrations": 3, "calibration": newer}]);
    engine.put("devices", &json!({"id": "buoy-01", "enabled": true, "sensors": sensors}));
    let recalibrated = Functions::calibration_into(&engine, timestream.store());
    for received in [first, later] {
        recalibrated.answer(reading(received)).await.unwrap();
    }
    let requests = timestream.take();
    let version = |request: &Value| records(request)[0]["Version"].as_i64().expect("a version");
    let [first, later, first_again, later_again] = [0, 1, 2, 3].map(|place| version(&requests[place]));
    assert!(first_again > first && first > later_again && later_again > later, "{requests:?}");
    assert!(later > 0);
}

#[tokio::test]
async fn a_redelivered_message_says_the_same_to_the_last_byte() {
    let timestream = Timestream::willing();
    let (_engine, calibration) = into(&timestream).await;
    for _ in 0..2 {
        calibration.answer(event("calibration", "batch")).await.unwrap();
    }
    let requests = timestream.take();
    assert_eq!(requests[0], requests[1], "so that the second changes nothing");
}

#[tokio::test]
async fn a_queue_that_mixes_devices_names_the_device_with_each_record() {
    let timestream = Timestream::willing();
    let (engine, calibration) = into(&timestream).await;
    engine.put("devices", &json!({"id": "buoy-03", "enabled": true, "sensors": [{"code": "ph", "enabled": true}]}));
    let record = |device: &str| {
        let body = json!({"value": 412, "topic": format!("{device}/reading/sensor/ph"), "received_at": NOW.millis()});
        json!({"messageId": device, "body": body.to_string()})
    };
    let batch = json!({"Records": [record("buoy-01"), record("buoy-03")]});
    assert_eq!(calibration.answer(batch).await.unwrap(), json!({"batchItemFailures": []}));
    let requests = timestream.take();
    assert_eq!(requests.len(), 1, "one request for the whole batch");
    assert!(requests[0]["CommonAttributes"]["Dimensions"].is_null());
    let dimensions: Vec<_> = records(&requests[0]).iter().map(|record| record["Dimensions"].clone()).collect();
    let expected = ["buoy-01", "buoy-03"].map(|device| json!([dimension("sensor", "ph"), dimension("device", device)]));
    assert_eq!(dimensions, expected);
}

#[tokio::test]
async fn a_level_report_goes_into_the_history_as_the_series_filling_of_its_level() {
    let (engine, timestream) = (Engine::start().await, Timestream::willing());
    let organizer = Functions::organizer_into(&engine, timestream.store());
    let answer = organizer.answer(event("organizer", "report.with-ts")).await.unwrap();
    assert_eq!(answer, json!({"outcome": "registered"}));
    let requests = timestream.take();
    assert_eq!(requests[0]["CommonAttributes"]["Dimensions"], json!([dimension("device", "01")]));
    assert_eq!(records(&requests[0])[0]["Dimensions"], json!([dimension("sensor", "filling")]));
    assert_eq!((requests.len(), engine.rows("levels").len(), engine.rows("readings").len()), (1, 1, 0));
}
