//! Access to subscriptions and notices: every route is called by every kind of caller, and the document is checked against the same table.

use ::subscription::SubscriptionApi;
use serde_json::{Value, json};
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

const OWN: &str = "/users/me/subscriptions/3f0c6a7e9b1d4c58a2e67f9013b5d8c4";

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin. All of them are the
/// same person.
fn lines() -> Vec<Line> {
    let member = |code| [401, 401, code, code, code];
    let only_admin = |code| [401, 401, 403, 403, code];
    let hook = json!({"channel": {"webhook": {"url": "https://example.org/hook"}}});
    let of_device = json!({"channel": {"email": {}}, "filter": {"devices": ["buoy-01"]}});
    vec![
        line("GET", "/users/me/subscriptions", member(200)),
        with_body("POST", "/users/me/subscriptions", hook, member(201)),
        with_body("POST", "/users/me/subscriptions", of_device, [401, 401, 422, 201, 201]),
        line("GET", OWN, member(200)),
        with_body("PATCH", OWN, json!({"remind_hours": 1}), member(200)),
        line("DELETE", OWN, member(204)),
        line("POST", "/users/me/subscriptions/3f0c6a7e9b1d4c58a2e67f9013b5d8c4/test", member(200)),
        line("GET", "/subscriptions", only_admin(200)),
        line("GET", "/notices", only_admin(200)),
        line(
            "POST",
            "/notices/3f0c6a7e9b1d4c58a2e67f9013b5d8c4-7dcf887bbe815f8e3047ff2c84bd7c3c/retry",
            only_admin(202),
        ),
        // Without a token; these links belong to nothing.
        line("GET", "/unsubscribe/x", [404; 5]),
        line("POST", "/unsubscribe/x", [404; 5]),
    ]
}

#[tokio::test]
async fn people_keep_their_own_subscriptions_and_only_an_admin_sees_those_of_others() {
    let answer = async |event: Value| World::recorded().await.api().answer(event).await.unwrap();
    walk(&lines(), "buoy-01", answer).await;
}

#[test]
fn the_table_of_subscriptions_and_its_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(SubscriptionApi::document()))), Vec::<String>::new());
}

#[test]
fn the_template_routes_each_operation_of_subscriptions() {
    assert_eq!(routed("SubscriptionIntegration"), operations(&own(openapi(SubscriptionApi::document()))));
}
