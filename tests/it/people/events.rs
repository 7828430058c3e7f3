//! Every recorded request about people, exactly as API Gateway sends it, with the expected response.

use std::collections::BTreeSet;

use weir_tests::events::{event, names};

use super::World;
use crate::http::ask::status;
use crate::http::recorded::{Expected, wrong};

const USER: &[Expected] = &[
    ("list", 200, "", &[]),
    ("list.page", 200, "", &[]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("list.refused-parameter", 400, "malformed", &["colour"]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("create", 201, "", &[]),
    ("create.minimal", 201, "", &[]),
    ("create.again", 201, "", &[]),
    ("create.refused-exists", 409, "exists", &[]),
    ("create.refused-deleted", 409, "transition", &[]),
    ("create.refused-invalid", 422, "invalid", &["/name", "/phone", "/preferences/a"]),
    ("create.refused-bad-id", 422, "invalid", &["/sub"]),
    ("create.refused-unknown-field", 422, "invalid", &["/role"]),
    ("create.refused-not-admin", 403, "forbidden", &[]),
    ("read", 200, "", &[]),
    ("read.not-modified", 304, "", &[]),
    ("read.refused-unknown", 404, "not_found", &[]),
    ("read.refused-bad-id", 404, "not_found", &[]),
    ("read.refused-not-admin", 403, "forbidden", &[]),
    ("replace", 200, "", &[]),
    ("replace.refused-stale", 412, "precondition_failed", &[]),
    ("replace.refused-unknown", 404, "not_found", &[]),
    ("replace.refused-invalid", 422, "invalid", &["/phone"]),
    ("replace.refused-not-admin", 403, "forbidden", &[]),
    ("patch", 200, "", &[]),
    ("patch.refused-stale", 412, "precondition_failed", &[]),
    ("patch.refused-kept-field", 422, "invalid", &["/version"]),
    ("patch.refused-unknown", 404, "not_found", &[]),
    ("patch.refused-not-admin", 403, "forbidden", &[]),
    ("delete", 204, "", &[]),
    ("delete.refused-stale", 412, "precondition_failed", &[]),
    ("delete.refused-unknown", 404, "not_found", &[]),
    ("delete.refused-not-admin", 403, "forbidden", &[]),
    ("me", 200, "", &[]),
    ("me.not-modified", 304, "", &[]),
    ("me.without-profile", 200, "", &[]),
    ("me.no-group", 200, "", &[]),
    ("me.refused-deleted", 404, "not_found", &[]),
    ("me.refused-no-token", 401, "unauthorized", &[]),
    ("me.refused-access-token", 401, "unauthorized", &[]),
    ("patch-me", 200, "", &[]),
    ("patch-me.first", 200, "", &[]),
    ("patch-me.refused-invalid", 422, "invalid", &["/preferences"]),
    ("patch-me.refused-stale", 412, "precondition_failed", &[]),
    ("patch-me.refused-deleted", 404, "not_found", &[]),
    ("refused.method", 405, "method_not_allowed", &[]),
];

const INFO: &[Expected] = &[
    ("list", 200, "", &[]),
    ("list.page", 200, "", &[]),
    ("list.email", 200, "", &[]),
    ("list.role", 200, "", &[]),
    ("list.users", 200, "", &[]),
    ("list.status", 200, "", &[]),
    ("list.all-filters", 200, "", &[]),
    ("list.quote", 200, "", &[]),
    ("list.refused-limit", 400, "malformed", &["limit"]),
    ("list.refused-parameter", 400, "malformed", &["name"]),
    ("list.refused-role", 400, "malformed", &["role"]),
    ("list.refused-status", 400, "malformed", &["status"]),
    ("list.refused-email", 400, "malformed", &["email"]),
    ("list.refused-next", 400, "bad_page", &[]),
    ("list.refused-not-admin", 403, "forbidden", &[]),
    ("read", 200, "", &[]),
    ("read.by-email", 200, "", &[]),
    ("read.not-modified", 304, "", &[]),
    ("read.refused-unknown", 404, "not_found", &[]),
    ("read.refused-being-created", 404, "not_found", &[]),
    ("read.refused-bad-name", 404, "not_found", &[]),
    ("read.refused-not-admin", 403, "forbidden", &[]),
    ("refused.method", 405, "method_not_allowed", &[]),
];

const ROLE: &[Expected] = &[
    ("admin", 200, "", &[]),
    ("self", 200, "", &[]),
    ("self.no-group", 200, "", &[]),
    ("refused-other", 403, "forbidden", &[]),
    ("refused-other-unknown", 403, "forbidden", &[]),
    ("refused-unknown", 404, "not_found", &[]),
    ("refused-being-created", 404, "not_found", &[]),
    ("refused-no-token", 401, "unauthorized", &[]),
    ("refused-access-token", 401, "unauthorized", &[]),
    ("document", 200, "", &[]),
];

const CHANGE: &[Expected] = &[
    ("add", 201, "", &[]),
    ("add.invited", 201, "", &[]),
    ("add.permanent", 201, "", &[]),
    ("add.over-remains", 201, "", &[]),
    ("add.refused-exists", 409, "user_exists", &["/email"]),
    ("add.refused-being-added", 503, "unavailable", &[]),
    ("add.refused-invalid", 422, "invalid", &["/email", "/devices", "/password/value", "/profile/phone"]),
    ("add.refused-role", 422, "invalid", &["/role"]),
    ("add.refused-missing", 422, "invalid", &["/email"]),
    ("add.refused-unknown-field", 422, "invalid", &["/groups"]),
    ("add.refused-password", 422, "password_policy", &["/password/value"]),
    ("add.refused-not-admin", 403, "forbidden", &[]),
    ("add.refused-admin-no-more", 403, "forbidden", &[]),
    ("claim", 200, "", &[]),
    ("claim.as-typed", 200, "", &[]),
    ("claim.refused-unknown", 404, "not_found", &[]),
    ("claim.refused-no-code", 404, "not_found", &[]),
    ("claim.refused-admin", 409, "transition", &[]),
    ("claim.refused-missing", 422, "invalid", &["/claim_code"]),
    ("give-back", 204, "", &[]),
    ("give-back.refused-foreign", 404, "not_found", &[]),
    ("give-back.refused-admin", 409, "transition", &[]),
    ("change.role", 200, "", &[]),
    ("change.demotion", 200, "", &[]),
    ("change.email", 200, "", &[]),
    ("change.email-verified", 200, "", &[]),
    ("change.devices", 200, "", &[]),
    ("change.no-devices", 200, "", &[]),
    ("change.disable", 200, "", &[]),
    ("change.enable", 200, "", &[]),
    ("change.temporary-password", 200, "", &[]),
    ("change.permanent-password", 200, "", &[]),
    ("change.nothing", 200, "", &[]),
    ("change.any-version", 200, "", &[]),
    ("change.refused-email-taken", 409, "email_taken", &["/email"]),
    ("change.refused-last-admin", 409, "last_admin", &[]),
    ("change.refused-last-admin-disabled", 409, "last_admin", &[]),
    ("change.refused-invalid", 422, "invalid", &["/email", "/devices", "/password/value"]),
    ("change.refused-null", 422, "invalid", &["/email", "/role"]),
    ("change.refused-unverified", 422, "invalid", &["/email_verified"]),
    ("change.refused-unknown-field", 422, "invalid", &["/sub"]),
    ("change.refused-password", 422, "password_policy", &["/password/value"]),
    ("change.refused-reused", 422, "password_reused", &["/password/value"]),
    ("change.refused-unknown", 404, "not_found", &[]),
    ("change.refused-being-created", 404, "not_found", &[]),
    ("change.refused-stale", 412, "precondition_failed", &[]),
    ("change.refused-not-admin", 403, "forbidden", &[]),
    ("change.refused-admin-no-more", 403, "forbidden", &[]),
    ("delete", 204, "", &[]),
    ("delete.refused-self", 409, "self_delete", &[]),
    ("delete.refused-last-admin", 409, "last_admin", &[]),
    ("delete.refused-unknown", 404, "not_found", &[]),
    ("delete.refused-being-created", 404, "not_found", &[]),
    ("delete.refused-stale", 412, "precondition_failed", &[]),
    ("delete.refused-not-admin", 403, "forbidden", &[]),
    ("delete.refused-admin-no-more", 403, "forbidden", &[]),
];

const ALL: [(&str, &[Expected]); 4] = [
    ("user", USER),
    ("cognito-get-users-info", INFO),
    ("cognito-get-role", ROLE),
    ("cognito-add-update-delete-user", CHANGE),
];

#[tokio::test]
async fn every_recorded_request_about_people_is_answered_as_the_contract_says() {
    let mut all = Vec::new();
    for (function, table) in ALL {
        let mut world = World::new().await;
        for expected in table {
            let answer = world.handle(function, event(function, expected.0)).await;
            all.extend(wrong(expected, &answer).map(|what| format!("{function}/{what}")));
            // Refused requests change nothing, so the next request finds what it expects.
            if status(&answer) < 300 {
                world = World::new().await;
            }
        }
    }
    assert!(all.is_empty(), "{} answers are wrong:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_recorded_event_about_people_is_asked_here() {
    for (function, table) in ALL {
        let mut asked: BTreeSet<_> = table.iter().map(|expected| expected.0.to_owned()).collect();
        if function == "cognito-add-update-delete-user" {
            // Asked in `sweep`.
            asked.insert("sweep".to_owned());
        }
        assert_eq!(asked, names(function).into_iter().collect(), "{function}");
    }
}
