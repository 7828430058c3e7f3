//! Who may call the deployed API: tokens of the real user pool, checked by API Gateway and by the function.

use serde_json::{Value, json};
use tooling::api::Answer;
use weir_tests::local::Local;

/// What a caller can see of an answer, the request's id apart.
fn seen(answer: &Answer) -> (u16, String) {
    let mut body = answer.json();
    let id = body["instance"].as_str().unwrap_or_default().to_owned();
    assert!(!id.is_empty() && answer.header("x-request-id") == id, "{body}");
    body["instance"] = Value::Null;
    (answer.status, body.to_string())
}

#[tokio::test]
async fn only_the_document_is_for_everybody() {
    let local = Local::running();
    for path in ["/devices", "/devices/p-01", "/devices/p-01/settings"] {
        assert_eq!(local.nobody().call("GET", path, None).await.unwrap().status, 401, "{path}");
    }
    let document = local.nobody().expect(&[200], "GET", "/openapi.json", None).await.unwrap().json();
    assert!(document["paths"]["/devices"].is_object());
}

#[tokio::test]
async fn an_access_token_is_let_through_by_api_gateway_and_refused_by_the_function() {
    let local = Local::running();
    let answer = local.wrong_token().await.call("GET", "/devices", None).await.unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/problem+json"));
    assert_eq!(answer.json()["type"], "urn:weir:problem:unauthorized");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn an_administrator_registers_and_a_user_sees_and_sets_what_is_theirs() {
    let local = Local::running();
    let (admin, user) = (local.admin().await, local.user("p", "p-11 p-12").await);
    let body = json!({"id": "p-11", "name": "Theirs"});
    let refused = user.call("POST", "/devices", Some(&body)).await.unwrap();
    assert_eq!((refused.status, &refused.json()["type"]), (403, &json!("urn:weir:problem:forbidden")));
    let made = admin.call("POST", "/devices", Some(&body)).await.unwrap();
    assert_eq!((made.status, made.header("location"), made.header("etag")), (201, "/devices/p-11", "\"1\""));
    assert_eq!(admin.call("POST", "/devices", Some(&body)).await.unwrap().status, 409);
    local.register(&json!({"id": "p-13", "name": "Somebody else's"})).await;

    let mine = user.expect(&[200], "GET", "/devices", None).await.unwrap().json();
    let ids: Vec<_> = mine["items"].as_array().unwrap().iter().map(|device| device["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["p-11"]);
    assert_eq!(user.call("GET", "/devices/p-11", None).await.unwrap().status, 200);
    assert_eq!(user.call("DELETE", "/devices/p-11", None).await.unwrap().status, 403);
    let set = user.call("PUT", "/devices/p-11/settings", Some(&json!({"every": 30}))).await.unwrap();
    assert_eq!((set.status, &set.json()["version"]), (200, &json!(2)));
}

#[tokio::test]
async fn a_foreign_device_looks_like_one_that_is_not_there() {
    let local = Local::running();
    local.register(&json!({"id": "p-21"})).await;
    let user = local.user("p2", "p-22").await;
    for (method, rest, body) in [
        ("GET", "", None),
        ("GET", "/settings", None),
        ("PUT", "/settings", Some(json!({}))),
        ("GET", "/sensors/ph", None),
        ("GET", "/sensors/ph/calibrations", None),
    ] {
        let ask =
            async |id: &str| seen(&user.call(method, &format!("/devices/{id}{rest}"), body.as_ref()).await.unwrap());
        let (foreign, unknown, mine_and_unknown) = (ask("p-21").await, ask("p-29").await, ask("p-22").await);
        assert_eq!(foreign.0, 404, "{method} {rest}");
        assert_eq!((&foreign, &foreign), (&unknown, &mine_and_unknown), "{method} {rest}");
    }
}
