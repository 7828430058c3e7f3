//! Every recorded request, exactly as API Gateway sends it, with the expected response.

use std::collections::BTreeSet;
use weir_runtime::Function as _;

use serde_json::Value;
use weir_tests::events::{event, names};

use super::World;
use crate::http::ask::{body, status};

/// The event, the status, for a refusal the kind, and the parameter or the field it names.
type Expected = (&'static str, u16, &'static str, &'static str);

const EXPECTED: &[Expected] = &[
    ("points", 200, "", ""),
    ("points.span", 200, "", ""),
    ("points.epoch", 200, "", ""),
    ("points.offset", 200, "", ""),
    ("points.sensors", 200, "", ""),
    ("points.empty", 200, "", ""),
    ("points.page", 200, "", ""),
    ("points.next", 200, "", ""),
    ("points.csv", 200, "", ""),
    ("points.csv-page", 200, "", ""),
    ("points.level", 200, "", ""),
    ("points.former-sensor", 200, "", ""),
    ("points.deleted", 200, "", ""),
    ("intervals", 200, "", ""),
    ("intervals.some", 200, "", ""),
    ("intervals.csv", 200, "", ""),
    ("try", 200, "", ""),
    ("try.default-span", 200, "", ""),
    ("try.own", 200, "", ""),
    ("try.refused-alert", 422, "invalid", "/alert/clear"),
    ("try.refused-no-limit", 422, "invalid", "/alert"),
    ("try.refused-turned", 422, "invalid", "/from"),
    ("try.refused-instant", 422, "invalid", "/from"),
    ("try.refused-early", 422, "invalid", "/from"),
    ("try.refused-unknown-sensor", 404, "not_found", ""),
    ("try.refused-foreign", 404, "not_found", ""),
    ("latest", 200, "", ""),
    ("latest.one", 200, "", ""),
    ("latest.csv", 200, "", ""),
    ("latest.level", 200, "", ""),
    ("refused.no-token", 401, "unauthorized", ""),
    ("refused.access-token", 401, "unauthorized", ""),
    ("refused.no-group", 403, "forbidden", ""),
    ("refused.foreign", 404, "not_found", ""),
    ("refused.unknown", 404, "not_found", ""),
    ("refused.bad-id", 404, "not_found", ""),
    ("refused.deleted", 404, "not_found", ""),
    ("refused.deleted-no-sensor", 422, "invalid", "sensor"),
    ("refused.unknown-sensor", 422, "invalid", "sensor"),
    ("refused.unit", 422, "invalid", "from"),
    ("refused.bad-sensor", 400, "malformed", "sensor"),
    ("refused.from", 400, "malformed", "from"),
    ("refused.to", 400, "malformed", "to"),
    ("refused.calendar", 422, "invalid", "to"),
    ("refused.from-after-to", 422, "invalid", "from"),
    ("refused.every", 400, "malformed", "every"),
    ("refused.every-bounds", 422, "invalid", "every"),
    ("refused.span", 422, "invalid", "every"),
    ("refused.agg", 422, "invalid", "agg"),
    ("refused.agg-alone", 422, "invalid", "agg"),
    ("refused.limit", 400, "malformed", "limit"),
    ("refused.next", 400, "bad_page", ""),
    ("refused.parameter", 400, "malformed", "sensors"),
    ("refused.accept", 406, "not_acceptable", ""),
    ("refused.method", 405, "method_not_allowed", ""),
    ("refused.latest-foreign", 404, "not_found", ""),
    ("refused.latest-unknown-sensor", 422, "invalid", "sensor"),
    ("refused.latest-parameter", 400, "malformed", "from"),
    ("refused.latest-accept", 406, "not_acceptable", ""),
];

fn wrong((name, expected, kind, parameter): &Expected, answer: &Value) -> Option<String> {
    let told = |what: &str| Some(format!("{name}: {what}: {answer}"));
    if status(answer) != *expected {
        return told(&format!("{expected} expected"));
    }
    if *expected < 400 {
        return None;
    }
    let error = body(answer);
    if error["type"] != format!("urn:weir:problem:{kind}") {
        return told(&format!("{kind} expected"));
    }
    let first = &error["errors"][0];
    let named = first["parameter"].as_str().or(first["pointer"].as_str()).unwrap_or_default();
    if named != *parameter { told(&format!("{parameter} expected")) } else { None }
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let world = World::new().await;
    let mut all = Vec::new();
    for expected in EXPECTED {
        let answer = world.function().answer(event("reading", expected.0)).await.unwrap();
        all.extend(wrong(expected, &answer));
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let asked: BTreeSet<_> = EXPECTED.iter().map(|expected| expected.0.to_owned()).collect();
    assert_eq!(asked, names("reading").into_iter().collect());
}
