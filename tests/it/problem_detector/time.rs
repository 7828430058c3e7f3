//! Near its deadline the detector stops and names the unfinished records; the next call continues after the finished ones.

use std::sync::Arc;
use std::time::Duration;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use tokio::time::Instant;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, Settings};
use weir_tests::pump::Pump;
use weir_tests::slow::Slow;

use super::{batch, problems, report, turned};

const NONE: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);

/// An engine that can delay its answers to `operation`, and the functions over it.
async fn slow(operation: &'static str) -> (Engine, Arc<Slow>, Functions) {
    let engine = Engine::start().await;
    let slow = Slow::of(operation, NONE);
    let functions = Functions::by(&engine, &engine.client_timed(slow.clone()), &Settings::default());
    (engine, slow, functions)
}

/// Forty sensors on tubes of two, each pair with an obstruction.
async fn forty(functions: &Functions) -> Vec<String> {
    let tubes = ('A'..='T').flat_map(|tube| [(format!("{tube}1"), 100.0), (format!("{tube}2"), 0.0)]);
    let mut ids = Vec::new();
    for (id, filling) in tubes {
        report(functions, &id, filling, -300).await;
        ids.push(id);
    }
    ids
}

fn named(answer: &Value) -> Vec<usize> {
    let failures = answer["batchItemFailures"].as_array().expect("failures");
    failures.iter().map(|one| one["itemIdentifier"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_takes_too_long_is_finished_up_to_a_record_and_continues_after_it() {
    let (engine, slow, functions) = slow("TransactWriteItems").await;
    let ids = forty(&functions).await;
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    slow.takes(SECOND);
    let begun = Instant::now();
    let answer = functions.detector.answer_within(batch(&ids), 2 * SECOND).await.unwrap();
    assert!(begun.elapsed() <= 2 * SECOND, "it answers in time");
    let first = named(&answer).into_iter().min().expect("not all of it was done");
    assert!(first > 0, "what is done is the beginning of the batch, so that Lambda goes on behind it");
    let judged = problems(&engine).len();
    assert!(judged >= first / 2 && judged < 20, "{judged} of 20 pairs, record {first} is the first unfinished one");

    // Delivered again as often as AWS does, each call finishes enough of it for the batch to end without giving up.
    let mut pump = Pump::of(&engine);
    pump.run(async |event| functions.detector.answer_within(event, 2 * SECOND).await).await;
    assert_eq!((pump.on_failure.len(), problems(&engine).len()), (0, 20));
    assert!(pump.calls.len() > 1, "{:?}", pump.calls);
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_any_time_is_delivered_again_whole() {
    let (engine, slow, functions) = slow("Query").await;
    let ids = forty(&functions).await;
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    assert!(functions.detector.answer_within(batch(&ids), NONE).await.is_err(), "it is not known who is a neighbour");
    slow.takes(10 * SECOND);
    let begun = Instant::now();
    assert!(functions.detector.answer_within(batch(&ids), 3 * SECOND).await.is_err());
    assert!(begun.elapsed() <= 3 * SECOND);
    assert_eq!(problems(&engine), []);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_takes_too_long_answers_that_there_is_more_and_the_next_one_finds_the_rest() {
    let (engine, slow, functions) = slow("TransactWriteItems").await;
    for number in 10..40 {
        turned(&functions, &format!("0{number}"), 50.0, -40_000).await;
    }
    slow.takes(SECOND);
    let begun = Instant::now();
    let sweep = event("problem-detector", "sweep");
    let answer = functions.detector.answer_within(sweep.clone(), 2500 * SECOND / 1000).await.unwrap();
    assert!(begun.elapsed() <= 3 * SECOND, "it answers in time");
    assert_eq!(answer, json!({"looked": 20, "silent": 20, "failed": 0, "more": true}));
    let answer = functions.detector.answer_within(sweep.clone(), 29 * SECOND).await.unwrap();
    assert_eq!(answer, json!({"looked": 10, "silent": 10, "failed": 0, "more": false}));
    assert_eq!(problems(&engine).len(), 30);

    let (_engine, slow, functions) = self::slow("Query").await;
    slow.takes(SECOND);
    let answer = functions.detector.answer_within(sweep, SECOND / 2).await.unwrap();
    assert_eq!(answer, json!({"looked": 0, "silent": 0, "failed": 0, "more": true}), "not even known who is due");
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_a_hundred_changes_is_judged_concurrently() {
    let (engine, slow, functions) = slow("TransactWriteItems").await;
    let ids: Vec<String> = (100..200).map(|number| format!("0{number}")).collect();
    for (place, id) in ids.iter().enumerate() {
        report(&functions, id, [100.0, 0.0][place % 2], -300).await;
    }
    slow.takes(Duration::from_millis(20));
    let begun = Instant::now();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    super::judged(&functions, &ids).await;
    let (asked, most) = slow.seen();
    assert_eq!(problems(&engine).len(), 99);
    assert!(asked >= 99 && most <= 8, "{asked} transactions, {most} at once");
    assert!(begun.elapsed() <= asked as u32 * Duration::from_millis(20) / 4, "{:?}", begun.elapsed());
}
