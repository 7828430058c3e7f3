//! What is the same for all routes: the request id, the log, and how errors are written.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use super::etag::version_of;
use super::{ApiError, ErrorKind, Preconditions};

/// The header that carries the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `Cache-Control` of a response that does not have one of its own.
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// The request id from API Gateway: in its log, in the function's log, and in every response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The route that API Gateway has chosen, e.g. `GET /devices/{id}`. It is logged instead of the path, which may contain an
/// e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RouteKey(pub String);

/// Completes a router: unknown paths and methods are answered with errors, every response carries the request id
/// and `Cache-Control`, and errors are written as RFC 9457 problems and logged.
pub fn finish(routes: Router) -> Router {
    routes
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || {
            ApiError::new(ErrorKind::MethodNotAllowed, "the header Allow lists the methods of this path")
        })
        .layer(from_fn(around))
}

/// Marks a response that a browser may cache if it revalidates it each time. Other responses are not cached at all: most of them name
/// a person, at least the one who made the last change.
pub fn revalidated(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Serves `GET /openapi.json` from a text that [`openapi`](super::openapi) has generated. The text is kept in a file, because
/// the code that generates it is twenty times larger, and because one function serves the document of all.
pub fn served(document: &'static str) -> MethodRouter {
    let version = version_of(&document).to_string();
    get(async move |conditions: Preconditions| {
        let whole = || ([(CONTENT_TYPE, "application/json")], document).into_response();
        let mut response = conditions.answer_tagged(&version, whole)?;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        Ok::<_, ApiError>(response)
    })
}

async fn around(request: Request, next: Next) -> Response {
    let id = request.extensions().get().cloned().unwrap_or_else(|| RequestId("unknown".to_owned()));
    let RouteKey(route) = request.extensions().get().cloned().unwrap_or_default();
    let mut response = next.run(request).await;
    if let Some(error) = error_of(&mut response) {
        let kind = error.kind();
        if kind.status().is_server_error() {
            let detail = error.log().unwrap_or(error.detail());
            tracing::error!(request = id.0, route, kind = kind.slug(), detail, "not answered");
        } else {
            // Only the names of the fields: the details may quote the request, including a password.
            tracing::info!(request = id.0, route, kind = kind.slug(), fields = error.fields(), "refused");
        }
        error.write(&mut response, &id);
    }
    mark(&mut response, &id);
    response
}

/// Adds the headers of every response.
pub(super) fn mark(response: &mut Response, RequestId(id): &RequestId) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(NOT_KEPT);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The error in a response: from a handler, or derived from the bare status with which axum refuses a request.
fn error_of(response: &mut Response) -> Option<ApiError> {
    let status = response.status();
    response.extensions_mut().remove().or_else(|| of_status(status))
}

fn of_status(status: StatusCode) -> Option<ApiError> {
    match ErrorKind::ALL.iter().find(|kind| kind.status() == status) {
        Some(ErrorKind::NotFound) => Some(ApiError::not_found()),
        Some(ErrorKind::Internal) => Some(ApiError::internal("a response that could not be written")),
        Some(kind) => Some(ApiError::new(*kind, "")),
        None if status.is_client_error() => Some(ApiError::malformed("")),
        None if status.is_server_error() => Some(ApiError::internal(status.to_string())),
        None => None,
    }
}
