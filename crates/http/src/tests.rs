use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::*;
use weir_aws::AwsError;
use weir_core::domain::FieldError;
use weir_core::id::{DeviceId, SensorCode};
use weir_runtime::{Event, Until};

#[derive(OpenApi)]
#[openapi(paths(device), components(schemas(DeviceId)))]
struct Document;

/// A device.
#[utoipa::path(get, path = "/devices/{id}", params(("id" = DeviceId, Path)), responses((status = 200, body = DeviceId)))]
async fn device(Member(caller): Member, Path(id): Path<DeviceId>) -> Result<Json<DeviceId>, ApiError> {
    caller.sees(&id)?;
    if id.as_str() == "buoy-01" { Ok(Json(id)) } else { Err(ApiError::not_found()) }
}

fn router() -> Router {
    let sensor = async |Path((id, code)): Path<(DeviceId, SensorCode)>| format!("{id} {code}");
    let throttled = || AwsError::Unavailable { operation: "GetItem devices", detail: "secret host".into() };
    let wrong = || AwsError::Call { operation: "GetItem devices", detail: "secret table".into() };
    let fields = async || ApiError::invalid(vec![FieldError::new("/a", "is odd"), FieldError::new("/b/0", "is even")]);
    let routes = Router::new()
        .route("/devices/{id}", get(device).delete(async || "gone"))
        .route("/devices/{id}/sensors/{code}", get(sensor))
        .route("/throttled", get(async move || ApiError::from(throttled())))
        .route("/wrong", get(async move || ApiError::from(wrong())))
        .route("/fields", get(fields))
        .route("/bare", get(async || axum::http::StatusCode::NOT_IMPLEMENTED));
    finish(routes.route("/openapi.json", served("{\"openapi\": \"3.1.0\"}")))
}

async fn answered(event: Value) -> Value {
    serde_json::to_value(gateway::answer(&router(), Event::new(event), Until::NEVER).await).unwrap()
}

async fn ask(method: &str, path: &str, request: &str) -> Value {
    let claims =
        json!({"token_use": "id", "sub": "s", "cognito:groups": "[user]", "custom:devices": "buoy-01 buoy-09"});
    let event = json!({"rawPath": path, "rawQueryString": "", "headers": {}, "requestContext": {"requestId": request,
        "stage": "$default", "http": {"method": method}, "authorizer": {"jwt": {"claims": claims}}}});
    answered(event).await
}

fn error_body(answer: &Value) -> ApiErrorBody {
    assert_eq!(answer["headers"]["content-type"], "application/problem+json", "{answer}");
    let body: ApiErrorBody = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(answer["statusCode"], body.status, "{answer}");
    assert_eq!(answer["headers"]["x-request-id"], *body.instance, "{answer}");
    body
}

#[tokio::test]
async fn unknown_foreign_and_impossible_ids_are_answered_with_the_same_bytes() {
    let unknown = ask("GET", "/devices/buoy-09", "r-1").await;
    assert_eq!(error_body(&unknown).kind, "urn:weir:problem:not_found");
    for other in [
        "/devices/buoy-02",
        "/devices/-",
        "/devices/a%20b",
        "/devices/%ff",
        "/nowhere",
        "/devices/",
        "/devices/x/sensors/PH",
    ] {
        assert_eq!(ask("GET", other, "r-1").await, unknown, "{other}");
    }
    let again = ask("GET", "/devices/buoy-02", "r-2").await;
    assert_eq!(again.to_string(), unknown.to_string().replace("r-1", "r-2"));
}

#[tokio::test]
async fn what_is_there_is_answered_with_the_requests_id() {
    let found = ask("GET", "/devices/buoy-01", "r-1").await;
    assert_eq!((&found["statusCode"], &found["headers"]["x-request-id"]), (&json!(200), &json!("r-1")));
    assert_eq!(ask("GET", "/devices/buoy-01/sensors/ph", "r").await["body"], "buoy-01 ph");
}

