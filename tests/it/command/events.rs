//! Every recorded event, exactly as AWS sends it, with the expected answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::World;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("press", 202, "", &[]),
    ("press.as-admin", 202, "", &[]),
    ("press.minimal", 202, "", &[]),
    ("press.with-a-key", 202, "", &[]),
    ("press.refused-bad-key", 400, "malformed", &[]),
    ("press.refused-name", 422, "invalid", &["/name"]),
    ("press.refused-missing", 422, "invalid", &["/name"]),
    ("press.refused-unknown-field", 422, "invalid", &["/arg"]),
    ("press.refused-null", 422, "invalid", &["/args/ml"]),
    ("press.refused-args", 422, "invalid", &["/args"]),
    ("press.refused-large", 422, "invalid", &["/args"]),
    ("press.refused-too-deep", 422, "invalid", &["/args/a/b/c/d/e"]),
    ("press.refused-expires-in", 422, "invalid", &["/expires_in"]),
    ("press.refused-foreign", 404, "not_found", &[]),
    ("press.refused-unknown", 404, "not_found", &[]),
    ("press.refused-disabled", 409, "transition", &[]),
    ("list", 200, "", &[]),
    ("list.page", 200, "", &[]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("list.refused-parameter", 400, "malformed", &["state"]),
    ("list.refused-foreign", 404, "not_found", &[]),
    ("list.refused-unknown", 404, "not_found", &[]),
    ("read", 200, "", &[]),
    ("read.not-modified", 304, "", &[]),
    ("read.refused-unknown", 404, "not_found", &[]),
    ("read.refused-id", 404, "not_found", &[]),
    ("read.refused-foreign", 404, "not_found", &[]),
    ("cancel", 200, "", &[]),
    ("cancel.refused-stale", 412, "precondition_failed", &[]),
    ("cancel.refused-unknown", 404, "not_found", &[]),
    ("cancel.refused-foreign", 404, "not_found", &[]),
];

/// What the rule and the schedule send, and the answers.
fn others() -> [(&'static str, Value); 7] {
    [
        ("answer.accepted", json!({"outcome": "changed"})),
        ("answer.succeeded", json!({"outcome": "changed"})),
        ("answer.failed", json!({"outcome": "changed"})),
        ("answer.ignored-unknown", json!({"outcome": "ignored"})),
        ("answer.unreadable", json!({"outcome": "unreadable"})),
        ("answer.nothing", json!({"outcome": "nothing"})),
        ("sweep", json!({"settled": 0, "pending": 0})),
    ]
}

/// What is no event of this function.
const NONE: &str = "answer.refused-topic";

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let mut all = Vec::new();
    for expected in EXPECTED {
        let answer = World::recorded().await.function().answer(event("command", expected.0)).await.unwrap();
        all.extend(wrong(expected, &answer));
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[tokio::test]
async fn every_recorded_answer_is_heard() {
    for (name, expected) in others() {
        let world = World::recorded().await;
        assert_eq!(world.function().answer(event("command", name)).await.unwrap(), expected, "{name}");
    }
    let world = World::recorded().await;
    let error = world.function().answer(event("command", NONE)).await.unwrap_err().to_string();
    assert!(error.contains("nor an update of a shadow"), "{error}");
}

#[tokio::test]
async fn a_recorded_answer_is_kept_with_what_the_device_says() {
    let world = World::recorded().await;
    world.function().answer(event("command", "answer.succeeded")).await.unwrap();
    let read = world.read(&json!("1795155884123")).await;
    assert_eq!((&read["state"], &read["result"]), (&json!("SUCCEEDED"), &json!({"ml": 29.5})));
    let world = World::recorded().await;
    world.function().answer(event("command", "answer.failed")).await.unwrap();
    let read = world.read(&json!("1795155884123")).await;
    assert_eq!((&read["state"], &read["detail"]), (&json!("FAILED"), &json!("the tank is empty")));
    assert_eq!(read["ended_at"], "2026-11-20T06:24:45.500Z", "when AWS IoT received it");
}

#[test]
fn every_recorded_event_is_used() {
    let used = EXPECTED.iter().map(|line| line.0).chain(others().map(|line| line.0)).chain([NONE]);
    assert_eq!(used.map(str::to_owned).collect::<BTreeSet<_>>(), names("command").into_iter().collect());
}
