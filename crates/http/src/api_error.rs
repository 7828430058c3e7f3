//! Errors of the API, answered as RFC 9457 problems.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ErrorKind, RequestId};
use weir_aws::AwsError;
use weir_core::domain::FieldError;

/// The prefix of the slug in `type`: a name, not an address.
const TYPE: &str = "urn:weir:problem:";
/// Seconds until the caller should retry. The SDK has already retried for up to 8 s.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");
/// Maximum length of a detail in characters. A detail may quote the request, which must fill neither the response nor the
/// log.
const MAX_DETAIL: usize = 300;

/// Maximum number of invalid fields listed in a response.
const MAX_FIELDS: usize = 20;

/// An error of the API. [`finish`](super::finish) writes it into the response, with the request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    kind: ErrorKind,
    detail: String,
    errors: Vec<ErrorDetail>,
    log: Option<String>,
}

/// An invalid field of the body, or an invalid query parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// JSON pointer (RFC 6901) to the field of the body; empty for the body as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Why it is invalid.
    pub detail: String,
}

/// An error: `application/problem+json`, RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ApiErrorBody {
    /// The kind of the error, e.g. `urn:weir:problem:not_found`.
    #[serde(rename = "type")]
    #[schema(example = "urn:weir:problem:invalid")]
    pub kind: String,
    /// The title of the kind.
    #[schema(example = "The content is not valid")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The request id, which helps to find the request in the log.
    pub instance: String,
    /// The invalid fields and parameters, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorDetail>,
}

impl ApiError {
    /// An error of a kind. A detail longer than 300 characters is cut.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: cut(detail.into()), errors: Vec::new(), log: None }
    }

    /// 400: the request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, detail)
    }

    /// 400: the query parameter `name` cannot be read.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let (name, detail) = (cut(name.to_owned()), cut(detail.into()));
        let mut error = Self::malformed(format!("query parameter {name}: {detail}"));
        error.errors.push(ErrorDetail { pointer: None, parameter: Some(name), detail });
        error
    }

    /// 422: the query parameter `name` can be read, but its value is not possible.
    pub fn unfit(name: &str, detail: impl Into<String>) -> Self {
        let detail = cut(detail.into());
        let mut error = Self::new(ErrorKind::Invalid, format!("query parameter {name}: {detail}"));
        error.errors.push(ErrorDetail { pointer: None, parameter: Some(name.to_owned()), detail });
        error
    }

    /// 400: `next` is not a cursor of this list.
    pub fn bad_page() -> Self {
        Self::new(ErrorKind::BadPage, "`next` must come from this list, with the same filters")
    }

    /// 401: no token, or not an ID token.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthorized, detail)
    }

    /// 403: the role of the caller does not allow this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, detail)
    }

    /// 403: an admin without one-time codes, where they are required.
    pub fn mfa_required() -> Self {
        let detail =
            "changing people needs one-time codes: set up an authenticator app for your account and sign in again";
        Self::new(ErrorKind::MfaRequired, detail)
    }

    /// 404, with the same text for what does not exist and for what the caller may not see.
    pub fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "nothing exists at this path, or you may not see it")
    }

    /// 409: it already exists.
    pub fn exists(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Exists, detail)
    }

    /// 409: the current state does not allow this change.
    pub fn transition(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transition, detail)
    }

    /// 409: something else still uses it.
    pub fn in_use(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InUse, detail)
    }

    /// 412: `If-Match` does not match the current entity tag.
    pub fn precondition_failed() -> Self {
        Self::new(ErrorKind::PreconditionFailed, "If-Match does not match the current version: read it again")
    }

    /// 412: `If-None-Match` names the current version, or is `*` and something exists.
    pub fn unexpected_version() -> Self {
        Self::new(ErrorKind::PreconditionFailed, "If-None-Match names the current version, or it exists already")
    }

    /// 413: the body is too large.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::TooLarge, detail)
    }

    /// 422: invalid fields.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Self::of_fields(ErrorKind::Invalid, fields)
    }

    /// An error of a kind about these fields, the first 20 of which are listed.
    pub fn of_fields(kind: ErrorKind, fields: Vec<FieldError>) -> Self {
        let detail = match fields.as_slice() {
            [only] if only.pointer.is_empty() => only.detail.clone(),
            [only] => format!("{}: {}", only.pointer, only.detail),
            all => format!("{} fields are not valid", all.len()),
        };
        let error = |FieldError { pointer, detail }| ErrorDetail {
            pointer: Some(pointer),
            parameter: None,
            detail: cut(detail),
        };
        Self { errors: fields.into_iter().take(MAX_FIELDS).map(error).collect(), ..Self::new(kind, detail) }
    }

    /// 500: the caller gets only the request id, and `log` is logged.
    pub fn internal(log: impl Into<String>) -> Self {
        let error = Self::new(ErrorKind::Internal, "quote the request id (`instance`) when you report this");
        Self { log: Some(log.into()), ..error }
    }

    /// 503: the caller should retry, and `log` is logged.
    pub fn unavailable(log: impl Into<String>) -> Self {
        let error = Self::new(ErrorKind::Unavailable, "a required service does not answer: retry");
        Self { log: Some(log.into()), ..error }
    }

    /// The kind as `type` has it.
    pub fn urn(&self) -> String {
        format!("{TYPE}{}", self.kind.slug())
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The detail for the caller.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The invalid fields.
    pub fn errors(&self) -> &[ErrorDetail] {
        &self.errors
    }

    /// The names of the invalid fields and parameters, cut to fit into a log line.
    pub(super) fn fields(&self) -> String {
        let names = self.errors.iter().filter_map(|error| error.pointer.as_deref().or(error.parameter.as_deref()));
        cut(names.collect::<Vec<_>>().join(" "))
    }

    /// The text for the log only.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// Writes the error into a response, which keeps its other headers.
    pub(super) fn write(self, response: &mut Response, request: &RequestId) {
        let body = ApiErrorBody {
            kind: self.urn(),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            instance: request.0.clone(),
            errors: self.errors,
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.remove(CONTENT_LENGTH);
        match self.kind {
            ErrorKind::Unavailable | ErrorKind::TooMany => headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS),
            ErrorKind::Unauthorized => headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            _ => None,
        };
        *response.status_mut() = self.kind.status();
        // A struct of texts and numbers can always be serialized.
        *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
    }
}

impl IntoResponse for ApiError {
    /// The status, with the error as an extension for [`finish`](super::finish).
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<FieldError> for ApiError {
    fn from(field: FieldError) -> Self {
        Self::invalid(vec![field])
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(fields: Vec<FieldError>) -> Self {
        Self::invalid(fields)
    }
}

impl From<AwsError> for ApiError {
    fn from(error: AwsError) -> Self {
        match error {
            // Only content from callers makes a row large.
            AwsError::TooLarge { bytes, .. } => {
                let detail = format!("with this it would take {} KB, and there is room for 399", bytes.div_ceil(1024));
                FieldError::new("", detail).into()
            }
            error if error.is_temporary() => Self::unavailable(error.to_string()),
            error => Self::internal(error.to_string()),
        }
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_DETAIL) {
        text.truncate(end);
    }
    text
}
