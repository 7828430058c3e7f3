//! Every recorded event, exactly as AWS sends it, with the expected answer.

use std::collections::BTreeSet;

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::World;
use crate::http::ask::body;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("list", 200, "", &[]),
    ("list.state", 200, "", &[]),
    ("list.page", 200, "", &[]),
    ("list.refused-state", 400, "malformed", &["state"]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("add", 201, "", &[]),
    ("add.minimal", 201, "", &[]),
    ("add.blocked", 201, "", &[]),
    ("add.claimable", 201, "", &[]),
    ("add.csv", 200, "", &[]),
    ("add.csv-refused-header", 400, "malformed", &[]),
    ("add.refused-exists", 409, "exists", &[]),
    ("add.refused-device-taken", 409, "exists", &[]),
    ("add.refused-serial", 422, "invalid", &["/serial"]),
    ("add.refused-missing", 422, "invalid", &["/serial"]),
    ("add.refused-unknown-field", 422, "invalid", &["/colour"]),
    ("add.refused-template", 422, "invalid", &["/template/sensors/1/code"]),
    ("add.refused-template-disabled", 422, "invalid", &["/template/enabled"]),
    ("add.refused-not-admin", 403, "forbidden", &[]),
    ("add.refused-media-type", 415, "unsupported_media", &[]),
    ("remove", 204, "", &[]),
    ("remove.refused-unknown", 404, "not_found", &[]),
    ("remove.refused-id", 404, "not_found", &[]),
    ("remove.refused-not-admin", 403, "forbidden", &[]),
    ("reset", 200, "", &[]),
    ("reset.refused-unknown", 404, "not_found", &[]),
    ("reset.refused-not-admin", 403, "forbidden", &[]),
];

/// What AWS IoT asks, and whether the board is provisioned.
const QUESTIONS: [(&str, bool); 9] = [
    ("hook", true),
    ("hook.refused-unknown", false),
    ("hook.refused-blocked", false),
    ("hook.refused-lower-case", false),
    ("hook.refused-pattern", false),
    ("hook.refused-long", false),
    ("hook.refused-provisioned", false),
    ("hook.refused-no-serial", false),
    ("hook.refused-no-certificate", false),
];

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let mut all = Vec::new();
    for expected in EXPECTED {
        let answer = World::recorded().await.function().answer(event("provision", expected.0)).await.unwrap();
        all.extend(wrong(expected, &answer));
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[tokio::test]
async fn every_board_that_may_not_is_refused_in_the_same_words() {
    let refused = json!({"allowProvisioning": false});
    let allowed = json!({"allowProvisioning": true, "parameterOverrides": {"ThingName": "board-0001"}});
    for (name, may) in QUESTIONS {
        let answer = World::recorded().await.function().answer(event("provision", name)).await.unwrap();
        assert_eq!(answer, if may { allowed.clone() } else { refused.clone() }, "{name}");
    }
}

#[tokio::test]
async fn an_upload_answers_each_line() {
    let answer = World::recorded().await.function().answer(event("provision", "add.csv")).await.unwrap();
    let answer = body(&answer);
    let outcomes: Vec<_> =
        answer["items"].as_array().unwrap().iter().map(|item| (&item["line"], &item["outcome"])).collect();
    assert_eq!(outcomes, [(&json!(2), &json!("added")), (&json!(3), &json!("exists")), (&json!(4), &json!("invalid"))]);
    assert_eq!(answer["added"], 1);
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let asked = EXPECTED.iter().map(|expected| expected.0).chain(QUESTIONS.map(|(name, _)| name));
    assert_eq!(asked.map(str::to_owned).collect::<BTreeSet<_>>(), names("provision").into_iter().collect());
}
