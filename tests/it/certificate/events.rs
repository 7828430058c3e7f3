//! Every recorded event, exactly as AWS sends it, with the expected answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use crate::device::World;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("list", 200, "", &[]),
    ("list.refused-unknown", 404, "not_found", &[]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("remove.refused-unknown", 404, "not_found", &[]),
    ("remove.refused-not-admin", 403, "forbidden", &[]),
];

/// What the rule, the schedule, `device` and an audit send, and the answers.
fn others() -> [(&'static str, Value); 8] {
    [
        ("request.refused-curve", json!({"outcome": "rejected"})),
        ("request.refused-no-request", json!({"outcome": "rejected"})),
        ("request.ignored-disabled", json!({"outcome": "ignored"})),
        ("request.ignored-topic", json!({"outcome": "ignored"})),
        ("request.ignored-unknown", json!({"outcome": "ignored"})),
        ("sweep", json!({"looked": 0, "asked": 0, "left": false})),
        ("loan", json!({"outcome": "done"})),
        ("finding", json!({"outcome": "looked"})),
    ]
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let world = World::registered().await;
    let mut all = Vec::new();
    for expected in EXPECTED {
        all.extend(wrong(expected, &world.certificate().answer(event("certificate", expected.0)).await.unwrap()));
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[tokio::test]
async fn what_others_send_is_handled() {
    for (name, expected) in others() {
        let world = World::registered().await;
        assert_eq!(world.certificate().answer(event("certificate", name)).await.unwrap(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_device_hears_why_it_gets_no_certificate() {
    let world = World::registered().await;
    world.certificate().answer(event("certificate", "request.refused-curve")).await.unwrap();
    let told = world.cloud.published("buoy-01/certificate/rejected");
    assert_eq!(told, [json!({"detail": "its curve is not P-256"})]);
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let asked = EXPECTED.iter().map(|expected| expected.0).chain(others().map(|(name, _)| name));
    assert_eq!(asked.map(str::to_owned).collect::<BTreeSet<_>>(), names("certificate").into_iter().collect());
}
