//! Access to devices: every route is called by every kind of caller, and the document is checked against the same table.

use ::device::Device;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use weir_http::openapi;
use weir_runtime::Function as _;

use super::World;
use crate::http::ask::{Ask, status};
use crate::http::matrix::{Line, differences, line, walk, with_body};
use crate::http::routed::{operations, own, routed};

/// For each route the status for nobody, an access token, a user without scope, a user in scope, and an admin.
fn lines() -> Vec<Line> {
    let calibration = json!({"model": "identity"});
    vec![
        line("GET", "/devices", [401, 401, 200, 200, 200]),
        with_body("POST", "/devices", json!({"id": "buoy-09"}), [401, 401, 403, 403, 201]),
        line("GET", "/devices/buoy-01", [401, 401, 404, 200, 200]),
        with_body("PUT", "/devices/buoy-01", json!({}), [401, 401, 403, 403, 200]),
        with_body("PATCH", "/devices/buoy-01", json!({}), [401, 401, 403, 403, 200]),
        line("DELETE", "/devices/buoy-01", [401, 401, 403, 403, 204]),
        line("GET", "/devices/buoy-01/settings", [401, 401, 404, 200, 200]),
        with_body("PUT", "/devices/buoy-01/settings", json!({"a": 1}), [401, 401, 404, 200, 200]),
        line("GET", "/devices/buoy-01/sensors/ph", [401, 401, 404, 200, 200]),
        with_body("PUT", "/devices/buoy-01/sensors/ph", json!({}), [401, 401, 403, 403, 200]),
        line("DELETE", "/devices/buoy-01/sensors/ph", [401, 401, 403, 403, 204]),
        line("GET", "/devices/buoy-01/sensors/ph/calibrations", [401, 401, 404, 200, 200]),
        with_body("POST", "/devices/buoy-01/sensors/ph/calibrations", calibration, [401, 401, 403, 403, 201]),
        // The same of a device that is not there.
        line("GET", "/devices/buoy-77", [401, 401, 404, 404, 404]),
        with_body("PUT", "/devices/buoy-77", json!({}), [401, 401, 403, 403, 404]),
        with_body("PATCH", "/devices/buoy-77", json!({}), [401, 401, 403, 403, 404]),
        line("DELETE", "/devices/buoy-77", [401, 401, 403, 403, 404]),
        with_body("PUT", "/devices/buoy-77/settings", json!({"a": 1}), [401, 401, 404, 404, 404]),
        with_body("PUT", "/devices/buoy-77/sensors/ph", json!({}), [401, 401, 403, 403, 404]),
        with_body(
            "POST",
            "/devices/buoy-77/sensors/ph/calibrations",
            json!({"model": "identity"}),
            [401, 401, 403, 403, 404],
        ),
    ]
}

#[tokio::test]
async fn everyone_may_do_what_the_contract_says_and_no_more() {
    // What reads or is refused changes nothing; after a change the next one starts anew.
    let world = Mutex::new(World::registered().await);
    let answer = async |event: Value| {
        let mut world = world.lock().await;
        let reads = event["requestContext"]["http"]["method"] == "GET";
        let answer = world.function().answer(event).await.unwrap();
        if !reads && status(&answer) < 300 {
            *world = World::registered().await;
        }
        answer
    };
    walk(&lines(), "buoy-01 buoy-77", answer).await;
}

#[test]
fn the_table_and_the_document_name_the_same_operations() {
    assert_eq!(differences(&lines(), &own(openapi(Device::document()))), Vec::<String>::new());
}

#[tokio::test]
async fn a_foreign_device_and_one_that_is_not_there_are_answered_byte_for_byte_alike() {
    let world = World::registered().await;
    let ask = async |method: &str, path: String, scope: &str| {
        let mut ask = Ask::new(method, &path).user(scope).id("same");
        if method == "PUT" {
            ask = ask.json(&json!({"a": 1}));
        }
        world.function().answer(ask.event()).await.unwrap()
    };
    for (method, rest) in [
        ("GET", ""),
        ("GET", "/settings"),
        ("PUT", "/settings"),
        ("GET", "/sensors/ph"),
        ("GET", "/sensors/ph/calibrations"),
    ] {
        let foreign = ask(method, format!("/devices/buoy-01{rest}"), "kloaka-03").await;
        let unknown = ask(method, format!("/devices/buoy-77{rest}"), "buoy-77").await;
        let unknown_and_foreign = ask(method, format!("/devices/buoy-77{rest}"), "kloaka-03").await;
        assert_eq!(status(&foreign), 404);
        assert_eq!(foreign.to_string(), unknown.to_string(), "{method} {rest}");
        assert_eq!(foreign.to_string(), unknown_and_foreign.to_string(), "{method} {rest}");
    }
}

#[test]
fn the_template_routes_each_operation_of_the_document_and_never_without_a_token() {
    assert_eq!(routed("DeviceIntegration"), operations(&own(openapi(Device::document()))));
}
