//! The rim of a function's router: what every request gets and every answer has, whatever the route.

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use super::{ApiError, ErrorKind};

/// The header that carries the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id that API Gateway gave the request: the same word in its log, in ours, and in every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The router as it is served: with an answer to every path and method, an id on every answer, and every problem
/// written down and logged.
pub fn finish(routes: Router) -> Router {
    routes
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || {
            ApiError::new(ErrorKind::MethodNotAllowed, "the header Allow names the methods of this path")
        })
        .layer(from_fn(around))
}

/// The answer to `GET /openapi.json`: the text that [`openapi`](super::openapi) makes, kept in a file, because the code
/// that makes it is twenty times as large as what it says, and one function speaks for the routes of all.
pub fn served(document: &'static str) -> MethodRouter {
    get(async move || ([(CONTENT_TYPE, "application/json")], document))
}

async fn around(request: Request, next: Next) -> Response {
    let id = request.extensions().get().cloned().unwrap_or_else(|| RequestId("unknown".to_owned()));
    // For the log, which a long path should not fill.
    let (method, path) = (request.method().clone(), request.uri().path().chars().take(200).collect::<String>());
    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&mut response) {
        let kind = problem.kind();
        if kind.status().is_server_error() {
            let detail = problem.log().unwrap_or(problem.detail());
            tracing::error!(request = id.0, %method, path, problem = kind.slug(), detail, "not answered");
        } else {
            // Where it is wrong, not what is wrong with it: that may quote what the caller sent, a password among it.
            tracing::info!(request = id.0, %method, path, problem = kind.slug(), fields = problem.fields(), "refused");
        }
        problem.write(&mut response, &id);
    }
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The problem that the answer is: a handler's, or one made of the bare status that a part of axum refuses with.
fn problem_of(response: &mut Response) -> Option<ApiError> {
    let status = response.status();
    response.extensions_mut().remove().or_else(|| of_status(status))
}

fn of_status(status: StatusCode) -> Option<ApiError> {
    match ErrorKind::ALL.iter().find(|kind| kind.status() == status) {
        Some(ErrorKind::NotFound) => Some(ApiError::not_found()),
        Some(ErrorKind::Internal) => Some(ApiError::internal("an answer that could not be written")),
        Some(kind) => Some(ApiError::new(*kind, "")),
        None if status.is_client_error() => Some(ApiError::malformed("")),
        None if status.is_server_error() => Some(ApiError::internal(status.to_string())),
        None => None,
    }
}
