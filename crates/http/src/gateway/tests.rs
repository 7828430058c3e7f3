use axum::http::Method;
use serde_json::json;

use super::*;
use crate::{Caller, RequestId};
use axum::extract::Request as Asked;
use axum::routing::any;
use proptest::prelude::*;

fn event(method: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": query,
        "headers": {"host": "api.example.org", "content-type": "application/json", "accept": "a,b"},
        "requestContext": {
            "requestId": "JKJaXmPLvHcESHA=", "stage": "$default", "http": {"method": method, "path": path},
            "authorizer": {"jwt": {"claims": {"token_use": "id", "sub": "s-1", "cognito:groups": ["admin"]}, "scopes": null}},
        },
        "body": "{\"a\": 1}", "isBase64Encoded": false,
    })
}

async fn answered(router: &Router, event: Value) -> Value {
    serde_json::to_value(answer(router, Event::new(event), Until::NEVER).await).unwrap()
}

#[tokio::test]
async fn method_path_query_headers_body_id_and_claims_arrive() {
    let request = request(Event::new(event("PATCH", "/devices/buoy-01", "limit=5&sensor=p%68"))).unwrap();
    assert_eq!(request.method(), Method::PATCH);
    assert_eq!(request.uri(), "/devices/buoy-01?limit=5&sensor=p%68");
    assert_eq!((&request.headers()["accept"], request.headers().len()), (&HeaderValue::from_static("a,b"), 3));
    assert_eq!(request.extensions().get(), Some(&RequestId("JKJaXmPLvHcESHA=".into())));
    // A claim that is a list, not a text, is a claim too.
    let caller = Caller::of(request.extensions().get().unwrap()).unwrap();
    assert_eq!(caller.role, Some(weir_core::domain::access::Role::Admin));
    assert_eq!(to_bytes(request.into_body(), 100).await.unwrap(), "{\"a\": 1}");
}

#[tokio::test]
async fn a_body_in_base64_is_decoded() {
    let mut event = event("PUT", "/", "");
    event["body"] = json!("eyJhIjogMX0=");
    event["isBase64Encoded"] = json!(true);
    assert_eq!(to_bytes(request(Event::new(event.clone())).unwrap().into_body(), 100).await.unwrap(), "{\"a\": 1}");
    event["body"] = json!("{not base64");
    assert_eq!(request(Event::new(event)).unwrap_err().kind(), super::super::ErrorKind::Malformed);
}

#[test]
fn any_path_and_query_makes_a_request() {
    for (path, query, uri) in [
        ("/devices/a b", "", "/devices/a%20b"),
        ("/devices/å", "", "/devices/%C3%A5"),
        ("/devices/50%", "", "/devices/50%25"),
        ("/devices/50%zz?x=1#y", "", "/devices/50%25zz%3Fx=1%23y"),
        ("/devices/a%20b", "", "/devices/a%20b"),
        ("/devices/{id}", "tube=<0>", "/devices/%7Bid%7D?tube=%3C0%3E"),
        ("/x", "a=ü&b=\"c\"&d=e f&g=%", "/x?a=%C3%BC&b=%22c%22&d=e%20f&g=%25"),
        ("//evil.example.org/x", "", "//evil.example.org/x"),
        ("/devices/../users", "", "/devices/../users"),
        ("", "", "/"),
    ] {
        let request = request(Event::new(event("GET", path, query))).unwrap();
        assert_eq!(request.uri().path_and_query().map(|uri| uri.as_str()), Some(uri), "{path} {query}");
    }
}

#[test]
fn the_stage_is_no_part_of_the_path() {
    for (path, stage, expected) in [
        ("/dev/devices", "dev", "/devices"),
        ("/dev", "dev", "/"),
        ("/devices", "dev", "/devices"),
        ("/devices", "$default", "/devices"),
        ("/devices", "", "/devices"),
    ] {
        assert_eq!(without_stage(path, stage), expected, "{path} {stage}");
    }
}