#[tokio::test]
async fn a_method_that_does_not_fit_is_405_and_names_those_that_do() {
    let answer = ask("PUT", "/devices/buoy-01", "r").await;
    assert_eq!(error_body(&answer).kind, "urn:weir:problem:method_not_allowed");
    assert_eq!(answer["headers"]["allow"], "GET,HEAD,DELETE");
}

#[tokio::test]
async fn a_fault_tells_the_caller_nothing_but_the_requests_id() {
    let answer = ask("GET", "/wrong", "r").await;
    assert_eq!((error_body(&answer).status, answer["headers"].get("retry-after")), (500, None));
    assert!(!answer.to_string().contains("secret") && !answer.to_string().contains("GetItem"), "{answer}");
}

#[tokio::test]
async fn a_busy_service_is_503_and_says_when_to_ask_again() {
    let answer = ask("GET", "/throttled", "r").await;
    assert_eq!((error_body(&answer).status, &answer["headers"]["retry-after"]), (503, &json!("2")));
    assert!(!answer.to_string().contains("secret"), "{answer}");
}

#[tokio::test]
async fn each_wrong_field_is_listed() {
    let body = error_body(&ask("GET", "/fields", "r").await);
    assert_eq!((body.status, body.detail.as_str()), (422, "2 fields are not valid"));
    let pointers: Vec<_> = body.errors.iter().map(|error| error.pointer.as_deref().unwrap()).collect();
    assert_eq!(pointers, ["/a", "/b/0"]);
}

#[test]
fn of_very_many_wrong_fields_the_first_are_listed_and_all_are_counted() {
    let fields = (0..1_000).map(|place| FieldError::new(format!("/{place}"), "is odd")).collect();
    let error = ApiError::invalid(fields);
    assert_eq!((error.errors().len(), error.detail()), (20, "1000 fields are not valid"));
}

#[tokio::test]
async fn a_bare_status_becomes_a_problem_too() {
    assert_eq!(error_body(&ask("GET", "/bare", "r").await).kind, "urn:weir:problem:internal");
}

#[tokio::test]
async fn without_a_token_it_is_401_with_the_scheme() {
    let event = json!({"rawPath": "/devices/buoy-01", "requestContext": {"requestId": "r", "http": {"method": "GET"}}});
    let answer = answered(event).await;
    assert_eq!((error_body(&answer).status, &answer["headers"]["www-authenticate"]), (401, &json!("Bearer")));
}

#[tokio::test]
async fn the_document_is_served_to_anybody() {
    let event = json!({"rawPath": "/openapi.json", "requestContext": {"http": {"method": "GET"}}});
    let answer = answered(event).await;
    assert_eq!((&answer["statusCode"], &answer["headers"]["content-type"]), (&json!(200), &json!("application/json")));
    assert_eq!(answer["body"], "{\"openapi\": \"3.1.0\"}");
}

#[test]
fn the_document_says_what_holds_for_every_route() {
    let document = openapi(Document::openapi());
    let get = &document["paths"]["/devices/{id}"]["get"];
    assert_eq!(get["security"], json!([{"id_token": []}]));
    assert_eq!(get["responses"]["default"]["$ref"], "#/components/responses/Problem");
    assert_eq!(document["paths"]["/openapi.json"]["get"]["security"], json!([]));
    assert_eq!(document["components"]["securitySchemes"]["id_token"]["scheme"], "bearer");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<_> = schemas.keys().map(String::as_str).collect();
    assert_eq!(names, ["DeviceId", "ErrorDetail", "GatewayError", "Problem"]);
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn the_patterns_of_the_document_are_the_rules_of_the_ids() {
    // The longest and the shortest id are in; the document names the same bounds as the parser.
    let schema = json!(<DeviceId as utoipa::PartialSchema>::schema());
    assert_eq!(schema["pattern"], "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$");
    assert!("d".repeat(64).parse::<DeviceId>().is_ok() && "d".repeat(65).parse::<DeviceId>().is_err());
    let schema = json!(<SensorCode as utoipa::PartialSchema>::schema());
    assert_eq!(schema["pattern"], "^[a-z][a-z0-9_]{0,31}$");
    assert!("d".repeat(32).parse::<SensorCode>().is_ok() && "d".repeat(33).parse::<SensorCode>().is_err());
}
