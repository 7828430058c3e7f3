//! Batches from SQS: each message ends for itself.

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
async fn a_body_that_is_no_json_is_set_aside_as_text() {
    let (engine, functions) = stood().await;
    handled(&functions, QUEUED[1]).await;
    let rows = engine.rows("quarantine");
    let row = rows.iter().find(|row| row["reason"] == "bad_topic").expect("it names no topic");
    assert_eq!(row["payload"], "Im5vdCBqc29uIg==", "the text, as JSON");
}

#[tokio::test(start_paused = true)]
async fn only_the_messages_that_failed_go_back_to_the_queue() {
    let engine = Engine::start().await;
    engine.register();
    engine.put("devices", &json!({"id": "buoy-03", "enabled": true, "sensors": [{"code": "ph", "enabled": true}]}));
    let outage = Outage::of("GetItem", "buoy-03");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    let event = batch(&["buoy-01", "buoy-03", "buoy-99"]);
    let answer = functions.calibration.handle(event.clone()).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
    let rows = ["readings", "quarantine"].map(|table| engine.rows(table).len());
    assert_eq!(rows, [1, 1], "the others are done");

    outage.end();
    assert_eq!(functions.calibration.handle(event).await.unwrap(), json!({"batchItemFailures": []}));
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
    let answer = functions.calibration.handle(event.clone()).await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(2));
    outage.end();
    assert_eq!(functions.calibration.handle(event).await.unwrap(), json!({"batchItemFailures": []}));
    assert_eq!(engine.rows("readings").len(), 2);
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
    functions.calibration.handle(event).await.unwrap();
    assert_eq!(engine.rows("readings").len(), 30);
    assert_eq!(ledger.operations(), ["BatchExecuteStatement", "BatchExecuteStatement", "GetItem devices"]);
}
