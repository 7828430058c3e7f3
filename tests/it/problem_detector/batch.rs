//! A batch: its requests to DynamoDB, and that a failure affects only its own records.

use std::sync::Arc;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, Settings};
use weir_tests::wire::{Ledger, Outage};

use super::{batch, problem, problems, report, set_up};

fn failed(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().expect("failures");
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("a number")).collect()
}

#[tokio::test]
async fn a_corrupt_row_fails_its_own_pairs_and_no_others() {
    let (engine, functions) = set_up().await;
    for (id, filling, seconds) in [("01", 100.0, -300), ("02", 0.0, -299), ("06", 100.0, -298), ("07", 0.0, -297)] {
        report(&functions, id, filling, seconds).await;
    }
    let measurements = json!([{"filling": "plenty", "dt": 1}]);
    engine.put("levels", &json!({"id": "05", "last_value": "plenty", "last_update": 1, "measurements": measurements}));
    let answer = functions.detector.answer(batch(&["01", "05", "07"])).await.unwrap();
    assert_eq!(failed(&answer), [format!("{:021}", 1)], "05 with 06");
    let expected = [("0102", -299), ("0607", -297)].map(|(id, at)| problem(id, "OBSTRUCTION", "UNRESOLVED", 1, at));
    assert_eq!(problems(&engine), expected);
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_cannot_be_written_fails_alone() {
    let engine = Engine::start().await;
    let outage = Outage::of("TransactWriteItems", "\"0304\"");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    for (id, filling) in [("01", 100.0), ("02", 0.0), ("03", 100.0), ("04", 0.0)] {
        report(&functions, id, filling, -300).await;
    }
    let answer = functions.detector.answer(batch(&["01", "02", "03", "04"])).await.unwrap();
    assert_eq!(failed(&answer), [format!("{:021}", 2), format!("{:021}", 3)], "both records that wait for the pair");
    assert_eq!(problems(&engine).len(), 2, "0102 and 0203");
    outage.end();
    super::judged(&functions, &["03", "04"]).await;
    assert_eq!(problems(&engine).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_links_cannot_be_read_is_delivered_again_whole() {
    let engine = Engine::start().await;
    let outage = Outage::of("Query", "links");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    for (id, filling) in [("01", 100.0), ("02", 0.0)] {
        report(&functions, id, filling, -300).await;
    }
    assert!(functions.detector.answer(batch(&["01"])).await.is_err(), "else pairs might be missed");
    outage.end();
    super::judged(&functions, &["01"]).await;
    assert_eq!(problems(&engine).len(), 1);
}

#[tokio::test]
async fn a_record_without_a_sequence_number_fails_the_batch() {
    let (_engine, functions) = set_up().await;
    let unnamed = json!({"Records": [{"dynamodb": {"Keys": {"id": {"S": "01"}}}}]});
    for event in [unnamed, json!({}), json!([]), json!({"Records": 1})] {
        assert!(functions.detector.answer(event.clone()).await.is_err(), "{event}");
    }
}

#[tokio::test]
async fn a_batch_of_quiet_sensors_takes_one_read_and_no_write() {
    let engine = Engine::start().await;
    let ledger = Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    let ids: Vec<_> = (0..49).map(|number| format!("0{number:02}")).collect();
    for id in &ids {
        report(&functions, id, 100.0, -300).await;
    }
    let ids: Vec<_> = ids.iter().chain(&ids).map(String::as_str).collect();
    // The first time sets `watch` of each sensor.
    super::judged(&functions, &ids).await;
    ledger.take();
    super::judged(&functions, &ids).await;
    // 49 sensors, one neighbour without a row, and 49 pairs. The links are cached.
    assert_eq!(ledger.operations(), ["BatchGetItem"]);
}
