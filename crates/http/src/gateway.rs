//! Converts events of an HTTP API (API Gateway's payload format 2.0) into requests for a router, and its responses back.
//!
//! `lambda_http` does the same, but panics when the path or query is not a URI, and fails on a claim that is not text. Since
//! API Gateway decodes `rawPath`, any caller could cause that.

use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body as ResponseBody;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{LINK, LOCATION};
use axum::http::{HeaderName, HeaderValue, Request, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tower::ServiceExt;

use weir_runtime::{Event, Retry, Until};

use super::router::{RouteKey, mark};
use super::{ApiError, Claims, RequestId};

/// Time beyond the deadline after which a request that did not stop by itself is cut off. Late enough for what the
/// handler has to report, early enough to send the answer before Lambda's timeout.
const GRACE: Duration = Duration::from_millis(500);

/// Handles an event of a function that only API Gateway calls.
///
/// # Errors
/// When the event is not a request.
pub async fn serve(router: &Router, event: Event, until: Until) -> Result<weir_runtime::Response, Retry> {
    if event.is_http() { Ok(answer(router, event, until).await) } else { Err(Retry::new("the event is not a request")) }
}

/// Answers the request in `event`. It never fails: errors are responses too, and a request that is not finished in time is
/// answered with 503. Such a request is dropped wherever it is, as if the function had been killed; every route must survive
/// that anyway. Route handlers find `until` among the extensions of the request.
pub async fn answer(router: &Router, event: Event, until: Until) -> weir_runtime::Response {
    let id = request_id(event.json());
    let base = Route::of(event.json()).base;
    let mut request = match request(event) {
        Ok(request) => request,
        Err(error) => return refused(error, &id).await,
    };
    request.extensions_mut().insert(until);
    match until.plus(GRACE).finish(router.clone().oneshot(request)).await {
        Some(Ok(response)) => written(under(response, &base)).await,
        Some(Err(never)) => match never {},
        None => {
            tracing::error!(request = id.0, "out of time");
            refused(ApiError::unavailable("out of time"), &id).await
        }
    }
}

/// The response to a request that reached no route or did not finish.
async fn refused(error: ApiError, id: &RequestId) -> weir_runtime::Response {
    let mut response = error.clone().into_response();
    error.write(&mut response, id);
    mark(&mut response, id);
    written(response).await
}

/// The request in `event`, with its id and the claims of the token as extensions.
///
/// # Errors
/// 400 when the method, the path or the body cannot be read.
pub fn request(event: Event) -> Result<Request<Body>, ApiError> {
    let mut event = event.into_json();
    let id = request_id(&event);
    // Claims are read as JSON, because the type allows only text, and not every claim is text.
    let claims = event.pointer_mut("/requestContext/authorizer/jwt/claims").map(Value::take);
    if let Some(context) = event.get_mut("requestContext").and_then(Value::as_object_mut) {
        context.remove("authorizer");
    }
    if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
        headers.retain(|name, value| is_header(name, value));
    }
    let Route { path, .. } = Route::of(&event);
    let unreadable = |what: &str| ApiError::malformed(format!("the {what} of the request cannot be read"));
    let event: ApiGatewayV2httpRequest =
        serde_json::from_value(event).map_err(|_| unreadable("method or another part"))?;

    let mut uri = path;
    if let Some(query) = event.raw_query_string.filter(|query| !query.is_empty()) {
        uri.push('?');
        uri.push_str(&encoded(&query, b"#"));
    }
    let uri: Uri = uri.parse().map_err(|_| unreadable("path"))?;
    let body = event.body.unwrap_or_default().into_bytes();
    let body = if event.is_base64_encoded { STANDARD.decode(body).map_err(|_| unreadable("body"))? } else { body };

    let mut request = Request::new(Body::from(body));
    *request.method_mut() = event.request_context.http.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = event.headers;
    request.extensions_mut().insert(id);
    request.extensions_mut().insert(RouteKey(event.route_key.unwrap_or_default()));
    if let Some(Value::Object(claims)) = claims {
        request.extensions_mut().insert(Claims(claims));
    }
    Ok(request)
}

/// Whether the name and the value are a valid HTTP header. Invalid headers are ignored.
fn is_header(name: &str, value: &Value) -> bool {
    name.parse::<HeaderName>().is_ok() && value.as_str().is_some_and(|value| HeaderValue::from_str(value).is_ok())
}

