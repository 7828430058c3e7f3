//! Every recorded request, exactly as API Gateway sends it, with the expected response.

use std::collections::BTreeSet;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::events::{event, names};

use super::World;
use crate::http::ask::{body, status};

/// The event, the status, for a refusal the kind, and the pointers or parameters it names.
type Expected = (&'static str, u16, &'static str, &'static [&'static str]);

const EXPECTED: &[Expected] = &[
    ("list", 200, "", &[]),
    ("list.page", 200, "", &[]),
    ("list.next", 200, "", &[]),
    ("list.reason", 200, "", &[]),
    ("list.device", 200, "", &[]),
    ("list.device-reason", 200, "", &[]),
    ("list.since", 200, "", &[]),
    ("list.refused-reason", 400, "malformed", &["reason"]),
    ("list.refused-since", 400, "malformed", &["since"]),
    ("list.refused-parameter", 400, "malformed", &["devise"]),
    ("list.refused-limit", 400, "malformed", &["limit"]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("list.refused-access-token", 401, "unauthorized", &[]),
    ("read", 200, "", &[]),
    ("read.bytes", 200, "", &[]),
    ("read.not-modified", 304, "", &[]),
    ("read.refused-unknown", 404, "not_found", &[]),
    ("read.refused-bad-id", 404, "not_found", &[]),
    ("read.refused-not-admin", 403, "forbidden", &[]),
    ("delete", 204, "", &[]),
    ("delete.if-match", 204, "", &[]),
    ("delete.refused-stale", 412, "precondition_failed", &[]),
    ("delete.refused-unknown", 404, "not_found", &[]),
    ("delete.refused-not-admin", 403, "forbidden", &[]),
    ("replay", 200, "", &[]),
    ("replay.again", 200, "", &[]),
    ("replay.refused-stale", 412, "precondition_failed", &[]),
    ("replay.refused-unknown", 404, "not_found", &[]),
    ("replay.refused-not-admin", 403, "forbidden", &[]),
    ("replay-all", 200, "", &[]),
    ("replay-all.filter", 200, "", &[]),
    ("replay-all.next", 200, "", &[]),
    ("replay-all.refused-field", 422, "invalid", &["/devise"]),
    ("replay-all.refused-reason", 422, "invalid", &["/reason"]),
    ("replay-all.refused-since", 422, "invalid", &["/since"]),
    ("replay-all.refused-limit", 422, "invalid", &["/limit"]),
    ("replay-all.refused-next", 400, "bad_page", &[]),
    ("replay-all.refused-not-json", 400, "malformed", &[]),
    ("replay-all.refused-media-type", 415, "unsupported_media", &[]),
    ("replay-all.refused-not-an-object", 422, "invalid", &[""]),
    ("replay-all.refused-not-admin", 403, "forbidden", &[]),
    ("refused.path", 404, "not_found", &[]),
    ("refused.method", 405, "method_not_allowed", &[]),
];

/// The event that comes from `cargo operate redrive` and not from API Gateway.
const ELSE: &str = "redrive";

async fn answered(name: &str) -> (World, Value) {
    let world = World::recorded().await;
    let answer = world.function().answer(event("quarantine", name)).await.unwrap();
    (world, answer)
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    for (name, code, kind, named) in EXPECTED {
        let (_, answer) = answered(name).await;
        assert_eq!(status(&answer), *code, "{name}: {answer}");
        if kind.is_empty() {
            continue;
        }
        let error = body(&answer);
        assert_eq!(error["type"], format!("urn:weir:problem:{kind}"), "{name}");
        let errors = error["errors"].as_array().cloned().unwrap_or_default();
        let names = errors.iter().map(|error| error["pointer"].as_str().or(error["parameter"].as_str()).unwrap());
        assert_eq!(names.collect::<Vec<_>>(), *named, "{name}: {error}");
    }
}

#[test]
fn every_recorded_request_is_replayed_by_a_test() {
    let known: BTreeSet<_> = EXPECTED.iter().map(|(name, ..)| (*name).to_owned()).chain([ELSE.to_owned()]).collect();
    assert_eq!(names("quarantine").into_iter().collect::<BTreeSet<_>>(), known);
}

#[tokio::test]
async fn the_filters_of_the_recorded_lists_find_what_they_name() {
    for (name, devices) in [
        ("list", vec!["buoy-99", "buoy-01"]),
        ("list.page", vec!["buoy-99"]),
        ("list.next", vec!["buoy-01"]),
        ("list.reason", vec!["buoy-99"]),
        ("list.device", vec!["buoy-99"]),
        ("list.device-reason", vec!["buoy-99"]),
        ("list.since", vec!["buoy-99"]),
    ] {
        let (_, answer) = answered(name).await;
        let page = body(&answer);
        let shown: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["device"].as_str().unwrap().to_owned()).collect();
        assert_eq!(shown, devices, "{name}");
        assert_eq!(page["next"].is_string(), name == "list.page", "{name}");
    }
}

#[tokio::test]
async fn the_recorded_replays_take_what_can_be_taken() {
    for (name, answer, left) in [
        ("replay-all", json!({"accepted": 1, "refused": 1, "failed": 0}), 1),
        ("replay-all.filter", json!({"accepted": 1, "refused": 0, "failed": 0}), 1),
        ("replay-all.next", json!({"accepted": 0, "refused": 1, "failed": 0}), 2),
    ] {
        let (world, said) = answered(name).await;
        assert_eq!(body(&said), answer, "{name}");
        assert_eq!(world.ids().len(), left, "{name}");
    }
    let (world, said) = answered(ELSE).await;
    assert_eq!((said, world.ids().len()), (json!({"accepted": 1, "refused": 0, "failed": 0}), 1));
    let (world, said) = answered("replay.again").await;
    assert_eq!((&body(&said)["outcome"], world.ids().len()), (&"refused".into(), 2));
}
