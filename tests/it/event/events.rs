//! Every recorded request, exactly as API Gateway sends it, with the expected response.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::{function, told};
use crate::http::ask::{Ask, body, status};
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("device", 200, "", &[]),
    ("device.csv", 200, "", &[]),
    ("device.kinds", 200, "", &[]),
    ("device.span", 200, "", &[]),
    ("device.page", 200, "", &[]),
    ("device.refused-foreign", 404, "not_found", &[]),
    ("device.refused-bad-id", 404, "not_found", &[]),
    ("device.refused-kind", 400, "malformed", &["kind"]),
    ("device.refused-from", 400, "malformed", &["from"]),
    ("device.refused-from-after-to", 422, "invalid", &["from"]),
    ("device.refused-accept", 406, "not_acceptable", &[]),
    ("device.refused-next", 400, "bad_page", &[]),
    ("device.refused-limit", 400, "malformed", &["limit"]),
    ("device.refused-parameter", 400, "malformed", &["until"]),
    ("list", 200, "", &[]),
    ("list.csv", 200, "", &[]),
    ("list.kind", 200, "", &[]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("list.refused-parameter", 400, "malformed", &["device"]),
];

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let world = told().await;
    for expected in EXPECTED {
        let answer = function(&world.engine).answer(event("event", expected.0)).await.unwrap();
        assert_eq!(wrong(expected, &answer), None);
    }
}

#[test]
fn every_recorded_event_is_asked_here() {
    let asked: BTreeSet<_> = EXPECTED.iter().map(|expected| expected.0.to_owned()).collect();
    assert_eq!(asked, names("event").into_iter().collect());
}

#[tokio::test]
async fn the_recorded_lists_have_what_they_ask_for() {
    let world = told().await;
    for (name, kinds) in [
        ("device", vec!["disconnected", "settings", "connected", "reported"]),
        ("device.kinds", vec!["settings", "connected"]),
        ("device.span", vec!["disconnected", "settings", "connected", "reported"]),
        ("device.page", vec!["disconnected"]),
        ("list.kind", vec![]),
    ] {
        let answer = function(&world.engine).answer(event("event", name)).await.unwrap();
        let page = body(&answer);
        // Of one instant the order is that of the ids. The device was registered without the API, so that is not among them.
        let shown: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
        assert_eq!(shown, kinds, "{name}: {page}");
        assert_eq!(page["next"].is_string(), name == "device.page", "{name}");
    }
    let csv = function(&world.engine).answer(event("event", "device.csv")).await.unwrap();
    let text = csv["body"].as_str().unwrap();
    assert_eq!(status(&csv), 200);
    assert!(text.contains("buoy-01,reported,reported-0000000007,,,,/settings/led,false,true,0"), "{text}");
    assert!(text.contains("CONNECTION_LOST"), "{text}");
}

/// The kinds and instants of a list.
async fn shown(world: &crate::device::World, path: &str) -> Vec<(String, String)> {
    let ask = Ask::new("GET", path).admin();
    let answer = function(&world.engine).answer(ask.event()).await.unwrap();
    assert_eq!(status(&answer), 200, "{path}: {answer}");
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let page = body(&answer);
    page["items"].as_array().unwrap().iter().map(|item| (text(item, "kind"), text(item, "at"))).collect()
}

#[tokio::test]
async fn from_is_included_and_to_is_not() {
    let world = told().await;
    for list in ["/devices/buoy-01/events", "/events"] {
        let all = shown(&world, list).await;
        let instants: BTreeSet<_> = all.iter().map(|(_, at)| at.clone()).collect();
        assert!(instants.len() >= 3, "{list}: {all:?}");
        for instant in &instants {
            // Of one length, so they are compared as text.
            let since: Vec<_> = all.iter().filter(|(_, at)| at >= instant).cloned().collect();
            let until: Vec<_> = all.iter().filter(|(_, at)| at < instant).cloned().collect();
            assert_eq!(since.len() + until.len(), all.len());
            assert_eq!(shown(&world, &format!("{list}?from={instant}")).await, since, "{list} from {instant}");
            assert_eq!(shown(&world, &format!("{list}?to={instant}")).await, until, "{list} to {instant}");
        }
        let (first, last) = (instants.first().unwrap(), instants.last().unwrap());
        let between = shown(&world, &format!("{list}?from={first}&to={last}")).await;
        assert!(!between.is_empty() && between.len() < all.len(), "{list}: {between:?}");
    }
}
