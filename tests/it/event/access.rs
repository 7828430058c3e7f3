//! Access to the log: every route is called by every kind of caller, and the document is checked against the same table.

use ::event::Events;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::{function, told};
use crate::http::ask::{Ask, status};
use crate::http::matrix::{Line, differences, line, walk};
use crate::http::routed::{operations, own, routed};

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    vec![
        line("GET", "/devices/buoy-01/events", [401, 401, 404, 200, 200]),
        line("GET", "/events", [401, 401, 403, 403, 200]),
        // The log outlives its device: of one that never was it is empty.
        line("GET", "/devices/buoy-77/events", [401, 401, 404, 404, 200]),
    ]
}

#[tokio::test]
async fn everyone_may_read_what_the_contract_says_and_no_more() {
    let world = told().await;
    walk(&lines(), "buoy-01", async |event| function(&world.engine).answer(event).await.unwrap()).await;
}

#[tokio::test]
async fn a_foreign_device_and_one_that_never_was_are_answered_alike() {
    let world = told().await;
    let ask = async |id: &str| {
        let ask = Ask::new("GET", &format!("/devices/{id}/events")).user("kloaka-03").id("same");
        function(&world.engine).answer(ask.event()).await.unwrap()
    };
    let foreign = ask("buoy-01").await;
    assert_eq!(status(&foreign), 404);
    assert_eq!(foreign, ask("buoy-77").await);
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Events::document()))), Vec::<String>::new());
}

#[test]
fn the_template_routes_each_operation_of_the_document_and_never_without_a_token() {
    assert_eq!(routed("EventIntegration"), operations(&own(openapi(Events::document()))));
}
