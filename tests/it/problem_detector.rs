//! The function `problem-detector` on a real engine: reports through `organizer`, a batch of records, and the problems.

mod batch;
mod episodes;
mod pairs;
mod parameters;
mod people;
mod race;
mod silence;
mod stream;
mod time;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::{event, names};
use weir_tests::functions::{Functions, NOW};
use weir_tests::pump::stream_record;

/// Each recorded batch, and the failed records in its answer.
const ANSWERS: &[(&str, &[&str])] = &[
    ("both-sides", &[]),
    ("changed", &[]),
    ("poison", &["100000000000000000008"]),
    ("poison.no-key", &["100000000000000000011"]),
    ("registered", &[]),
    ("removed", &[]),
];

/// An engine and the functions over it.
async fn set_up() -> (Engine, Functions) {
    let engine = Engine::start().await;
    let functions = Functions::over(&engine);
    (engine, functions)
}

/// A report of a sensor, measured `seconds` after [`NOW`].
async fn report(functions: &Functions, id: &str, filling: f64, seconds: i64) {
    let at = NOW.plus_seconds(seconds).millis();
    let report = json!({"id": id, "filling": filling, "ts": at, "received_at": NOW.millis()});
    functions.organizer.answer(report).await.unwrap();
}

/// A batch of one record for each sensor.
fn batch(ids: &[&str]) -> Value {
    let record = |(place, id): (usize, &&str)| stream_record(&format!("{place:021}"), json!({"id": {"S": id}}));
    json!({"Records": ids.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// Delivers a batch, which must not have failed records.
async fn judged(functions: &Functions, ids: &[&str]) {
    let answer = functions.detector.answer(batch(ids)).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

/// A sensor reports, and the detector judges it at once.
async fn turned(functions: &Functions, id: &str, filling: f64, seconds: i64) {
    report(functions, id, filling, seconds).await;
    judged(functions, &[id]).await;
}

/// Every problem as (id, kind, status, episodes, seconds after [`NOW`] when the last episode began).
fn problems(engine: &Engine) -> Vec<(String, String, String, u64, i64)> {
    let text = |row: &Value, name: &str| row[name].as_str().expect(name).to_owned();
    let rows = engine.rows("problems");
    let mut problems: Vec<_> = rows
        .iter()
        .map(|row| {
            let began = row["problem_time"].as_i64().expect("problem_time") - NOW.seconds();
            let episodes = row["episodes"].as_u64().expect("episodes");
            (text(row, "problem_id"), text(row, "problem"), text(row, "problem_status"), episodes, began)
        })
        .collect();
    problems.sort();
    problems
}

fn problem(id: &str, kind: &str, status: &str, episodes: u64, began: i64) -> (String, String, String, u64, i64) {
    (id.to_owned(), kind.to_owned(), status.to_owned(), episodes, began)
}

#[test]
fn every_recorded_event_of_problem_detector_is_used() {
    let used: Vec<_> = ANSWERS.iter().map(|(name, _)| *name).chain(["sweep"]).collect();
    assert_eq!(used, names("problem-detector"), "left the events tested here, right events/problem-detector");
}

#[tokio::test]
async fn every_event_is_answered_with_the_records_that_failed_and_the_others_are_judged() {
    for (name, failed) in ANSWERS {
        let (engine, functions) = set_up().await;
        for (id, filling, seconds) in [("01", 100.0, -300), ("02", 50.0, -200), ("03", 100.0, -100)] {
            report(&functions, id, filling, seconds).await;
        }
        let answer = functions.detector.answer(event("problem-detector", name)).await.unwrap();
        let failures: Vec<_> = failed.iter().map(|sequence| json!({"itemIdentifier": sequence})).collect();
        assert_eq!(answer, json!({"batchItemFailures": failures}), "{name}");
        let mut expected = vec![problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -200)];
        if *name != "registered" {
            expected.push(problem("0203", "PROBLEM", "UNRESOLVED", 1, -100));
        }
        assert_eq!(problems(&engine), expected, "{name}");

        let before = engine.rows("problems");
        functions.detector.answer(event("problem-detector", name)).await.unwrap();
        assert_eq!(engine.rows("problems"), before, "{name} again changes nothing, not even a revision");
    }
}
