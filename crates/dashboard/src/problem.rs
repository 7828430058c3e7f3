//! Errors of the API: `application/problem+json`, and the format of API Gateway.

use serde::Deserialize;

use crate::messages::{
    CHANGED_MEANWHILE, FORBIDDEN, LAST_ADMIN, MFA_REQUIRED, NOT_THERE, SELF_DELETE, TOO_MANY, UNDELIVERABLE,
    UNREADABLE, USER_EXISTS,
};
use crate::text::{Text, t};

/// One wrong field or query parameter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldProblem {
    /// JSON pointer of the field.
    #[serde(default)]
    pub pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(default)]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

/// An error answer of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// The error code, such as `invalid` or `precondition_failed`; empty if API Gateway answered before any function was called.
    pub kind: String,
    /// The message for people.
    pub detail: String,
    /// The wrong fields and parameters.
    pub errors: Vec<FieldProblem>,
    /// Identifies the request in the logs.
    pub request_id: Option<String>,
}

/// Both formats of a body.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    r#type: String,
    title: String,
    detail: Option<String>,
    instance: Option<String>,
    errors: Vec<FieldProblem>,
    message: Option<String>,
}

impl Problem {
    /// Parses the answer with `status`, whatever its body is; `request_id` is the header `x-request-id`.
    pub fn read(status: u16, body: &str, request_id: Option<String>) -> Self {
        let read: Body = serde_json::from_str(body).unwrap_or_default();
        let detail = read.detail.or(read.message).unwrap_or(read.title);
        Self {
            status,
            kind: read.r#type.strip_prefix("urn:weir:problem:").unwrap_or_default().to_owned(),
            detail,
            errors: read.errors,
            request_id: request_id.or(read.instance),
        }
    }

    /// A sentence in the language of the page, for errors where it helps more than the detail of the API.
    pub fn meaning(&self) -> Option<Text> {
        match (self.status, self.kind.as_str()) {
            (403, "forbidden" | "") => Some(FORBIDDEN),
            (404, _) => Some(NOT_THERE),
            (412, _) => Some(CHANGED_MEANWHILE),
            (429, _) => Some(TOO_MANY),
            (_, "last_admin") => Some(LAST_ADMIN),
            (_, "self_delete") => Some(SELF_DELETE),
            (_, "user_exists") => Some(USER_EXISTS),
            (_, "undeliverable") => Some(UNDELIVERABLE),
            (_, "mfa_required") => Some(MFA_REQUIRED),
            _ => None,
        }
    }

    /// The error of a field, by its JSON pointer.
    pub fn of_field(&self, pointer: &str) -> Option<&str> {
        let field = self.errors.iter().find(|error| error.pointer.as_deref() == Some(pointer));
        field.map(|error| error.detail.as_str())
    }
}

/// Why a request to the API has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// There is no connection.
    #[error("no connection")]
    Offline,
    /// Nobody is signed in any more; the frame offers to sign in again.
    #[error("signed out")]
    SignedOut,
    /// The API refuses the request.
    #[error("{}: {}", .0.status, .0.detail)]
    Refused(Problem),
    /// The answer does not match what this version of the page expects.
    #[error("unreadable: {0}")]
    Unreadable(String),
}

impl ApiError {
    /// The message for people, in the language of the page.
    pub fn sentence(&self) -> String {
        match self {
            Self::Offline => t(crate::messages::OFFLINE_DETAIL).to_owned(),
            Self::SignedOut => t(crate::messages::SESSION_OVER_DETAIL).to_owned(),
            Self::Refused(problem) => {
                problem.meaning().map_or_else(|| problem.detail.clone(), |text| t(text).to_owned())
            }
            Self::Unreadable(_) => t(UNREADABLE).to_owned(),
        }
    }

    /// Whether the cause is temporary and not the requested resource: no connection, no session, too many requests, or an internal error of
    /// the API.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Offline | Self::SignedOut => true,
            Self::Refused(problem) => problem.status == 429 || problem.status >= 500,
            Self::Unreadable(_) => false,
        }
    }

    /// Whether the resource has changed since the reader saw it.
    pub const fn is_outdated(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.status == 412)
    }

    /// The API's error, if it answered one.
    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passing_says_nothing_about_what_was_asked_for() {
        let refused = |status| ApiError::Refused(Problem::read(status, "", None));
        assert!([ApiError::Offline, ApiError::SignedOut, refused(429), refused(503)].iter().all(ApiError::is_passing));
        let lasting = [refused(403), refused(404), refused(422), ApiError::Unreadable(String::new())];
        assert!(!lasting.iter().any(ApiError::is_passing));
        assert!(refused(412).is_outdated() && !refused(409).is_outdated() && !ApiError::Offline.is_outdated());
    }

    #[test]
    fn a_problem_of_the_api_is_read() {
        let body = r#"{"type": "urn:weir:problem:invalid", "title": "Invalid", "status": 422, "detail": "/name: too long",
            "instance": "Yx3k", "errors": [{"pointer": "/name", "detail": "too long"}]}"#;
        let problem = Problem::read(422, body, None);
        assert_eq!((problem.kind.as_str(), problem.detail.as_str()), ("invalid", "/name: too long"));
        assert_eq!((problem.request_id.as_deref(), problem.of_field("/name")), (Some("Yx3k"), Some("too long")));
        assert_eq!(problem.of_field("/other"), None);
    }

    #[test]
    fn an_answer_of_api_gateway_is_read() {
        let problem = Problem::read(429, r#"{"message": "Too Many Requests"}"#, Some("a".to_owned()));
        assert_eq!((problem.kind.as_str(), problem.detail.as_str()), ("", "Too Many Requests"));
        assert_eq!(problem.meaning(), Some(TOO_MANY));
    }

    #[test]
    fn what_guards_people_is_said_in_words() {
        let body = r#"{"type": "urn:weir:problem:last_admin", "status": 409, "detail": "this is the last admin"}"#;
        let problem = Problem::read(409, body, None);
        assert_eq!(problem.meaning(), Some(LAST_ADMIN));
        assert_eq!(ApiError::Refused(problem).sentence(), t(LAST_ADMIN));
    }

    #[test]
    fn an_answer_that_is_no_json_is_a_problem_too() {
        let problem = Problem::read(502, "<html>", None);
        assert_eq!((problem.status, problem.detail.as_str()), (502, ""));
    }
}
