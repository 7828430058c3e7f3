//! Batches from SQS: each message succeeds or fails independently.

use std::time::Duration;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, Settings};
use weir_tests::wire::{Ledger, Outage};

use super::{QUEUED, handled, stood};

/// A batch of single values from these devices, with message ids `0`, `1` …
fn batch(devices: &[&str]) -> Value {
    let record = |(place, device): (usize, &&str)| {
        let body =
            json!({"value": 412, "topic": format!("{device}/reading/sensor/ph"), "received_at": 1_795_155_884_500_i64});
        json!({"messageId": place.to_string(), "eventSource": "aws:sqs", "body": body.to_string()})
    };
    json!({"Records": devices.iter().enumerate().map(record).collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_queue_answers_with_what_to_deliver_again_and_refused_messages_are_not_among_it() {
    for (name, readings, quarantined) in [(QUEUED[0], 2, 0), (QUEUED[1], 1, 2)] {
        let (engine, functions) = stood().await;
        assert_eq!(handled(&functions, name).await, json!({"batchItemFailures": []}), "{name}");
        let rows = ["readings", "quarantine"].map(|table| engine.rows(table).len());
        assert_eq!(rows, [readings, quarantined], "{name}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_quarantined_as_text() {
    let (engine, functions) = stood().await;
    handled(&functions, QUEUED[1]).await;
    let rows = engine.rows("quarantine");
    let row = rows.iter().find(|row| row["reason"] == "bad_topic").expect("it names no topic");
    assert_eq!(row["payload"], "bm90IGpzb24=", "the text as it came");
}

#[tokio::test]
async fn what_is_too_large_for_the_quarantine_goes_back_to_the_queue_alone() {
    let (engine, functions) = stood().await;
    let mut event = batch(&["buoy-98", "buoy-99", "buoy-01"]);
    // A queue carries up to a megabyte, a topic 128 KB: 250 KB are kept, 350 KB are more than a row takes.
    for (place, kilobytes) in [(0, 250), (1, 350)] {
        let body =
            json!({"values": {"ph": "7".repeat(kilobytes * 1024)}, "topic": format!("buoy-9{}/readings", 8 + place)});
        event["Records"][place]["body"] = body.to_string().into();
    }
    let answer = functions.calibration.answer(event).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
    assert_eq!((engine.row("quarantine")["device_id"].as_str(), engine.rows("readings").len()), (Some("buoy-98"), 1));
}

#[tokio::test(start_paused = true)]
async fn only_the_messages_that_failed_go_back_to_the_queue() {
    let engine = Engine::start().await;
    engine.register();
    engine.put("devices", &json!({"id": "buoy-03", "enabled": true, "sensors": [{"code": "ph", "enabled": true}]}));
    let outage = Outage::of("GetItem", "buoy-03");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    let event = batch(&["buoy-01", "buoy-03", "buoy-99"]);
    let answer = functions.calibration.answer(event.clone()).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
    let rows = ["readings", "quarantine"].map(|table| engine.rows(table).len());
    assert_eq!(rows, [1, 1], "the others are done");

    outage.end();
    assert_eq!(functions.calibration.answer(event).await.unwrap(), json!({"batchItemFailures": []}));
    let rows = ["readings", "quarantine"].map(|table| engine.rows(table).len());
    assert_eq!(rows, [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_sends_the_whole_batch_back_and_loses_nothing() {
    let engine = Engine::start().await;
    engine.register();
    let outage = Outage::of("BatchExecuteStatement", "");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    let event = event("calibration", QUEUED[0]);
    let answer = functions.calibration.answer(event.clone()).await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(2));
    outage.end();
    assert_eq!(functions.calibration.answer(event).await.unwrap(), json!({"batchItemFailures": []}));
    assert_eq!(engine.rows("readings").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_of_a_reading_that_could_not_be_stored_goes_back_with_it() {
    let engine = Engine::start().await;
    engine.register();
    let outage = Outage::of("BatchExecuteStatement", "");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    let event = batch(&["buoy-01"; 2]);
    let answer = functions.calibration.answer(event.clone()).await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(2), "neither is stored: {answer}");
    outage.end();
    assert_eq!(functions.calibration.answer(event).await.unwrap(), json!({"batchItemFailures": []}));
    assert_eq!(engine.rows("readings").len(), 1);
}

#[tokio::test]
async fn a_batch_of_many_messages_is_one_request_to_the_store_for_25_values() {
    let engine = Engine::start().await;
    engine.register();
    let ledger = std::sync::Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    let mut event = batch(&["buoy-01"; 30]);
    for (place, record) in event["Records"].as_array_mut().unwrap().iter_mut().enumerate() {
        let mut body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        body["ts"] = (1_795_155_000_000 + place).into();
        record["body"] = body.to_string().into();
    }
    functions.calibration.answer(event).await.unwrap();
    assert_eq!(engine.rows("readings").len(), 30);
    // Two groups at once, each of which looks for the device that is not in memory yet.
    let (store, device) = ("BatchExecuteStatement", "GetItem devices");
    assert_eq!(ledger.operations(), [store, store, device, device]);
}

#[tokio::test(start_paused = true)]
async fn when_the_time_is_over_what_is_unfinished_goes_back_and_what_is_done_stays() {
    let engine = Engine::start().await;
    engine.register();
    engine.put("devices", &json!({"id": "buoy-03", "enabled": true, "sensors": [{"code": "ph", "enabled": true}]}));
    let silence = Outage::silent("GetItem", "buoy-03");
    let functions = Functions::by(&engine, &engine.client_over(silence.clone()), &Settings::default());
    // Three groups of messages that are delivered together; the second one hangs on its last device.
    let mut event = batch(&[&["buoy-01"; 49][..], &["buoy-03"], &["buoy-01"; 10]].concat());
    for (place, record) in event["Records"].as_array_mut().unwrap().iter_mut().enumerate() {
        let mut body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        body["ts"] = json!(1_795_155_800_000_i64 + i64::try_from(place).unwrap());
        record["body"] = body.to_string().into();
    }
    let begun = tokio::time::Instant::now();
    let answer = functions.calibration.answer_within(event.clone(), Duration::from_secs(5)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(6), "it answers in time");
    let named: Vec<_> = (25..50).map(|id| json!({"itemIdentifier": id.to_string()})).collect();
    assert_eq!(answer, json!({"batchItemFailures": named}));
    assert_eq!(engine.rows("readings").len(), 25 + 10);

    let none = functions.calibration.answer_within(event.clone(), Duration::ZERO).await.unwrap();
    assert_eq!(none["batchItemFailures"].as_array().unwrap().len(), 60, "nothing is begun without time");
    silence.end();
    let answer = functions.calibration.answer_within(event, Duration::from_secs(5)).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(engine.rows("readings").len(), 60);
}
