//! Every recorded request, exactly as API Gateway sends it, with the expected response.

use std::collections::BTreeSet;
use weir_runtime::Function as _;

use weir_tests::events::{event, names};

use super::World;
use crate::http::ask::status;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("create", 201, "", &[]),
    ("create.minimal", 201, "", &[]),
    ("create.flow-sensor", 201, "", &[]),
    ("create.again", 201, "", &[]),
    ("create.history", 201, "", &[]),
    ("create.refused-history", 422, "invalid", &["/history_from"]),
    ("create.refused-exists", 409, "exists", &[]),
    ("create.refused-not-admin", 403, "forbidden", &[]),
    (
        "create.refused-invalid",
        422,
        "invalid",
        &["/id", "/sensors/1/limits/max", "/settings/a", "/name", "/location/latitude", "/followed_by"],
    ),
    ("create.refused-bad-id", 422, "invalid", &["/id"]),
    ("create.refused-unknown-field", 422, "invalid", &["/colour"]),
    ("create.refused-wrong-type", 422, "invalid", &["/sensors/0/enabled"]),
    ("create.refused-not-json", 400, "malformed", &[]),
    ("create.refused-media-type", 415, "unsupported_media", &[]),
    ("create.refused-too-large", 413, "too_large", &[]),
    ("list", 200, "", &[]),
    ("list.page", 200, "", &[]),
    ("list.next", 200, "", &[]),
    ("list.enabled", 200, "", &[]),
    ("list.tube", 200, "", &[]),
    ("list.own", 200, "", &[]),
    ("list.refused-limit", 400, "malformed", &["limit"]),
    ("list.refused-parameter", 400, "malformed", &["colour"]),
    ("list.refused-tube", 400, "malformed", &["tube"]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("read", 200, "", &[]),
    ("read.not-modified", 304, "", &[]),
    ("read.base-path", 200, "", &[]),
    ("read.refused-unknown", 404, "not_found", &[]),
    ("read.refused-foreign", 404, "not_found", &[]),
    ("read.refused-bad-id", 404, "not_found", &[]),
    ("read.refused-deleted", 404, "not_found", &[]),
    ("read.refused-no-token", 401, "unauthorized", &[]),
    ("read.refused-access-token", 401, "unauthorized", &[]),
    ("read.refused-no-group", 403, "forbidden", &[]),
    ("replace", 200, "", &[]),
    ("replace.both-gone", 200, "", &[]),
    ("replace.refused-needed", 409, "in_use", &[]),
    ("replace.refused-stale", 412, "precondition_failed", &[]),
    ("replace.refused-weak-tag", 412, "precondition_failed", &[]),
    ("replace.refused-unknown", 404, "not_found", &[]),
    ("replace.refused-other-id", 422, "invalid", &["/id"]),
    ("replace.refused-not-admin", 403, "forbidden", &[]),
    ("patch", 200, "", &[]),
    ("patch.plain-json", 200, "", &[]),
    ("patch.report-every", 200, "", &[]),
    ("patch.refused-report-every", 422, "invalid", &["/report_every"]),
    ("patch.refused-needed", 409, "in_use", &[]),
    ("patch.byte-order-mark", 200, "", &[]),
    ("patch.refused-twice", 422, "invalid", &["/name"]),
    ("patch.refused-control", 422, "invalid", &["/name"]),
    ("patch.refused-encoded", 415, "unsupported_media", &[]),
    ("put-sensor.only-new", 201, "", &[]),
    ("put-sensor.refused-exists", 412, "precondition_failed", &[]),
    ("calibrate.refused-twice", 422, "invalid", &["/slope"]),
    ("patch.refused-kept-field", 422, "invalid", &["/version"]),
    ("patch.refused-calibration", 422, "invalid", &["/sensors/0/calibration"]),
    ("patch.refused-stale", 412, "precondition_failed", &[]),
    ("patch.refused-unknown", 404, "not_found", &[]),
    ("patch.refused-not-an-object", 422, "invalid", &[""]),
    ("delete", 204, "", &[]),
    ("delete.refused-stale", 412, "precondition_failed", &[]),
    ("delete.refused-unknown", 404, "not_found", &[]),
    ("delete.refused-not-admin", 403, "forbidden", &[]),
    ("settings", 200, "", &[]),
    ("settings.refused-foreign", 404, "not_found", &[]),
    ("set", 200, "", &[]),
    ("set.if-match", 200, "", &[]),
    ("set.refused-stale", 412, "precondition_failed", &[]),
    ("set.refused-too-large", 422, "invalid", &[""]),
    ("set.refused-too-deep", 422, "invalid", &["/a/b/c/d/e"]),
    ("set.refused-huge-integer", 422, "invalid", &["/a", "/deep/0/serial"]),
    ("set.refused-null", 422, "invalid", &["/every"]),
    ("set.refused-bad-sensor", 422, "invalid", &["/sensors/PH", "/sensors/do"]),
    ("set.refused-not-an-object", 422, "invalid", &[""]),
    ("set.refused-foreign", 404, "not_found", &[]),
    ("set.refused-unknown", 404, "not_found", &[]),
    ("sensor", 200, "", &[]),
    ("sensor.not-modified", 304, "", &[]),
    ("sensor.refused-unknown", 404, "not_found", &[]),
    ("sensor.refused-foreign", 404, "not_found", &[]),
    ("put-sensor.new", 201, "", &[]),
    ("put-sensor", 200, "", &[]),
    ("put-sensor.alerts", 200, "", &[]),
    ("put-sensor.refused-alert", 422, "invalid", &["/alerts/0/clear", "/alerts/1/for", "/alerts/2/below"]),
    ("put-sensor.refused-alert-twice", 422, "invalid", &["/alerts/1/id"]),
    ("put-sensor.refused-alert-id", 422, "invalid", &["/alerts/0/id"]),
    ("put-sensor.refused-invalid", 422, "invalid", &["/limits/max", "/code"]),
    ("put-sensor.refused-name", 422, "invalid", &["/name"]),
    ("put-sensor.refused-calibration", 422, "invalid", &["/calibration"]),
    ("put-sensor.refused-stale", 412, "precondition_failed", &[]),
    ("put-sensor.refused-bad-code", 404, "not_found", &[]),
    ("put-sensor.refused-not-admin", 403, "forbidden", &[]),
    ("put-sensor.refused-unknown-device", 404, "not_found", &[]),
    ("delete-sensor", 204, "", &[]),
    ("delete-sensor.refused-needed", 409, "in_use", &[]),
    ("delete-sensor.refused-unknown", 404, "not_found", &[]),
    ("delete-sensor.refused-not-admin", 403, "forbidden", &[]),
    ("calibrations", 200, "", &[]),
    ("calibrations.page", 200, "", &[]),
    ("calibrations.next", 200, "", &[]),
    ("calibrations.refused-next", 400, "bad_page", &[]),
    ("calibrations.refused-foreign", 404, "not_found", &[]),
    ("calibrations.refused-unknown-sensor", 404, "not_found", &[]),
    ("calibrate.identity", 201, "", &[]),
    ("calibrate.whole", 201, "", &[]),
    ("calibrate.linear", 201, "", &[]),
    ("calibrate.two-point", 201, "", &[]),
    ("calibrate.piecewise", 201, "", &[]),
    ("calibrate.in-the-past", 201, "", &[]),
    ("calibrate.in-the-future", 201, "", &[]),
    ("calibrate.polynomial", 201, "", &[]),
    ("calibrate.ranges", 201, "", &[]),
    ("calibrate.steinhart-hart", 201, "", &[]),
    ("calibrate.platinum-rtd", 201, "", &[]),
    ("calibrate.formula", 201, "", &[]),
    ("calibrate.formula.of-a-formula", 201, "", &[]),
    ("calibrate.formula.refused-unknown-sensor", 422, "invalid", &["/inputs/b"]),
    ("calibrate.formula.refused-itself", 422, "invalid", &["/inputs/a"]),
    ("calibrate.formula.refused-circle", 422, "invalid", &["/steps/1/inputs/fine"]),
    ("calibrate.formula.refused-log", 422, "invalid", &["/formula"]),
    ("calibrate.formula.refused-unknown-name", 422, "invalid", &["/formula"]),
    ("calibrate.formula.refused-not-a-formula", 422, "invalid", &["/formula"]),
    ("calibrate.refused-overlap", 422, "invalid", &["/ranges/1/from"]),
    ("calibrate.refused-no-model", 422, "invalid", &["/model"]),
    ("calibrate.refused-unknown-model", 422, "invalid", &["/model"]),
    ("calibrate.refused-missing-field", 422, "invalid", &["/intercept"]),
    ("calibrate.refused-wrong-type", 422, "invalid", &["/slope"]),
    ("calibrate.refused-not-finite", 422, "invalid", &["/slope"]),
    ("calibrate.refused-unknown-field", 422, "invalid", &["/slope"]),
    ("calibrate.refused-equal-raw", 422, "invalid", &["/raw/1"]),
    ("calibrate.refused-one-point", 422, "invalid", &["/points"]),
    ("calibrate.refused-not-ascending", 422, "invalid", &["/points/2/0"]),
    ("calibrate.refused-duplicate-raw", 422, "invalid", &["/points/2/0"]),
    ("calibrate.refused-outside", 422, "invalid", &["/outside"]),
    ("calibrate.refused-round", 422, "invalid", &["/round"]),
    ("calibrate.refused-clamp", 422, "invalid", &["/clamp/1"]),
    ("calibrate.refused-valid", 422, "invalid", &["/valid"]),
    ("calibrate.refused-valid-from", 422, "invalid", &["/valid_from"]),
    ("calibrate.refused-huge-number", 422, "invalid", &["/slope"]),
    ("calibrate.refused-not-admin", 403, "forbidden", &[]),
    ("calibrate.refused-stale", 412, "precondition_failed", &[]),
    ("calibrate.refused-unknown-sensor", 404, "not_found", &[]),
    ("calibrate.refused-unknown-device", 404, "not_found", &[]),
    ("refused.path", 404, "not_found", &[]),
    ("refused.method", 405, "method_not_allowed", &[]),
];

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    let mut all = Vec::new();
    let (mut plain, mut with_formula) = (World::registered().await, World::with_formula().await);
    for expected in EXPECTED {
        let event = event("device", expected.0);
        let formula = event["rawPath"].as_str().unwrap().contains("air-01");
        let world = if formula { &mut with_formula } else { &mut plain };
        let answer = world.function().answer(event).await.unwrap();
        all.extend(wrong(expected, &answer));
        // What is refused changes nothing, so the next request finds what it expects.
        if status(&answer) < 300 {
            *world = if formula { World::with_formula().await } else { World::registered().await };
        }
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[tokio::test]
async fn the_schedule_delivers_what_is_pending() {
    let world = World::registered().await;
    world.set("buoy-01", &serde_json::json!({"every": 5})).await;
    let answer = world.function().answer(event("device", "sweep")).await.unwrap();
    assert_eq!(answer, serde_json::json!({"delivered": 1, "pending": 0}));
    assert_eq!(world.cloud.retained("buoy-01").unwrap()["settings"]["every"], 5);
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let asked: BTreeSet<_> =
        EXPECTED.iter().map(|expected| expected.0.to_owned()).chain(["sweep".to_owned()]).collect();
    assert_eq!(asked, names("device").into_iter().collect());
}
