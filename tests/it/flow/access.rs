//! Access: every route with every kind of caller, compared with the template and the OpenAPI document.

use weir_runtime::Function as _;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use weir_http::openapi;

use super::World;
use crate::http::ask::{Ask, status};
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    let acknowledge = || json!({"problem_status": "ACKNOWLEDGED"});
    vec![
        line("GET", "/levels", [401, 401, 200, 200, 200]),
        line("GET", "/levels/01", [401, 401, 404, 200, 200]),
        line("DELETE", "/levels/01", [401, 401, 403, 403, 204]),
        line("GET", "/overview", [401, 401, 200, 200, 200]),
        line("GET", "/problems", [401, 401, 200, 200, 200]),
        // Each problem is refused by itself: to those who see none of them, in the answer.
        with_body(
            "POST",
            "/problems/changes",
            json!({"problem_ids": ["0102"], "problem_status": "ACKNOWLEDGED"}),
            [401, 401, 200, 200, 200],
        ),
        line("GET", "/problems/0102", [401, 401, 404, 200, 200]),
        with_body("PATCH", "/problems/0102", acknowledge(), [401, 401, 404, 200, 200]),
        // Only the registry's `level_id` counts, not the digits at the end of a device's id; and not another sensor's.
        line("GET", "/levels/02", [401, 401, 404, 404, 200]),
        line("GET", "/levels/77", [401, 401, 404, 404, 404]),
        line("GET", "/problems/11-silent", [401, 401, 404, 404, 200]),
        // Either sensor of a pair.
        line("GET", "/problems/0203", [401, 401, 404, 404, 200]),
        line("GET", "/problems/0708", [401, 401, 404, 404, 404]),
        with_body("PATCH", "/problems/11-silent", acknowledge(), [401, 401, 404, 404, 200]),
    ]
}

#[tokio::test]
async fn every_caller_may_do_what_the_table_says_and_no_more() {
    let world = Mutex::new(World::operated().await);
    let answer = async |event: Value| {
        let mut world = world.lock().await;
        let reads = event["requestContext"]["http"]["method"] == "GET";
        let answer = world.functions.flow.answer(event).await.unwrap();
        if !reads && status(&answer) < 300 {
            *world = World::operated().await;
        }
        answer
    };
    walk(&lines(), "kloaka-01 buoy-02 buoy-11 kloaka-77", answer).await;
}

#[tokio::test]
async fn a_problem_is_seen_from_either_of_its_sensors() {
    let world = World::operated().await;
    for (devices, id, expected) in [
        ("kloaka-01", "0102", 200),
        ("kloaka-03", "0102", 404),
        ("kloaka-03", "0203", 200),
        ("kloaka-03", "0304", 200),
        ("kloaka-01 kloaka-03", "11-silent", 404),
        ("buoy-01", "0102", 404),
        ("*", "11-silent", 200),
    ] {
        let answer = world.ask(Ask::new("GET", &format!("/problems/{id}")).user(devices)).await;
        assert_eq!(status(&answer), expected, "{devices} {id}");
    }
}

#[tokio::test]
async fn a_foreign_and_a_missing_resource_have_the_same_answer() {
    let world = World::operated().await;
    world.register("kloaka-09", Some("09")).await;
    let ask = async |method: &str, path: &str, scope: &str| {
        let mut ask = Ask::new(method, path).user(scope).id("same");
        if method == "PATCH" {
            ask = ask.json(&json!({"problem_status": "RESOLVED"}));
        }
        world.ask(ask).await
    };
    for (method, foreign, unknown) in [
        ("GET", "/levels/02", "/levels/09"),
        ("GET", "/problems/0102", "/problems/0809"),
        ("PATCH", "/problems/0102", "/problems/09-silent"),
        ("GET", "/problems/0102", "/problems/nonsense"),
    ] {
        let foreign = ask(method, foreign, "kloaka-09").await;
        assert_eq!(status(&foreign), 404);
        assert_eq!(foreign.to_string(), ask(method, unknown, "kloaka-09").await.to_string(), "{method} {unknown}");
    }
}

#[test]
fn the_table_and_the_document_name_the_same_operations_and_the_template_routes_them() {
    let document = own(openapi(::flow::Flow::document()));
    assert_eq!(differences(&lines(), &document), Vec::<String>::new());
    assert_eq!(routed("FlowIntegration"), operations(&document), "left the template, right the document");
}
