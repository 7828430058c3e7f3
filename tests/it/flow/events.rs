//! Every recorded request, exactly as API Gateway sends it, and its answer.

use std::collections::BTreeSet;
use weir_runtime::Function as _;

use weir_tests::events::{event, names};

use super::World;
use crate::http::ask::status;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("levels", 200, "", &[]),
    ("levels.tube", 200, "", &[]),
    ("levels.page", 200, "", &[]),
    ("levels.own", 200, "", &[]),
    ("levels.refused-tube", 400, "malformed", &["tube"]),
    ("levels.refused-limit", 400, "malformed", &["limit"]),
    ("levels.refused-parameter", 400, "malformed", &["tubes"]),
    ("levels.refused-next", 400, "bad_page", &[]),
    ("levels.refused-no-token", 401, "unauthorized", &[]),
    ("levels.refused-access-token", 401, "unauthorized", &[]),
    ("levels.refused-no-group", 403, "forbidden", &[]),
    ("level", 200, "", &[]),
    ("level.not-modified", 304, "", &[]),
    ("level.refused-unknown", 404, "not_found", &[]),
    ("level.refused-bad-id", 404, "not_found", &[]),
    ("level.refused-foreign", 404, "not_found", &[]),
    ("delete-level", 204, "", &[]),
    ("delete-level.if-match", 204, "", &[]),
    ("delete-level.again", 204, "", &[]),
    ("delete-level.refused-stale", 412, "precondition_failed", &[]),
    ("delete-level.refused-not-admin", 403, "forbidden", &[]),
    ("delete-level.refused-bad-id", 404, "not_found", &[]),
    ("overview", 200, "", &[]),
    ("overview.own", 200, "", &[]),
    ("overview.page", 200, "", &[]),
    ("overview.refused-limit", 400, "malformed", &["limit"]),
    ("overview.refused-next", 400, "bad_page", &[]),
    ("overview.refused-no-group", 403, "forbidden", &[]),
    ("problems", 200, "", &[]),
    ("problems.status", 200, "", &[]),
    ("problems.since", 200, "", &[]),
    ("problems.since-text", 200, "", &[]),
    ("problems.offset", 200, "", &[]),
    ("problems.own", 200, "", &[]),
    ("problems.kind", 200, "", &[]),
    ("problems.device", 200, "", &[]),
    ("problems.severity", 200, "", &[]),
    ("problems.refused-kind", 400, "malformed", &["kind"]),
    ("problems.refused-device", 400, "malformed", &["device"]),
    ("problems.refused-severity", 400, "malformed", &["severity"]),
    ("problems.refused-status", 400, "malformed", &["status"]),
    ("problems.refused-since", 400, "malformed", &["since"]),
    ("problems.refused-unit", 422, "invalid", &["since"]),
    ("problems.refused-next", 400, "bad_page", &[]),
    ("problem", 200, "", &[]),
    ("problem.silent", 200, "", &[]),
    ("problem.not-modified", 304, "", &[]),
    ("problem.refused-unknown", 404, "not_found", &[]),
    ("problem.refused-bad-id", 404, "not_found", &[]),
    ("problem.refused-foreign", 404, "not_found", &[]),
    ("acknowledge", 200, "", &[]),
    ("acknowledge.own", 200, "", &[]),
    ("acknowledge.if-match", 200, "", &[]),
    ("acknowledge.refused-again", 409, "transition", &[]),
    ("acknowledge.refused-resolved", 409, "transition", &[]),
    ("acknowledge.refused-stale", 412, "precondition_failed", &[]),
    ("acknowledge.refused-foreign", 404, "not_found", &[]),
    ("acknowledge.refused-unknown", 404, "not_found", &[]),
    ("resolve", 200, "", &[]),
    ("resolve.acknowledged", 200, "", &[]),
    ("resolve.silent", 200, "", &[]),
    ("resolve.refused-again", 409, "transition", &[]),
    ("reopen.refused", 409, "transition", &[]),
    ("note", 200, "", &[]),
    ("note.removed", 200, "", &[]),
    ("note.refused-empty", 422, "invalid", &["/note"]),
    ("note.refused-long", 422, "invalid", &["/note"]),
    ("patch.refused-nothing", 422, "invalid", &[""]),
    ("patch.refused-status", 422, "invalid", &["/problem_status"]),
    ("patch.refused-status-removed", 422, "invalid", &["/problem_status"]),
    ("patch.refused-unknown-field", 422, "invalid", &["/resolved_by"]),
    ("patch.refused-not-json", 400, "malformed", &[]),
    ("patch.refused-media-type", 415, "unsupported_media", &[]),
    ("patch.refused-not-an-object", 422, "invalid", &[""]),
    ("changes", 200, "", &[]),
    ("changes.note", 200, "", &[]),
    ("changes.own", 200, "", &[]),
    ("changes.refused-nothing", 422, "invalid", &[""]),
    ("changes.refused-none", 422, "invalid", &["/problem_ids"]),
    ("changes.refused-many", 422, "invalid", &["/problem_ids"]),
    ("changes.refused-note", 422, "invalid", &["/note"]),
    ("changes.refused-status", 422, "invalid", &["/problem_status"]),
    ("changes.refused-unknown-field", 422, "invalid", &["/resolved_by"]),
    ("refused.method", 405, "method_not_allowed", &[]),
    ("refused.path", 404, "not_found", &[]),
];

#[tokio::test]
async fn every_recorded_request_has_the_documented_answer() {
    let mut all = Vec::new();
    let mut world = World::operated().await;
    for expected in EXPECTED {
        let event = event("flow", expected.0);
        let reads = event["requestContext"]["http"]["method"] == "GET";
        let answer = world.functions.flow.answer(event).await.unwrap();
        all.extend(wrong(expected, &answer));
        // Reads and refused requests change nothing.
        if !reads && status(&answer) < 300 {
            world = World::operated().await;
        }
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[tokio::test]
async fn an_event_that_is_not_a_request_is_an_error() {
    let world = World::new().await;
    assert!(world.functions.flow.answer(event("problem-detector", "sweep")).await.is_err());
}

#[test]
fn every_recorded_event_is_used() {
    let asked: BTreeSet<_> = EXPECTED.iter().map(|expected| expected.0.to_owned()).collect();
    assert_eq!(asked, names("flow").into_iter().collect());
}
