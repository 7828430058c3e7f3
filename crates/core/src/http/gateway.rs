//! API Gateway's events of an HTTP API (payload format 2.0) carried to a router, and its answers back.
//!
//! `lambda_http` does this too, but stops the whole request with a panic on a path or query that is no URI, and with
//! an error on a claim that is no text. API Gateway hands `rawPath` over decoded, so both are one `curl` away.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use super::{Claims, Problem, RequestId};
use crate::clock::{SystemClock, Until, left};

/// Whether the event is a request. The same function may be woken by a schedule, whose event has no such context.
pub fn is_http(event: &Value) -> bool {
    event.pointer("/requestContext/http/method").is_some_and(Value::is_string)
}

/// So long after a function should have stopped by itself the guard of [`in_time`] stops it: late enough for what it has to
/// say, and early enough for the answer to be sent.
const GRACE: Duration = Duration::from_millis(500);

/// Handles the event while there is time, which `handle` is told. When Lambda would soon cut it off at `deadline` (epoch
/// milliseconds), a request is answered with 503 and what else wakes a function with an error. What was broken off is as if
/// it had been killed there, which everything behind a route must stand anyway.
///
/// # Errors
/// Those of `handle`, and that there was not enough time.
pub async fn in_time<E: Into<Failure>>(
    deadline: u64,
    event: Value,
    handle: impl AsyncFnOnce(Value, Duration) -> Result<Value, E>,
) -> Result<Value, Failure> {
    let left = left(deadline, &SystemClock);
    let request = is_http(&event).then(|| request_id(&event));
    match (Until::after(left.saturating_add(GRACE)).finish(handle(event, left)).await, request) {
        (Some(handled), _) => handled.map_err(Into::into),
        (None, Some(id)) => {
            tracing::error!(request = id.0, "out of time");
            Ok(refused(Problem::unavailable("out of time"), &id).await)
        }
        (None, None) => Err("call again: out of time".into()),
    }
}

/// Why an event has to be delivered again, as Lambda's runtime takes it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Answers the request in `event`. Never fails: what goes wrong is an answer too.
pub async fn answer(router: &Router, event: Value) -> Value {
    answer_until(router, event, Until::NEVER).await
}

/// As [`answer`], and handlers find among the request's extensions until when they have time. For those that do as much as
/// there is time for; [`in_time`] sees to the others.
pub async fn answer_until(router: &Router, event: Value, until: Until) -> Value {
    let id = request_id(&event);
    match request(event) {
        Ok(mut request) => {
            request.extensions_mut().insert(until);
            match router.clone().oneshot(request).await {
                Ok(response) => written(response).await,
                Err(never) => match never {},
            }
        }
        Err(problem) => refused(problem, &id).await,
    }
}

/// The answer to a request that reached no route, or did not come back from it.
async fn refused(problem: Problem, id: &RequestId) -> Value {
    let mut response = problem.clone().into_response();
    problem.write(&mut response, id);
    written(response).await
}

/// The request that the event is about, with the request's id and the token's claims among its extensions.
///
/// # Errors
/// 400 when the method, the path or the body cannot be read.
pub fn request(mut event: Value) -> Result<Request<Body>, Problem> {
    let id = request_id(&event);
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let unreadable = |what: &str| Problem::malformed(format!("the {what} of the request cannot be read"));

    let mut uri = encoded(without_stage(text("/rawPath"), text("/requestContext/stage")), b"?#");
    let query = text("/rawQueryString");
    if !query.is_empty() {
        uri.push('?');
        uri.push_str(&encoded(query, b"#"));
    }
    let method =
        Method::from_bytes(text("/requestContext/http/method").as_bytes()).map_err(|_| unreadable("method"))?;
    let uri: Uri = uri.parse().map_err(|_| unreadable("path"))?;
    let headers = event.get("headers").and_then(Value::as_object).map(headers).unwrap_or_default();
    let body = text("/body");
    let body = match event.get("isBase64Encoded") {
        Some(Value::Bool(true)) => STANDARD.decode(body).map_err(|_| unreadable("body"))?,
        _ => body.as_bytes().to_vec(),
    };

    let mut request = Request::new(Body::from(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request.extensions_mut().insert(id);
    if let Some(Value::Object(claims)) = event.pointer_mut("/requestContext/authorizer/jwt/claims").map(Value::take) {
        request.extensions_mut().insert(Claims(claims));
    }
    Ok(request)
}

fn request_id(event: &Value) -> RequestId {
    RequestId(event.pointer("/requestContext/requestId").and_then(Value::as_str).unwrap_or("unknown").to_owned())
}

/// The path that the routes know: a stage other than `$default` stands in front of it.
fn without_stage<'a>(path: &'a str, stage: &str) -> &'a str {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    match rest {
        Some("") if !stage.is_empty() => "/",
        Some(rest) if !stage.is_empty() && rest.starts_with('/') => rest,
        _ if path.is_empty() => "/",
        _ => path,
    }
}

/// The text with every byte encoded that cannot stand in a URI. What is encoded already stays as it is; a `%` that
/// encodes nothing is a decoded one.
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

/// The headers; one that HTTP does not know is left out.
fn headers(fields: &Map<String, Value>) -> HeaderMap {
    let header = |(name, value): (&String, &Value)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.as_str()?).ok()?))
    };
    fields.iter().filter_map(header).collect()
}

/// The answer as API Gateway wants it.
async fn written(response: Response) -> Value {
    let (parts, body) = response.into_parts();
    let mut headers = Map::new();
    for name in parts.headers.keys() {
        let values = parts.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        headers.insert(name.to_string(), values.collect::<Vec<_>>().join(", ").into());
    }
    // The body is in memory, so it can be had.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let (body, encoded) = match String::from_utf8(bytes.into()) {
        Ok(text) => (text, false),
        Err(binary) => (STANDARD.encode(binary.as_bytes()), true),
    };
    json!({"statusCode": parts.status.as_u16(), "headers": headers, "body": body, "isBase64Encoded": encoded})
}

#[cfg(test)]
mod tests;
