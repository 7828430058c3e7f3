//! Access to tickets, and whether template and document have the same route.

use ::live::Live;
use serde_json::Value;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::matrix::{Line, differences, line, walk};
use crate::http::routed::{operations, own, routed};

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    vec![line("POST", "/live/tickets", [401, 401, 201, 201, 201])]
}

#[tokio::test]
async fn whoever_has_a_role_gets_a_ticket() {
    let world = World::new().await;
    let answer = async |event: Value| world.live().answer(event).await.unwrap();
    walk(&lines(), "buoy-01", answer).await;
}

#[test]
fn the_table_of_the_feed_and_its_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Live::document()))), Vec::<String>::new());
}

#[test]
fn the_template_routes_the_operation_of_the_feed() {
    assert_eq!(routed("LiveIntegration"), operations(&own(openapi(Live::document()))));
}
