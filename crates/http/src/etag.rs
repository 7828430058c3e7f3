//! Entity tags and conditional requests (RFC 9110, section 13.1): a caller cannot overwrite a version they have not read.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ApiError;

/// The entity tag of a response, made of a version: `(ETag(3), Json(body))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ETag(pub u64);

impl From<ETag> for HeaderValue {
    fn from(ETag(version): ETag) -> Self {
        // Digits between quotation marks are a valid header value.
        HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from(version))
    }
}

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.headers_mut().insert(ETAG, self.into());
        Ok(parts)
    }
}

/// A version of something that has no counter: a hash of its JSON form. It is never 0, which stands for what does not exist.
pub fn version_of(shown: &impl Serialize) -> u64 {
    let text = serde_json::to_vec(shown).unwrap_or_default();
    let digest = Sha256::digest(text).first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(digest).max(1)
}

/// The precondition `If-Match`: the version that the caller wants to change. The extractor answers 400 when it cannot be
/// read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// No header: any version.
    Absent,
    /// `*`: any version.
    Any,
    /// Only this version. Versions start at 1; 0 means that nothing exists yet.
    Version(u64),
}

impl IfMatch {
    /// A well-formed entity tag that Weir never issues. It matches no version, not even 0.
    pub const FOREIGN: Self = Self::Version(u64::MAX);

    /// The version that must be stored for a write; `None` allows any.
    pub fn expected(self) -> Option<u64> {
        match self {
            Self::Absent | Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }

    /// Compares with the current version.
    ///
    /// # Errors
    /// 412 when the precondition names another version.
    pub fn check(self, current: u64) -> Result<(), ApiError> {
        match self.expected() {
            Some(expected) if expected != current => Err(ApiError::precondition_failed()),
            Some(_) | None => Ok(()),
        }
    }

    fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(text) = single(headers, &IF_MATCH)? else { return Ok(Self::Absent) };
        match text {
            "*" => Ok(Self::Any),
            weak if weak.starts_with("W/") => {
                Err(ApiError::malformed("If-Match compares strongly: a weak entity tag (W/…) never matches"))
            }
            text => tag(text)
                .map(|version| version.parse().map_or(Self::FOREIGN, Self::Version))
                .ok_or_else(|| ApiError::malformed("If-Match must be one entity tag such as \"3\", or *")),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(&parts.headers)
    }
}

/// The precondition `If-None-Match`: the versions that the caller already has. Unreadable entity tags are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    /// Whether the caller already has this version.
    pub fn has(&self, version: u64) -> bool {
        let version = version.to_string();
        self.0.iter().any(|known| *known == version || known == "*")
    }

    /// The response to a GET: 200 with the body and its entity tag, or 304 when the caller already has this version.
    pub fn answer(&self, version: u64, body: impl Serialize) -> Response {
        if self.has(version) {
            (StatusCode::NOT_MODIFIED, ETag(version), ()).into_response()
        } else {
            (ETag(version), Json(body)).into_response()
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let values = parts.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let tags = values.flat_map(|value| value.split(',')).map(str::trim);
        // This precondition compares weakly, so `W/` is ignored.
        let known = |text: &str| match text {
            "*" => Some("*".to_owned()),
            text => tag(text.strip_prefix("W/").unwrap_or(text)).filter(|tag| *tag != "*").map(str::to_owned),
        };
        Ok(Self(tags.filter_map(known).collect()))
    }
}

/// The value of a header that may occur only once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| ApiError::malformed(format!("{name} is not text")))?;
            Ok(Some(text.trim()))
        }
        (Some(_), Some(_)) => Err(ApiError::malformed(format!("{name} is given twice"))),
    }
}

/// The text between the quotation marks of a strong entity tag.
fn tag(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"').filter(|tag| !tag.contains('"'))
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::*;
    use axum::http::Request;

    fn if_match(values: &[&str]) -> Result<IfMatch, ErrorKind> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        IfMatch::read(&headers).map_err(|problem| problem.kind())
    }

    async fn if_none_match(value: &str) -> IfNoneMatch {
        let (mut parts, ()) = Request::builder().header(IF_NONE_MATCH, value).body(()).unwrap().into_parts();
        let Ok(read) = IfNoneMatch::from_request_parts(&mut parts, &()).await;
        read
    }

    #[test]
    fn if_match_is_one_strong_entity_tag_a_star_or_absent() {
        assert_eq!(if_match(&[]), Ok(IfMatch::Absent));
        assert_eq!(if_match(&["*"]), Ok(IfMatch::Any));
        assert_eq!(if_match(&[" \"3\" "]), Ok(IfMatch::Version(3)));
        for bad in ["3", "W/\"3\"", "\"3", "\"3\", \"4\"", "", "\"", "** ", "\u{e9}"] {
            assert_eq!(if_match(&[bad]), Err(ErrorKind::Malformed), "{bad}");
        }
        assert_eq!(if_match(&["\"3\"", "\"3\""]), Err(ErrorKind::Malformed));
    }

    #[test]
    fn another_version_fails_the_precondition() {
        assert!(
            IfMatch::Version(3).check(3).is_ok() && IfMatch::Any.check(3).is_ok() && IfMatch::Absent.check(3).is_ok()
        );
        assert_eq!(IfMatch::Version(2).check(3).unwrap_err().kind(), ErrorKind::PreconditionFailed);
        assert_eq!((IfMatch::Version(2).expected(), IfMatch::Any.expected()), (Some(2), None));
        // A well-formed entity tag that Weir never issued matches nothing.
        for foreign in ["\"abc\"", "\"\"", "\"-1\"", "\"99999999999999999999\""] {
            assert_eq!(if_match(&[foreign]), Ok(IfMatch::FOREIGN), "{foreign}");
            assert!((0..3).all(|version| IfMatch::FOREIGN.check(version).is_err()));
        }
    }

    #[tokio::test]
    async fn what_the_caller_has_is_not_sent_again() {
        for (header, has) in [
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("\"1\", \"3\"", true),
            ("*", true),
            ("\"2\"", false),
            ("3", false),
            ("\"*\"", false),
            ("", false),
        ] {
            assert_eq!(if_none_match(header).await.has(3), has, "{header}");
        }
        let response = if_none_match("\"3\"").await.answer(3, "body");
        assert_eq!(
            (response.status(), &response.headers()[ETAG]),
            (StatusCode::NOT_MODIFIED, &HeaderValue::from(ETag(3)))
        );
        assert!(axum::body::to_bytes(response.into_body(), 10).await.unwrap().is_empty());
        let response = if_none_match("\"2\"").await.answer(3, "body");
        assert_eq!((response.status(), response.headers()[ETAG].to_str().unwrap()), (StatusCode::OK, "\"3\""));
        assert_eq!(axum::body::to_bytes(response.into_body(), 10).await.unwrap(), "\"body\"");
    }
}
