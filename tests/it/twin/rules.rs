//! Every recorded message of the rules, with its effect.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::{event, names};
use weir_tests::functions::Functions;

use super::{hand, ids};

/// The event, the outcome, the events that are written, and the reason in the quarantine.
const EXPECTED: &[(&str, &str, &[&str], &str)] = &[
    ("shadow", "changed", &["buoy-01 reported-0000000007"], ""),
    ("shadow.both", "changed", &["buoy-01 desired-0000000008", "buoy-01 reported-0000000008"], ""),
    ("shadow.first", "changed", &["buoy-01 reported-0000000001"], ""),
    ("shadow.unchanged", "unchanged", &[], ""),
    ("shadow.unknown-device", "ignored", &[], ""),
    ("shadow.no-device", "ignored", &[], ""),
    ("connected", "newest", &["buoy-01 connected-0000000004"], ""),
    ("disconnected", "newest", &["buoy-01 disconnected-0000000004"], ""),
    ("disconnected.taken-over", "newest", &["buoy-01 disconnected-0000000003"], ""),
    ("connected.unknown-device", "ignored", &[], ""),
    ("connected.no-device", "ignored", &[], ""),
    ("connect-failed", "ignored", &[], ""),
    ("refused.not-json", "quarantined", &[], "unparseable"),
    ("refused.no-version", "quarantined", &[], "unparseable"),
    ("refused.no-number", "quarantined", &[], "unparseable"),
    ("refused.bad-timestamp", "quarantined", &[], "bad_timestamp"),
    ("refused.future-timestamp", "quarantined", &[], "future_timestamp"),
    ("refused.bad-topic", "quarantined", &[], "bad_topic"),
];

async fn world() -> (Engine, Functions) {
    let engine = Engine::start().await;
    engine.register();
    let functions = Functions::over(&engine);
    (engine, functions)
}

#[tokio::test]
async fn every_recorded_message_ends_as_the_contract_says_and_a_second_delivery_changes_nothing() {
    for (name, outcome, events, reason) in EXPECTED {
        let (engine, functions) = world().await;
        assert_eq!(hand(&functions, event("twin", name)).await, json!({"outcome": outcome}), "{name}");
        assert_eq!(ids(&engine), *events, "{name}");
        let quarantined = engine.rows("quarantine");
        let reasons: Vec<_> = quarantined.iter().map(|row| row["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, if reason.is_empty() { vec![] } else { vec![*reason] }, "{name}");
        let before = (engine.rows("events"), quarantined);
        let again = hand(&functions, event("twin", name)).await;
        assert_eq!((engine.rows("events"), engine.rows("quarantine")), before, "{name}: {again}");
    }
}

#[test]
fn every_recorded_message_is_handed_over_here() {
    let known: BTreeSet<_> = EXPECTED.iter().map(|expected| expected.0.to_owned()).collect();
    assert_eq!(names("twin").into_iter().collect::<BTreeSet<_>>(), known);
}

#[tokio::test]
async fn a_message_that_was_quarantined_can_be_replayed() {
    let (engine, functions) = world().await;
    hand(&functions, event("twin", "refused.future-timestamp")).await;
    let entry = engine.row("quarantine");
    let replay = json!({"payload": entry["payload"], "topic": entry["topic"], "received_at": entry["received_at"],
        "replay": entry["id"]});
    let answer = functions.twin.answer(replay.clone()).await.unwrap();
    assert_eq!(answer["entries"][0]["reason"], "future_timestamp", "it is still refused: {answer}");
    // The same, received an hour later: now it can be.
    let mut later = replay;
    later["received_at"] = json!(entry["received_at"].as_i64().unwrap() + 3_600_000);
    let answer = functions.twin.answer(later).await.unwrap();
    assert_eq!(answer, json!({"outcome": "newest", "entries": []}));
}

#[tokio::test]
async fn the_address_of_a_device_is_kept_nowhere() {
    let (engine, functions) = world().await;
    for name in ["connected", "disconnected"] {
        hand(&functions, event("twin", name)).await;
    }
    let all: Value = engine.rows("events").into();
    assert!(!all.to_string().contains("203.0.113.7") && all.to_string().contains("CONNECTION_LOST"), "{all}");
}
