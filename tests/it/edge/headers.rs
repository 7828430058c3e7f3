//! The headers of responses.

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::template::Template;
use weir_tests::{document, root};

use super::{Api, ENTRY, bob};
use crate::device;
use crate::http::ask::{Ask, status};
use crate::people::BOB;

#[tokio::test]
async fn no_answer_is_sniffed_and_each_says_whether_it_may_be_kept() {
    let mut api = Api::default();
    let cognito = format!("/cognito/users/{BOB}");
    let entry = format!("/quarantine/{ENTRY}");
    let role = format!("{cognito}/role");
    for (path, expected, kept) in [
        // With an e-mail address or a name in it.
        (bob().as_str(), 200, "no-store"),
        ("/users/me", 200, "no-store"),
        ("/users", 200, "no-store"),
        ("/cognito/users", 200, "no-store"),
        (&cognito, 200, "no-store"),
        (&role, 200, "no-store"),
        ("/devices", 200, "no-store"),
        ("/devices/buoy-01", 200, "no-store"),
        ("/devices/buoy-01/sensors/ph/calibrations", 200, "no-store"),
        ("/devices/dispenser-123/commands", 200, "no-store"),
        ("/devices/dispenser-123/commands/1795155884123", 200, "no-store"),
        ("/problems", 200, "no-store"),
        ("/problems/0102", 200, "no-store"),
        ("/system", 200, "no-store"),
        (&entry, 200, "no-store"),
        // Without: a browser may keep them, and asks each time whether they are still right.
        ("/levels", 200, "private, no-cache"),
        ("/levels/01", 200, "private, no-cache"),
        ("/devices/buoy-01/readings", 200, "private, no-cache"),
        ("/devices/buoy-01/readings/latest", 200, "private, no-cache"),
        ("/openapi.json", 200, "public, max-age=3600"),
        // Refusals.
        ("/devices/nowhere", 404, "no-store"),
        ("/levels/99", 404, "no-store"),
        ("/levels?limit=0", 400, "no-store"),
    ] {
        let answer = api.answer(Ask::new("GET", path)).await;
        assert_eq!(status(&answer), expected, "{path}: {answer}");
        assert_eq!(answer["headers"]["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer["headers"]["cache-control"], kept, "{path}");
    }
}

#[tokio::test]
async fn the_document_is_not_sent_again_to_who_has_it() {
    let mut api = Api::default();
    let first = api.answer(Ask::new("GET", "/openapi.json")).await;
    let tag = first["headers"]["etag"].as_str().expect("the document has a tag").to_owned();
    for (header, expected) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"x\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
    ] {
        let answer = api.answer(Ask::new("GET", "/openapi.json").header("if-none-match", &header)).await;
        assert_eq!(status(&answer), expected, "{header}");
        assert_eq!(answer["headers"]["etag"], tag.as_str(), "{header}");
        assert_eq!(answer["headers"]["cache-control"], "public, max-age=3600", "{header}");
        assert_eq!(answer["body"].as_str().unwrap_or_default().is_empty(), expected == 304, "{header}");
    }
}

#[test]
fn a_browser_may_read_every_header_of_an_answer() {
    let template = Template::read(&root());
    let api = template.resources("AWS::ApiGatewayV2::Api").into_values().next().unwrap();
    let cors = &api["CorsConfiguration"]["Fn::If"][1];
    let exposed: Vec<_> = cors["ExposeHeaders"].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
    let document = document::whole();
    let mut named = vec!["x-request-id".to_owned()];
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        for response in operation["responses"].as_object().unwrap().values() {
            let headers = response["headers"].as_object().into_iter().flatten();
            named.extend(headers.map(|(name, _)| name.to_lowercase()));
        }
    }
    for name in named.iter().map(String::as_str).chain([
        "content-disposition",
        "etag",
        "link",
        "location",
        "retry-after",
        "www-authenticate",
    ]) {
        // What a browser always lets a page read.
        if !["cache-control", "content-type"].contains(&name) {
            assert!(exposed.contains(&name), "{name} is not among {exposed:?}");
        }
    }
    // What a page may send: whatever the document calls a parameter in a header.
    let allowed = cors["AllowHeaders"].to_string();
    for name in ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"] {
        assert!(allowed.contains(name), "{name} is not among {allowed}");
    }
}

#[test]
fn the_document_has_a_low_rate_of_its_own() {
    let template = Template::read(&root());
    let stage = template.resources("AWS::ApiGatewayV2::Stage").into_values().next().unwrap();
    let own = &stage["RouteSettings"]["GET /openapi.json"];
    assert!(own["ThrottlingRateLimit"].as_f64().is_some_and(|rate| rate <= 10.0), "{stage}");
    assert!(own["ThrottlingBurstLimit"].as_f64().is_some_and(|burst| burst <= 20.0), "{stage}");
    // CloudFormation refuses settings of a route that is not there yet.
    let waits = template.section("Resources")["ApiStage"]["DependsOn"].to_string();
    assert!(waits.contains("DocumentRoute"), "{waits}");
}

#[test]
fn the_access_log_holds_no_path() {
    let template = Template::read(&root());
    let stage = template.resources("AWS::ApiGatewayV2::Stage").into_values().next().unwrap();
    let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
    // A path may end in an e-mail address, and so may a query.
    for bad in ["$context.path", "rawPath", "querystring", "$context.protocol"] {
        assert!(!format.contains(bad), "{bad} in {format}");
    }
    assert!(format.contains("$context.routeKey"), "{format}");
}

#[tokio::test]
async fn a_custom_domain_may_have_a_base_path() {
    let world = device::World::registered().await;
    let mut event = Ask::new("GET", "/weir/devices/buoy-01").admin().event();
    event["routeKey"] = json!("GET /devices/{id}");
    event["pathParameters"] = json!({"id": "buoy-01"});
    let answer = world.function().answer(event).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");

    let body = json!({"id": "new-01"});
    let mut event = Ask::new("POST", "/weir/devices").json(&body).admin().event();
    event["routeKey"] = json!("POST /devices");
    let answer = world.function().answer(event).await.unwrap();
    assert_eq!((status(&answer), &answer["headers"]["location"]), (201, &json!("/weir/devices/new-01")), "{answer}");

    let reading = crate::reading::World::new().await;
    let mut event = Ask::new("GET", "/weir/v1/devices/buoy-01/readings?limit=1").admin().event();
    event["routeKey"] = json!("GET /devices/{id}/readings");
    event["pathParameters"] = json!({"id": "buoy-01"});
    let answer = reading.function().answer(event).await.unwrap();
    let link = answer["headers"]["link"].as_str().unwrap();
    assert!(link.starts_with("</weir/v1/devices/buoy-01/readings?limit=1&next="), "{link}");
}
