//! Requests for tests, the access table, and proof that the access table detects errors.

pub mod ask;
mod document;
pub mod matrix;
pub mod recorded;
pub mod routed;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use weir_core::id::DeviceId;
use weir_http::{Admin, ApiError, Member, Path, finish, gateway, served};

use weir_runtime::{Event, Until};

use ask::{Ask, status};
use matrix::{Line, Who, differences, line, walk};

async fn read(Member(caller): Member, Path(id): Path<DeviceId>) -> Result<String, ApiError> {
    caller.sees(&id)?;
    if id.as_str() == "buoy-01" { Ok(id.to_string()) } else { Err(ApiError::not_found()) }
}

async fn answer(event: Value) -> Value {
    let remove = async |_: Admin, Path(_): Path<DeviceId>| "gone";
    let routes = Router::new()
        .route("/devices/{id}", get(read).delete(remove))
        .route("/devices/{id}/leak", get(async || "x"))
        .route("/openapi.json", served("{}"));
    serde_json::to_value(gateway::answer(&finish(routes), Event::new(event), Until::NEVER).await).unwrap()
}

fn lines() -> Vec<Line> {
    vec![
        line("GET", "/devices/buoy-01", [401, 401, 404, 200, 200]),
        line("GET", "/devices/buoy-02", [401, 401, 404, 404, 404]),
        line("DELETE", "/devices/buoy-01", [401, 401, 403, 403, 200]),
        line("GET", "/openapi.json", [200; 5]),
    ]
}

fn document() -> Value {
    json!({"paths": {"/devices/{id}": {"get": {}, "delete": {}}, "/openapi.json": {"get": {}}}})
}

#[tokio::test]
async fn a_right_table_holds() {
    walk(&lines(), "buoy-01 buoy-02", answer).await;
}

#[tokio::test]
#[should_panic(expected = "GET /devices/{id}/leak as Nobody: 401 expected")]
async fn a_route_that_lets_anybody_in_is_found_out() {
    walk(&[line("GET", "/devices/{id}/leak", [401, 401, 404, 200, 200])], "buoy-01", answer).await;
}

#[tokio::test]
#[should_panic(expected = "as InScope: 403 expected")]
async fn a_single_wrong_cell_is_found_out() {
    walk(&[line("GET", "/devices/buoy-01", [401, 401, 404, 403, 200])], "buoy-01", answer).await;
}

#[tokio::test]
#[should_panic(expected = "a refusal must be problem details")]
async fn a_refusal_without_problem_details_is_found_out() {
    let bare = async |_| json!({"statusCode": 404, "headers": {"x-request-id": "walk"}, "body": ""});
    walk(&[line("GET", "/", [404; 5])], "", bare).await;
}

#[test]
fn a_table_that_leaves_out_an_operation_is_found_out() {
    assert_eq!(differences(&lines(), &document()), Vec::<String>::new());
    let mut fewer = lines();
    fewer.remove(2);
    assert_eq!(differences(&fewer, &document()), ["DELETE /devices/{id} is never asked for"]);
    let mut more = lines();
    more.push(line("GET", "/devices/buoy-01/leak", [200; 5]));
    assert_eq!(differences(&more, &document()), ["GET /devices/buoy-01/leak is no operation"]);
}

#[test]
fn a_path_counts_for_the_operation_that_serves_it() {
    let document = json!({"paths": {"/users/{sub}": {"get": {}}, "/users/me": {"get": {}}}});
    let me = vec![line("GET", "/users/me", [200; 5])];
    assert_eq!(differences(&me, &document), ["GET /users/{sub} is never asked for"]);
}

#[tokio::test]
async fn everyone_of_the_table_is_who_they_claim_to_be() {
    for (who, expected) in Who::ALL.into_iter().zip([401, 401, 404, 200, 200]) {
        let event = Ask::new("GET", "/devices/buoy-01").claims(who.claims("buoy-01")).event();
        assert_eq!(status(&answer(event).await), expected, "{who:?}");
    }
}

#[test]
fn the_functions_that_handle_messages_link_nothing_of_http() {
    let links_axum = |package: &str| {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["tree", "--frozen", "--edges", "normal", "--prefix", "none", "--package", package]);
        let tree = cargo.current_dir(weir_tests::root()).output().unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        String::from_utf8_lossy(&tree.stdout).lines().any(|line| line.starts_with("axum "))
    };
    for function in ["calibration", "organizer", "problem-detector"] {
        assert!(!links_axum(function), "{function} links axum");
    }
    // The same question about a function that does, so that a wrong check cannot pass.
    assert!(links_axum("device"));
}
