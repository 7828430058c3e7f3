//! Concurrent writers of one sensor: all reports are kept.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::{Interlude, Ledger};

use super::combined_write::relied_on;
use super::{handled, report};

fn fillings(engine: &Engine) -> Vec<String> {
    let row = engine.row("levels");
    let filling = |m: &Value| m["filling"].as_str().unwrap().to_owned();
    row["measurements"].as_array().expect("measurements").iter().map(filling).collect()
}

#[tokio::test]
async fn twenty_concurrent_reports_of_one_sensor_are_all_kept() {
    let engine = Engine::start().await;
    // One instance for each, as in Lambda.
    let instances: Vec<_> = (0..20).map(|_| Functions::over(&engine)).collect();
    let reports = instances
        .iter()
        .zip(0..)
        .map(|(functions, place)| handled(functions, report("01", f64::from(place), place.into())));
    let outcomes = join_all(reports).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "registered").count(), 1);
    assert_eq!(fillings(&engine), (0..20).map(|place| place.to_string()).collect::<Vec<_>>());
    assert_eq!(engine.row("levels")["revision"], NOW.millis() + 19, "every write is counted, none was lost");
}

#[tokio::test]
async fn a_report_that_is_overtaken_between_read_and_write_is_kept_with_the_other() {
    let engine = Arc::new(Engine::start().await);
    let other = Arc::new(Functions::over(&engine));
    handled(&other, report("01", 100.0, -300)).await;
    let between = {
        let other = other.clone();
        Arc::new(Interlude::new("UpdateItem", 1, move || {
            let other = other.clone();
            Box::pin(async move {
                handled(&other, report("01", 0.0, -100)).await;
            })
        }))
    };
    let functions = Functions::by(&engine, &engine.client_over(between.clone()), &Settings::default());
    assert_eq!(handled(&functions, report("01", 50.0, -200)).await, "late", "the other has become the newest");
    assert_eq!(between.left(), 0);
    assert_eq!(fillings(&engine), ["100", "50", "0"]);
    assert_eq!(engine.row("levels")["last_value"], "0");
}

#[tokio::test]
async fn a_writer_that_remembers_an_old_row_notices_it_and_both_reports_are_kept() {
    let engine = Engine::start().await;
    let ledger = Arc::new(Ledger::default());
    let one = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    let other = Functions::over(&engine);
    relied_on(&engine, &one).await;
    handled(&other, report("01", 50.0, -100)).await;
    ledger.take();
    assert_eq!(handled(&one, report("01", 0.0, -50)).await, "newest");
    assert_eq!(ledger.operations()[0], "BatchExecuteStatement", "by what it remembers");
    assert_eq!(fillings(&engine)[22..], ["50", "0"]);
}

#[tokio::test]
async fn a_sensor_whose_row_was_deleted_is_registered_again() {
    let engine = Engine::start().await;
    let ledger = Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    relied_on(&engine, &functions).await;
    engine.delete("levels", "id", "01");
    ledger.take();
    assert_eq!(handled(&functions, report("01", 0.0, -50)).await, "registered");
    assert_eq!(ledger.operations()[0], "BatchExecuteStatement", "by what it remembers");
    assert_eq!(fillings(&engine), ["0"]);
}

#[tokio::test]
async fn two_levels_for_one_instant_end_the_same_in_either_order() {
    let mut outcomes = Vec::new();
    let one = json!({"id": "01", "filling": 50, "ts": NOW.millis(), "received_at": NOW.millis() + 100});
    let other = json!({"id": "01", "filling": 100, "ts": NOW.millis(), "received_at": NOW.millis() + 200});
    for order in [[&one, &other], [&other, &one]] {
        let engine = Engine::start().await;
        let functions = Functions::over(&engine);
        for event in order {
            handled(&functions, event.clone()).await;
        }
        assert_eq!(fillings(&engine), ["100"]);
        assert_eq!(engine.row("quarantine")["reason"], "conflicting_reading");
        outcomes.push(engine.outcome());
    }
    assert_eq!(outcomes[0], outcomes[1]);
}
