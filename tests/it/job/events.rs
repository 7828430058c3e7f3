//! Every recorded event, exactly as AWS sends it, with the expected answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::{JOB, World};
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("announce", 201, "", &[]),
    ("announce.again", 201, "", &[]),
    ("announce.refused-exists", 409, "exists", &[]),
    ("announce.refused-version", 422, "invalid", &["/version"]),
    ("announce.refused-sha256", 422, "invalid", &["/sha256"]),
    ("announce.refused-size", 422, "invalid", &["/size"]),
    ("announce.refused-user", 403, "forbidden", &[]),
    ("firmware", 200, "", &[]),
    ("firmware.page", 200, "", &[]),
    ("firmware.refused-next", 400, "bad_page", &[]),
    ("firmware.refused-parameter", 400, "malformed", &["version"]),
    ("make", 202, "", &[]),
    ("make.all", 202, "", &[]),
    ("make.tube", 202, "", &[]),
    ("make.forced", 202, "", &[]),
    ("make.with-a-key", 202, "", &[]),
    ("make.refused-key", 400, "malformed", &[]),
    ("make.refused-newer", 422, "invalid", &["/target/devices/1"]),
    ("make.refused-disabled", 422, "invalid", &["/target/devices/0"]),
    ("make.refused-device", 422, "invalid", &["/target/devices/0"]),
    ("make.refused-nobody", 422, "invalid", &["/target/devices"]),
    ("make.refused-target", 422, "invalid", &["/target"]),
    ("make.refused-numbers", 422, "invalid", &["/rollout_per_minute", "/abort_percent", "/timeout_minutes"]),
    ("make.refused-firmware", 422, "invalid", &["/firmware"]),
    ("make.refused-without-a-file", 409, "transition", &[]),
    ("jobs", 200, "", &[]),
    ("jobs.page", 200, "", &[]),
    ("jobs.refused-next", 400, "bad_page", &[]),
    ("job", 200, "", &[]),
    ("job.failed", 200, "", &[]),
    ("job.refused-status", 400, "malformed", &["status"]),
    ("job.refused-unknown", 404, "not_found", &[]),
    ("job.refused-id", 404, "not_found", &[]),
    ("cancel", 200, "", &[]),
    ("cancel.refused-unknown", 404, "not_found", &[]),
    ("cancel.refused-user", 403, "forbidden", &[]),
];

/// What the rules and the schedule send, and the answers.
fn others() -> [(&'static str, Value); 8] {
    [
        ("told.completed", json!({"outcome": "ended"})),
        ("told.aborted", json!({"outcome": "ended"})),
        ("told.cancellation", json!({"outcome": "ignored"})),
        ("told.succeeded", json!({"outcome": "told"})),
        ("told.failed", json!({"outcome": "told"})),
        ("told.ignored-other", json!({"outcome": "ignored"})),
        ("told.ignored-unknown", json!({"outcome": "ignored"})),
        ("sweep", json!({"looked": 0, "failed": 0})),
    ]
}

/// What is no event of this function.
const NONE: &str = "told.refused-topic";

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let mut all = Vec::new();
    for expected in EXPECTED {
        let answer = World::recorded().await.function().answer(event("job", expected.0)).await.unwrap();
        all.extend(wrong(expected, &answer));
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[tokio::test]
async fn every_recorded_message_is_heard() {
    for (name, expected) in others() {
        let world = World::recorded().await;
        assert_eq!(world.function().answer(event("job", name)).await.unwrap(), expected, "{name}");
    }
    let world = World::recorded().await;
    let error = world.function().answer(event("job", NONE)).await.unwrap_err().to_string();
    assert!(error.contains("tells nothing of jobs"), "{error}");
}

#[tokio::test]
async fn an_aborted_job_says_what_aws_iot_says() {
    let world = World::recorded().await;
    world.function().answer(event("job", "told.aborted")).await.unwrap();
    let read = world.read(&json!(JOB)).await;
    assert_eq!(
        (&read["state"], &read["detail"]),
        (&json!("ABORTED"), &json!("Abort criteria for failure type ALL met"))
    );
}

#[test]
fn every_recorded_event_is_used() {
    let used = EXPECTED.iter().map(|line| line.0).chain(others().map(|line| line.0)).chain([NONE]);
    assert_eq!(used.map(str::to_owned).collect::<BTreeSet<_>>(), names("job").into_iter().collect());
}
