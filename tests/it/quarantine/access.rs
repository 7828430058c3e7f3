//! Access to the quarantine: every route is called by every kind of caller, and the document is checked against the same table.

use ::quarantine::Quarantine;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::ask::status;
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    let only_admin = |code| [401, 401, 403, 403, code];
    vec![
        line("GET", "/quarantine", only_admin(200)),
        line("GET", "/quarantine/7dcf887bbe815f8e3047ff2c84bd7c3c", only_admin(200)),
        line("DELETE", "/quarantine/7dcf887bbe815f8e3047ff2c84bd7c3c", only_admin(204)),
        line("POST", "/quarantine/7dcf887bbe815f8e3047ff2c84bd7c3c/replay", only_admin(200)),
        with_body("POST", "/quarantine/replay", json!({}), only_admin(200)),
        // The same of an entry that is not there.
        line("GET", "/quarantine/ffffffffffffffffffffffffffffffff", only_admin(404)),
        line("DELETE", "/quarantine/ffffffffffffffffffffffffffffffff", only_admin(404)),
        line("POST", "/quarantine/ffffffffffffffffffffffffffffffff/replay", only_admin(404)),
    ]
}

#[tokio::test]
async fn only_an_admin_may_see_and_move_what_was_quarantined() {
    let world = Mutex::new(World::recorded().await);
    let answer = async |event: Value| {
        let mut world = world.lock().await;
        let reads = event["requestContext"]["http"]["method"] == "GET";
        let answer = world.function().answer(event).await.unwrap();
        if !reads && status(&answer) < 300 {
            *world = World::recorded().await;
        }
        answer
    };
    walk(&lines(), "buoy-99", answer).await;
}

#[test]
fn the_table_of_the_quarantine_and_its_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Quarantine::document()))), Vec::<String>::new());
}

#[test]
fn the_template_routes_each_operation_of_the_quarantine() {
    assert_eq!(routed("QuarantineIntegration"), operations(&own(openapi(Quarantine::document()))));
}
