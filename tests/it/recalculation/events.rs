//! Every recorded event, exactly as AWS sends it, with the expected answer.

use std::collections::BTreeSet;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::recalculation::RecalculationTable;
use weir_core::domain::recalculation::{Count, Job, State};
use weir_tests::events::{event, names};
use weir_tests::functions::NOW;

use super::World;
use crate::http::ask::{body, status};

/// The request, the status, for a refusal the kind, and the pointers it names.
type Expected = (&'static str, u16, &'static str, &'static [&'static str]);

const EXPECTED: &[Expected] = &[
    ("fit", 200, "", &[]),
    ("fit.polynomial", 200, "", &[]),
    ("fit.refused-equal-raw", 422, "invalid", &["/points"]),
    ("fit.refused-model", 422, "invalid", &["/model"]),
    ("fit.refused-not-admin", 403, "forbidden", &[]),
    ("fit.refused-unknown-sensor", 404, "not_found", &[]),
    ("recalculate", 202, "", &[]),
    ("recalculate.refused-end-before-beginning", 422, "invalid", &["/to"]),
    ("recalculate.refused-missing", 422, "invalid", &["/to"]),
    ("recalculate.refused-instant", 422, "invalid", &["/from"]),
    ("recalculate.refused-before-the-calendar", 422, "invalid", &["/from"]),
    ("recalculate.refused-before-1970", 422, "invalid", &["/from"]),
    ("recalculate.refused-after-the-calendar", 422, "invalid", &["/to"]),
    ("recalculate.refused-unknown-field", 422, "invalid", &["/every"]),
    ("recalculate.refused-not-admin", 403, "forbidden", &[]),
    ("recalculate.refused-unknown-device", 404, "not_found", &[]),
    ("progress", 200, "", &[]),
    ("progress.refused-unknown", 404, "not_found", &[]),
    ("progress.refused-no-job", 404, "not_found", &[]),
];

/// What the stream, and the schedule, send; and the answers.
fn others() -> [(&'static str, Value); 4] {
    [
        ("go-on", json!({"batchItemFailures": []})),
        ("go-on.finished", json!({"batchItemFailures": []})),
        ("go-on.poison", json!({"batchItemFailures": [{"itemIdentifier": "4421584500000000017450439092"}]})),
        ("sweep", json!({"woken": 0, "more": false})),
    ]
}

/// The devices of the recorded events, and a job of `buoy-01` that is running.
async fn stood() -> World {
    let world = World::new(0).await;
    world.engine.register();
    let jobs = RecalculationTable::new(world.engine.client(), world.engine.name("recalculations"));
    let series =
        weir_core::domain::reading::Series { device: "buoy-01".parse().unwrap(), sensor: "ph".parse().unwrap() };
    let job = Job {
        id: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        series: series.clone(),
        from: NOW.plus_seconds(-86_400),
        to: NOW.plus_seconds(-3_600),
        state: State::Running,
        cursor: NOW.plus_seconds(-86_400),
        count: Count::default(),
        begins_at: NOW,
        by: "ann@example.com".into(),
        created_at: NOW,
        updated_at: NOW,
        reason: None,
    };
    let begun =
        jobs.begin(&job, &jobs.open(&series).await.unwrap(), &[], weir_aws::event::WithEvents::NONE).await.unwrap();
    assert_eq!(begun, WriteOutcome::Done);
    world
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    for (name, expected, kind, fields) in EXPECTED {
        let answer = stood().await.function().answer(event("recalculation", name)).await.unwrap();
        assert_eq!(status(&answer), *expected, "{name}: {answer}");
        if *expected >= 400 {
            let error = body(&answer);
            assert_eq!(error["type"], format!("urn:weir:problem:{kind}"), "{name}");
            let errors = error["errors"].as_array().cloned().unwrap_or_default();
            let named: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
            assert_eq!(named, *fields, "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn every_recorded_wakening_is_answered() {
    for (name, expected) in others() {
        let world = stood().await;
        assert_eq!(world.function().answer(event("recalculation", name)).await.unwrap(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_recalculation_says_where_it_can_be_followed() {
    let world = stood().await;
    let answer = world.function().answer(event("recalculation", "recalculate")).await.unwrap();
    let job = body(&answer);
    let path = format!("/devices/buoy-01/sensors/ph/recalculate/{}", job["job"].as_str().unwrap());
    assert_eq!((&answer["headers"]["location"], &job["state"]), (&json!(path), &json!("running")));
    let before = world.function().answer(event("recalculation", "progress")).await.unwrap();
    assert_eq!(body(&before)["state"], "cancelled", "the one before it over the same span");
}

#[test]
fn every_recorded_event_is_used() {
    let used: BTreeSet<_> =
        EXPECTED.iter().map(|line| line.0).chain(others().map(|line| line.0)).map(str::to_owned).collect();
    assert_eq!(used, names("recalculation").into_iter().collect());
}
