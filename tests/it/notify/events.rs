//! Every recorded event, exactly as the stream, the schedule and `subscription` send it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::World;

/// What makes the answer to an event.
type Answer = fn() -> Value;

const EXPECTED: [(&str, Answer); 4] = [
    ("problems", || json!({"batchItemFailures": []})),
    ("poison", || {
        let failed = ["100000000000000000001", "100000000000000000002"].map(|one| json!({"itemIdentifier": one}));
        json!({"batchItemFailures": failed})
    }),
    ("sweep", || json!({"done": 0, "failed": 0})),
    ("test", || json!({"outcome": "not_found"})),
];

#[tokio::test]
async fn every_recorded_event_is_answered() {
    let world = World::new().await;
    world.subscribe(super::ANN, &world.hook()).await;
    for (name, expected) in EXPECTED {
        assert_eq!(world.notify.answer(event("notify", name)).await.unwrap(), expected(), "{name}");
    }
    assert_eq!(world.receiver.take(), [], "no recorded problem is stored");
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let known = EXPECTED.map(|(name, _)| name.to_owned());
    assert_eq!(names("notify").into_iter().collect::<BTreeSet<_>>(), known.into());
}

#[tokio::test]
async fn what_is_no_event_of_the_function_is_refused() {
    let world = World::new().await;
    for odd in [json!({}), json!(null), json!({"test": {}}), json!({"test": {"owner": "", "id": "x"}}), json!([1])] {
        assert!(world.notify.answer(odd.clone()).await.is_err(), "{odd}");
    }
}
