//! Reports that arrive between the detector's read and its write.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use weir_runtime::Function as _;

use futures_util::future::join_all;
use serde_json::json;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::Interlude;

use super::{batch, judged, problem, problems, report};

/// Sensor 02 changes between 100 and 50 before each of the detector's first `times` transactions.
fn meddling(engine: &Arc<Engine>, times: usize) -> Arc<Interlude> {
    let other = Arc::new(Functions::over(engine));
    let seconds = Arc::new(AtomicI64::new(-700));
    Arc::new(Interlude::new("TransactWriteItems", times, move || {
        let (other, seconds) = (other.clone(), seconds.clone());
        Box::pin(async move {
            let at = seconds.fetch_add(10, Ordering::SeqCst);
            report(&other, "02", if at % 20 == 0 { 100.0 } else { 50.0 }, at).await;
        })
    }))
}

async fn obstructed() -> Arc<Engine> {
    let engine = Arc::new(Engine::start().await);
    let functions = Functions::over(&engine);
    report(&functions, "01", 100.0, -900).await;
    report(&functions, "02", 50.0, -800).await;
    engine
}

#[tokio::test]
async fn a_verdict_overtaken_by_a_report_is_reached_again() {
    let engine = obstructed().await;
    let between = meddling(&engine, 1);
    let functions = Functions::by(&engine, &engine.client_over(between.clone()), &Settings::default());
    judged(&functions, &["02"]).await;
    assert_eq!(between.left(), 0, "the report came in between");
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "RESOLVED", 1, -800)]);
}

#[tokio::test]
async fn a_sensor_that_keeps_changing_is_delivered_again_and_ends_right() {
    let engine = obstructed().await;
    let between = meddling(&engine, 1000);
    let functions = Functions::by(&engine, &engine.client_over(between), &Settings::default());
    let answer = functions.detector.answer(batch(&["02"])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": format!("{:021}", 0)}]}));
    assert_eq!(problems(&engine), [], "no verdict was written that did not hold");
    let quiet = Functions::over(&engine);
    judged(&quiet, &["02"]).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 6, -610)]);
}

#[tokio::test]
async fn two_detectors_at_once_write_a_problem_once() {
    let engine = obstructed().await;
    let instances: Vec<_> = (0..10).map(|_| Functions::over(&engine)).collect();
    join_all(instances.iter().map(|functions| judged(functions, &["01", "02"]))).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -800)]);
    let once = 1 + 2 * NOW.millis();
    assert_eq!(
        engine.row("problems")["revision"],
        once,
        "one more than the revisions of the two levels: it was written once"
    );
}

#[tokio::test]
async fn a_pair_that_is_judged_again_does_not_affect_the_rest_of_its_batch() {
    let engine = obstructed().await;
    let functions = Functions::over(&engine);
    report(&functions, "05", 100.0, -900).await;
    report(&functions, "06", 50.0, -750).await;
    let between = meddling(&engine, 1);
    let functions = Functions::by(&engine, &engine.client_over(between.clone()), &Settings::default());
    judged(&functions, &["02", "06"]).await;
    assert_eq!(between.left(), 0, "the report came in between");
    let expected =
        [problem("0102", "OBSTRUCTION", "RESOLVED", 1, -800), problem("0506", "OBSTRUCTION", "UNRESOLVED", 1, -750)];
    assert_eq!(problems(&engine), expected);
}