#[test]
fn the_chosen_route_and_its_parameters_are_the_path() {
    for (route, raw, parameters, path, base) in [
        ("GET /devices", "/weir/devices", json!(null), "/devices", "/weir"),
        ("GET /devices/{id}", "/weir/v1/devices/a", json!({"id": "a"}), "/devices/a", "/weir/v1"),
        ("GET /devices/{id}", "/devices/a", json!({"id": "a"}), "/devices/a", ""),
        ("GET /devices/{id}", "/devices/devices/a", json!({"id": "devices/a"}), "/devices/devices%2Fa", ""),
        ("GET /devices/{id}/x", "/dev/devices/a b/x", json!({"id": "a b"}), "/devices/a%20b/x", "/dev"),
        ("GET /{a}/{b}", "/x/1/2", json!({"a": "1", "b": "2"}), "/1/2", "/x"),
        // What API Gateway leaves encoded.
        ("GET /devices/{id}", "/w/devices/a%2Fb", json!({"id": "a%2Fb"}), "/devices/a%2Fb", "/w"),
        // It says no route, or not what is in it.
        ("$default", "/dev/devices", json!(null), "/devices", "/dev"),
        ("", "/devices", json!(null), "/devices", ""),
        ("GET /devices/{id}", "/devices/a", json!({"name": "a"}), "/devices/a", ""),
        ("GET /devices/{id}", "/devices/a", json!(null), "/devices/a", ""),
        ("GET /devices/{id}", "/devices/a", json!({"id": 7}), "/devices/a", ""),
        ("GET devices", "/devices", json!(null), "/devices", ""),
        // The path ends otherwise than the route, so what is in front cannot be told.
        ("GET /devices", "/weir/devices/", json!(null), "/devices", ""),
    ] {
        let event = json!({"routeKey": route, "rawPath": raw, "pathParameters": parameters, "requestContext": {"stage": "dev"}});
        assert_eq!(Route::of(&event), Route { path: path.into(), base: base.into() }, "{route} {raw} {parameters}");
    }
}

#[tokio::test]
async fn addresses_in_an_answer_begin_with_the_base_path() {
    let router = Router::new()
        .route("/devices", any(async || [("location", "/devices/a"), ("link", "</devices?next=x>; rel=\"next\"")]))
        .route(
            "/elsewhere",
            any(async || [("location", "https://example.org/a"), ("link", "<https://example.org/a>")]),
        );
    let mut asked = event("POST", "/devices", "");
    asked["rawPath"] = json!("/w\u{e9}ir/devices");
    let addresses = |answer: Value| json!([answer["headers"]["location"], answer["headers"]["link"]]);
    let headers = addresses(answered(&router, asked).await);
    assert_eq!(headers, json!(["/w%C3%A9ir/devices/a", "</w%C3%A9ir/devices?next=x>; rel=\"next\""]));
    let mut asked = event("POST", "/elsewhere", "");
    asked["rawPath"] = json!("/weir/elsewhere");
    let headers = addresses(answered(&router, asked).await);
    assert_eq!(headers, json!(["https://example.org/a", "<https://example.org/a>"]));
}

#[tokio::test]
async fn an_answer_has_status_headers_and_body() {
    let echo = async |asked: Asked| ([("x-uri", asked.uri().to_string())], "ä");
    let router = Router::new().route("/devices", any(echo));
    let answer = answered(&router, event("GET", "/devices", "a=1")).await;
    assert_eq!(
        (&answer["statusCode"], &answer["body"], &answer["isBase64Encoded"]),
        (&json!(200), &json!("ä"), &json!(false))
    );
    assert_eq!(answer["headers"]["x-uri"], "/devices?a=1");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_answered_in_base64() {
    let router = Router::new().route("/", any(async || vec![0xff, 0xfe]));
    let answer = answered(&router, event("GET", "/", "")).await;
    assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!("//4="), &json!(true)));
}

#[tokio::test]
async fn an_event_of_any_shape_is_answered() {
    let router = Router::new().route("/", any(async || "here"));
    let mut odd_method = event("GET", "/", "");
    odd_method["requestContext"]["http"]["method"] = json!("G E T");
    let refused = answered(&router, odd_method).await;
    assert_eq!(
        (&refused["statusCode"], &refused["headers"]["content-type"]),
        (&json!(400), &json!("application/problem+json"))
    );
    assert!(refused["body"].as_str().unwrap().contains("JKJaXmPLvHcESHA="));
    for event in
        [json!(null), json!([]), json!({"requestContext": {"http": {"method": "GET"}}, "headers": [], "body": 1})]
    {
        assert!(answered(&router, event).await["statusCode"].is_u64());
    }
    let long = answered(&router, event("GET", &format!("/{}", "a".repeat(100_000)), "")).await;
    assert_eq!(long["statusCode"], 400);
}

proptest! {
    #[test]
    fn no_path_query_header_or_claim_stops_a_request(path in "(?s).{0,40}", query in "(?s).{0,40}", header in "(?s).{0,20}", claim in "(?s).{0,40}") {
        let mut event = event("GET", &format!("/{path}"), &query);
        event["headers"]["x-odd"] = json!(header);
        event["headers"][&header] = json!("odd");
        event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"] = json!(claim);
        let request = request(Event::new(event)).unwrap();
        // What was decoded comes back decoded: the path is still one path, whatever stood in it.
        let segments = |text: &str| text.split('/').count();
        prop_assert_eq!(segments(request.uri().path()), segments(&format!("/{path}")));
        let caller = Caller::of(request.extensions().get().unwrap()).unwrap();
        prop_assert!(caller.role.is_none() || claim.contains("admin") || claim.contains("user"));
    }
}
