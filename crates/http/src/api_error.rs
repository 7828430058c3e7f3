//! Everything that can be answered instead of what was asked for, as RFC 9457 problems.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ErrorKind, RequestId};
use weir_aws::AwsError;
use weir_core::domain::calibration::FieldError;

/// What comes before the slug in `type`: a name, not an address to look up.
const TYPE: &str = "urn:weir:problem:";
/// After how many seconds it makes sense to ask again. The SDK has tried for up to 8 s already.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");
/// A detail may quote what the caller sent; it is cut so that a hostile text fills neither the answer nor the log.
const LONGEST_DETAIL: usize = 300;

/// The most wrong fields that an answer tells one by one.
const MOST_FIELDS: usize = 20;

/// A problem on its way to the caller. [`finish`](super::finish) writes it down, with the request's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    kind: ErrorKind,
    detail: String,
    errors: Vec<ErrorDetail>,
    log: Option<String>,
}

/// One wrong field, or one wrong query parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// JSON pointer (RFC 6901) to the field of the body; empty: the body as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

/// A problem as it is written: `application/problem+json`, RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ApiErrorBody {
    /// The kind, e.g. `urn:weir:problem:not_found`.
    #[serde(rename = "type")]
    #[schema(example = "urn:weir:problem:invalid")]
    pub kind: String,
    /// The kind in words.
    #[schema(example = "The content is not valid")]
    pub title: String,
    /// The status of the answer.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The request's id, to be quoted when asking for help.
    pub instance: String,
    /// Each wrong field or parameter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorDetail>,
}

impl ApiError {
    /// A problem of a kind; a detail longer than 300 characters is cut.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: cut(detail.into()), errors: Vec::new(), log: None }
    }

    /// 400: the request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, detail)
    }

    /// 400: the query parameter `name` makes no sense.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let (name, detail) = (cut(name.to_owned()), cut(detail.into()));
        let mut problem = Self::malformed(format!("query parameter {name}: {detail}"));
        problem.errors.push(ErrorDetail { pointer: None, parameter: Some(name), detail });
        problem
    }

    /// 422: the query parameter `name` can be read and says something that cannot be.
    pub fn unfit(name: &str, detail: impl Into<String>) -> Self {
        let detail = cut(detail.into());
        let mut problem = Self::new(ErrorKind::Invalid, format!("query parameter {name}: {detail}"));
        problem.errors.push(ErrorDetail { pointer: None, parameter: Some(name.to_owned()), detail });
        problem
    }

    /// 400: `next` leads nowhere.
    pub fn bad_page() -> Self {
        Self::new(ErrorKind::BadPage, "`next` must be one that this list gave, with the same filters")
    }

    /// 401: no token, or the wrong one.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthorized, detail)
    }

    /// 403: the role may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, detail)
    }

    /// 404, in the same words for what is not there and for what the caller may not see.
    pub fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "there is nothing at this path, or nothing that you may see")
    }

    /// 409: it exists already.
    pub fn exists(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Exists, detail)
    }

    /// 409: not from the present state.
    pub fn transition(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transition, detail)
    }

    /// 409: something else needs what should go.
    pub fn in_use(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InUse, detail)
    }

    /// 412: another version than the one in `If-Match`.
    pub fn precondition_failed() -> Self {
        Self::new(ErrorKind::PreconditionFailed, "If-Match names a version that is not the present one: read it again")
    }

    /// 413: the body is too large.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::TooLarge, detail)
    }

    /// 422: what is wrong with each field.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Self::of_fields(ErrorKind::Invalid, fields)
    }

    /// A problem of a kind that lies in these fields; of more than 20 the first are told.
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
        Self { errors: fields.into_iter().take(MOST_FIELDS).map(error).collect(), ..Self::new(kind, detail) }
    }

    /// 500: the caller learns nothing but the request's id, the log learns `log`.
    pub fn internal(log: impl Into<String>) -> Self {
        let problem = Self::new(ErrorKind::Internal, "the request's id (`instance`) helps to find out what happened");
        Self { log: Some(log.into()), ..problem }
    }

    /// 503: to be asked again; the log learns `log`.
    pub fn unavailable(log: impl Into<String>) -> Self {
        let problem = Self::new(ErrorKind::Unavailable, "something that is needed does not answer: ask again");
        Self { log: Some(log.into()), ..problem }
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the caller is told beyond the kind.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The wrong fields.
    pub fn errors(&self) -> &[ErrorDetail] {
        &self.errors
    }

    /// The wrong fields and parameters by name alone, as far as a line of the log has room for them.
    pub(super) fn fields(&self) -> String {
        let names = self.errors.iter().filter_map(|error| error.pointer.as_deref().or(error.parameter.as_deref()));
        cut(names.collect::<Vec<_>>().join(" "))
    }

    /// What only the log is told.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// Writes the problem into an answer, which keeps its headers.
    pub(super) fn write(self, response: &mut Response, request: &RequestId) {
        let body = ApiErrorBody {
            kind: format!("{TYPE}{}", self.kind.slug()),
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
        // A struct of texts and numbers always has a JSON form.
        *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
    }
}

impl IntoResponse for ApiError {
    /// The status, and the problem for [`finish`](super::finish) to write down.
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
            // Only what callers wrote makes a row large.
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
    if let Some((end, _)) = text.char_indices().nth(LONGEST_DETAIL) {
        text.truncate(end);
    }
    text
}
