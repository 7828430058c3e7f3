//! What is the same for all routes: the request id, the log, and how errors are written.

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

/// The request id from API Gateway: in its log, in the function's log, and in every response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Completes a router: unknown paths and methods are answered with errors, every response carries the request id, and errors
/// are written as RFC 9457 problems and logged.
pub fn finish(routes: Router) -> Router {
    routes
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || {
            ApiError::new(ErrorKind::MethodNotAllowed, "the header Allow lists the methods of this path")
        })
        .layer(from_fn(around))
}

/// Serves `GET /openapi.json` from a text that [`openapi`](super::openapi) has generated. The text is kept in a file, because
/// the code that generates it is twenty times larger, and because one function serves the document of all.
pub fn served(document: &'static str) -> MethodRouter {
    get(async move || ([(CONTENT_TYPE, "application/json")], document))
}

async fn around(request: Request, next: Next) -> Response {
    let id = request.extensions().get().cloned().unwrap_or_else(|| RequestId("unknown".to_owned()));
    // Shortened for the log.
    let (method, path) = (request.method().clone(), request.uri().path().chars().take(200).collect::<String>());
    let mut response = next.run(request).await;
    if let Some(error) = error_of(&mut response) {
        let kind = error.kind();
        if kind.status().is_server_error() {
            let detail = error.log().unwrap_or(error.detail());
            tracing::error!(request = id.0, %method, path, problem = kind.slug(), detail, "not answered");
        } else {
            // Only the names of the fields: the details may quote the request, including a password.
            tracing::info!(request = id.0, %method, path, problem = kind.slug(), fields = error.fields(), "refused");
        }
        error.write(&mut response, &id);
    }
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
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
