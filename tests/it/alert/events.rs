//! Every recorded batch, with the expected answer.

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::events::{event, names};
use weir_tests::functions::NOW;

use super::{World, problem};

/// Each recorded batch, the failed records in its answer, and whether the alert is open then.
const ANSWERS: &[(&str, &[&str], bool)] = &[
    ("breach", &[], true),
    ("in-order", &[], false),
    ("poison", &["300000000000000000008"], true),
    ("poison.no-image", &["300000000000000000010"], true),
    ("recalculated", &[], true),
    ("several", &[], true),
    ("unknown-device", &[], false),
];

#[test]
fn every_recorded_event_of_alert_is_used() {
    let used: Vec<_> = ANSWERS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(used, names("alert"), "left the events tested here, right events/alert");
}

#[tokio::test]
async fn every_batch_is_answered_with_the_records_that_failed_and_the_others_are_judged() {
    // The readings of the records: half a second and a minute before that.
    let measured = NOW.millis() - 1_795_155_884_123;
    for (name, failed, opens) in ANSWERS {
        let world = World::new().await;
        for (value, at) in [(6.1, measured + 60_000), (3.9, measured)] {
            let message = json!({"value": value, "ts": NOW.millis() - at, "topic": "buoy-01/reading/sensor/do",
                "received_at": NOW.millis()});
            world.functions.calibration.answer(message).await.unwrap();
        }
        let answer = world.functions.alert.answer(event("alert", name)).await.unwrap();
        let failures: Vec<_> = failed.iter().map(|sequence| json!({"itemIdentifier": sequence})).collect();
        assert_eq!(answer, json!({"batchItemFailures": failures}), "{name}");
        let expected = if *opens { vec![problem("UNRESOLVED", 1, -1)] } else { vec![] };
        assert_eq!(world.problems(), expected, "{name}");

        let before = world.engine.rows("problems");
        world.functions.alert.answer(event("alert", name)).await.unwrap();
        assert_eq!(world.engine.rows("problems"), before, "{name} again changes nothing, not even a revision");
    }
}

#[tokio::test]
async fn an_event_that_is_no_batch_is_an_error() {
    let world = World::new().await;
    assert!(world.functions.alert.answer(event("problem-detector", "sweep")).await.is_err());
    assert_eq!(world.functions.alert.answer(json!({"Records": []})).await.unwrap(), json!({"batchItemFailures": []}));
}
