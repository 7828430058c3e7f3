//! Every recorded request, exactly as API Gateway sends it.

use std::collections::BTreeSet;

use weir_aws::event::WithEvents;
use weir_runtime::Function as _;
use weir_tests::events::{event, names};

use super::World;
use crate::http::recorded::{Expected, wrong};

const EXPECTED: &[Expected] = &[
    ("subscribe.email", 201, "", &[]),
    ("subscribe.webhook", 201, "", &[]),
    (
        "subscribe.refused-invalid",
        422,
        "invalid",
        &[
            "/filter/devices/1",
            "/channel/webhook/url",
            "/zone",
            "/quiet/from",
            "/quiet/to",
            "/quiet/zone",
            "/digest_minutes",
            "/remind_hours",
        ],
    ),
    ("subscribe.refused-unknown-field", 422, "invalid", &["/to"]),
    ("subscribe.refused-two-channels", 422, "invalid", &["/channel"]),
    ("subscribe.refused-address", 422, "invalid", &["/channel/email/to"]),
    ("subscribe.refused-number-as-host", 422, "invalid", &["/channel/webhook/url"]),
    ("subscribe.refused-not-json", 400, "malformed", &[]),
    ("subscribe.refused-no-token", 401, "unauthorized", &[]),
    ("subscribe.refused-access-token", 401, "unauthorized", &[]),
    ("subscribe.refused-no-group", 403, "forbidden", &[]),
    ("own", 200, "", &[]),
    ("own.refused-parameter", 400, "malformed", &["limit"]),
    ("read", 200, "", &[]),
    ("read.not-modified", 304, "", &[]),
    ("read.refused-unknown", 404, "not_found", &[]),
    ("read.refused-bad-id", 404, "not_found", &[]),
    ("patch", 200, "", &[]),
    ("patch.disable", 200, "", &[]),
    ("patch.refused-stale", 412, "precondition_failed", &[]),
    ("patch.refused-channel", 422, "invalid", &["/channel"]),
    ("patch.refused-invalid", 422, "invalid", &["/digest_minutes"]),
    ("patch.refused-unknown", 404, "not_found", &[]),
    ("delete", 204, "", &[]),
    ("delete.refused-stale", 412, "precondition_failed", &[]),
    ("delete.refused-unknown", 404, "not_found", &[]),
    ("test", 200, "", &[]),
    ("test.refused-unknown", 404, "not_found", &[]),
    ("list", 200, "", &[]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("notices", 200, "", &[]),
    ("notices.refused-parameter", 400, "malformed", &["status"]),
    ("notices.refused-not-admin", 403, "forbidden", &[]),
    ("retry", 202, "", &[]),
    ("retry.refused-sent", 409, "transition", &[]),
    ("retry.refused-unknown", 404, "not_found", &[]),
    ("retry.refused-not-admin", 403, "forbidden", &[]),
    ("unsubscribe.refused-token", 404, "not_found", &[]),
    ("unsubscribe-page.refused-token", 404, "not_found", &[]),
    ("refused.method", 405, "method_not_allowed", &[]),
];

#[tokio::test]
async fn every_recorded_request_is_answered_as_the_contract_says() {
    for expected in EXPECTED {
        let world = World::recorded().await;
        // So that a patch of a stored subscription does not meet its address of this machine.
        let public = serde_json::json!({"channel": {"webhook": {"url": "https://example.org/hook"}}});
        if expected.0.starts_with("patch") {
            let stored = world.notified.subscriptions().of_owner(&crate::notify::sub(1)).await.unwrap().remove(0);
            world.notified.subscriptions().remove(&stored, WithEvents::NONE).await.unwrap();
            world.notified.subscribe_as(1, world.id(), &public).await;
        }
        let answer = world.api().answer(event("subscription", expected.0)).await.unwrap();
        assert_eq!(wrong(expected, &answer), None);
    }
}

#[test]
fn every_recorded_event_is_asked_somewhere() {
    let known = EXPECTED.iter().map(|(name, ..)| (*name).to_owned());
    assert_eq!(names("subscription").into_iter().collect::<BTreeSet<_>>(), known.collect());
}
