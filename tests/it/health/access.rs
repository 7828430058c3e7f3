//! Access to the state of the system: admins only, and the document is checked against the same table.

use ::health::Health;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::matrix::{Line, differences, line, walk};
use crate::http::routed::{operations, own, routed};

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    vec![line("GET", "/system", [401, 401, 403, 403, 200])]
}

#[tokio::test]
async fn only_admins_may_know_how_the_system_is() {
    let world = World::new().await;
    walk(&lines(), "buoy-01", async |event| world.function().answer(event).await.unwrap()).await;
}

#[tokio::test]
async fn whoever_may_not_know_it_causes_no_request() {
    let world = World::new().await;
    let refused = weir_tests::events::event("health", "refused-not-admin");
    world.function().answer(refused).await.unwrap();
    assert_eq!(world.cloud.asked(), vec![]);
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Health::document()))), Vec::<String>::new());
}

#[test]
fn the_template_routes_each_operation_of_the_document_and_never_without_a_token() {
    assert_eq!(routed("HealthIntegration"), operations(&own(openapi(Health::document()))));
}
