//! Access to the allow list: every route is called by every kind of caller, and the document is checked against the same table.

use ::provision::Provision;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::ask::status;
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::own;

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    vec![
        line("GET", "/fleet/serials", [401, 401, 403, 403, 200]),
        with_body("POST", "/fleet/serials", json!({"serial": "SN-0010"}), [401, 401, 403, 403, 201]),
        line("DELETE", "/fleet/serials/SN-0001", [401, 401, 403, 403, 204]),
        line("POST", "/fleet/serials/SN-0003/reset", [401, 401, 403, 403, 200]),
        // The same of a number that is not there.
        line("DELETE", "/fleet/serials/SN-9999", [401, 401, 403, 403, 404]),
        line("POST", "/fleet/serials/SN-9999/reset", [401, 401, 403, 403, 404]),
    ]
}

#[tokio::test]
async fn only_an_admin_sees_and_changes_the_allow_list() {
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
    walk(&lines(), "board-0001", answer).await;
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Provision::document()))), Vec::<String>::new());
}