fn request_id(event: &Value) -> RequestId {
    RequestId(event.pointer("/requestContext/requestId").and_then(Value::as_str).unwrap_or("unknown").to_owned())
}

/// The path of a request as in the template's routes, and the prefix that callers see before it: the stage, unless that is
/// `$default`, or the base path of a custom domain.
#[derive(Debug, PartialEq, Eq)]
struct Route {
    path: String,
    base: String,
}

impl Route {
    /// Derived from the route that API Gateway has chosen (`GET /devices/{id}`) and its parameters, or from the path if there are none.
    fn of(event: &Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let raw = text("/rawPath");
        match chosen(text("/routeKey"), &event["pathParameters"]) {
            Some((path, plain)) => Self { path, base: raw.strip_suffix(&plain).unwrap_or_default().to_owned() },
            None => {
                let path = without_stage(raw, text("/requestContext/stage"));
                Self { path: encoded(path, b"?#"), base: raw.strip_suffix(path).unwrap_or_default().to_owned() }
            }
        }
    }
}

/// The path of the chosen route with its parameters filled in: encoded, and as it is. `None` if the template has no such
/// route, or a parameter is missing.
fn chosen(route: &str, parameters: &Value) -> Option<(String, String)> {
    let template = route.split_once(' ')?.1.strip_prefix('/')?;
    let (mut path, mut plain) = (String::new(), String::new());
    for word in template.split('/') {
        let name = word.strip_prefix('{').and_then(|word| word.strip_suffix('}'));
        let value = name.map_or(Some(word), |name| parameters.get(name)?.as_str())?;
        path.push('/');
        // API Gateway decodes parameters, so a slash in a parameter is part of its value.
        path.push_str(&encoded(value, b"?#/"));
        plain.push('/');
        plain.push_str(value);
    }
    Some((path, plain))
}

/// The path without the stage, with which it begins unless the stage is `$default`.
fn without_stage<'a>(path: &'a str, stage: &str) -> &'a str {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    match rest {
        Some("") if !stage.is_empty() => "/",
        Some(rest) if !stage.is_empty() && rest.starts_with('/') => rest,
        _ if path.is_empty() => "/",
        _ => path,
    }
}

/// The response with `base` before the addresses in its headers, which routes write without it.
fn under(mut response: Response, base: &str) -> Response {
    let headers = response.headers_mut();
    for (name, begins) in [(LOCATION, "/"), (LINK, "</")] {
        let address = headers.get(&name).and_then(|value| value.to_str().ok()).filter(|text| text.starts_with(begins));
        let moved = address.map(|text| text.replacen('/', &format!("{}/", encoded(base, b"?#")), 1));
        if let Some(moved) = moved.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, moved);
        }
    }
    response
}

/// Percent-encodes every byte that is not allowed in a URI, and the bytes in `also`. Encoded bytes stay as they are; a `%` that
/// is not followed by two hexadecimal digits is encoded.
fn encoded(text: &str, also: &[u8]) -> String {
    let bytes = text.as_bytes();
    let mut encoded = String::with_capacity(text.len());
    for (place, &byte) in bytes.iter().enumerate() {
        let hex = |offset| bytes.get(place + offset).is_some_and(u8::is_ascii_hexdigit);
        let literal = match byte {
            b'%' => hex(1) && hex(2),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            byte => byte.is_ascii_graphic() && !also.contains(&byte),
        };
        if literal { encoded.push(char::from(byte)) } else { encoded.push_str(&format!("%{byte:02X}")) }
    }
    encoded
}

/// The response in API Gateway's format: several values of a header are joined with commas.
async fn written(response: Response) -> weir_runtime::Response {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    for name in parts.headers.keys() {
        let values: Vec<_> = parts.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&values.join(&b", "[..])) {
            answer.headers.insert(name, value);
        }
    }
    // The body is in memory, so reading it cannot fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    answer.body = Some(match String::from_utf8(bytes.into()) {
        Ok(text) => ResponseBody::Text(text),
        Err(binary) => {
            answer.is_base64_encoded = true;
            ResponseBody::Binary(binary.into_bytes())
        }
    });
    answer.into()
}

#[cfg(test)]
mod tests;
