//! Entity tags and conditional requests (RFC 9110, section 13.1): a caller cannot overwrite a version they have not read.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
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
pub(crate) fn version_of(shown: &impl Serialize) -> u64 {
    let text = serde_json::to_vec(shown).unwrap_or_default();
    let digest = Sha256::digest(text).first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(digest).max(1)
}

/// The preconditions of a request: one of the versions in `If-Match` must be the current one, and none of those in `If-None-Match`
/// may be.
///
/// The extractor answers 400 when a header cannot be read, except `If-None-Match` of a read: ignoring it only makes
/// the answer longer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// The value of one of the headers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`: whatever exists.
    Any,
    /// One or more entity tags.
    Of(Vec<Tag>),
}

/// An entity tag as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    weak: bool,
    /// The characters between the quotation marks.
    text: String,
}

impl Preconditions {
    /// Whether the request has none.
    pub fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Checks a write of something that exists in this version.
    ///
    /// # Errors
    /// 412 when `If-Match` names other versions, or `If-None-Match` this one.
    pub fn check(&self, version: u64) -> Result<(), ApiError> {
        let version = version.to_string();
        self.check_tag(|tag| tag == version)
    }

    /// Checks a write of something that exists and whose tags are those for which `is_current` holds: the characters between
    /// the quotation marks.
    ///
    /// # Errors
    /// 412 when `If-Match` names other tags, or `If-None-Match` one of these.
    pub fn check_tag(&self, is_current: impl Fn(&str) -> bool) -> Result<(), ApiError> {
        self.check_if_match(&is_current)?;
        let known = self.if_none_match.as_ref().is_some_and(|tags| tags.weakly(&is_current));
        if known { Err(ApiError::unexpected_version()) } else { Ok(()) }
    }

    /// Whether `If-Match` names a tag for which `is_current` holds; `*` names none.
    pub fn names(&self, is_current: impl Fn(&str) -> bool) -> bool {
        matches!(&self.if_match, Some(tags @ Tags::Of(_)) if tags.strongly(&is_current))
    }

    /// Checks a write that creates something within a parent that exists in the version `around`: `*` refers to what is created, a tag to
    /// the parent.
    ///
    /// # Errors
    /// 412 when `If-Match` is `*` or names other versions.
    pub fn check_absent(&self, around: u64) -> Result<(), ApiError> {
        let around = around.to_string();
        match &self.if_match {
            Some(Tags::Any) => Err(ApiError::precondition_failed()),
            Some(_) | None => self.check_if_match(&|tag: &str| tag == around),
        }
    }

    /// The same without `If-None-Match`, so that a read is answered with the body.
    #[must_use]
    pub fn without_if_none_match(self) -> Self {
        Self { if_none_match: None, ..self }
    }

    fn check_if_match(&self, is_current: &impl Fn(&str) -> bool) -> Result<(), ApiError> {
        let fails = self.if_match.as_ref().is_some_and(|tags| !tags.strongly(is_current));
        if fails { Err(ApiError::precondition_failed()) } else { Ok(()) }
    }

    /// The response to a GET: 200 with the body and its entity tag, or 304 when the caller already has this version.
    ///
    /// # Errors
    /// 412 when `If-Match` names other versions.
    pub fn answer(&self, version: u64, body: impl Serialize) -> Result<Response, ApiError> {
        self.answer_tagged(&version.to_string(), || Json(body).into_response())
    }

    /// The same for a tag that is not a version: the characters between the quotation marks. `whole` makes the response with status 200.
    ///
    /// # Errors
    /// 412 when `If-Match` names other tags.
    pub fn answer_tagged(&self, tag: &str, whole: impl FnOnce() -> Response) -> Result<Response, ApiError> {
        let is_current = |given: &str| given == tag;
        self.check_if_match(&is_current)?;
        let known = self.if_none_match.as_ref().is_some_and(|tags| tags.weakly(&is_current));
        let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { whole() };
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
            response.headers_mut().insert(ETAG, tag);
        }
        Ok(response)
    }

    fn read(method: &Method, headers: &HeaderMap) -> Result<Self, ApiError> {
        let reads = [Method::GET, Method::HEAD].contains(method);
        let if_none_match = match tags(headers, &IF_NONE_MATCH) {
            Err(_) if reads => None,
            read => read?,
        };
        Ok(Self { if_match: tags(headers, &IF_MATCH)?, if_none_match })
    }
}

impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(&parts.method, &parts.headers)
    }
}

impl Tags {
    /// As `If-Match` compares: a weak tag (`W/…`) matches nothing.
    fn strongly(&self, is_current: &impl Fn(&str) -> bool) -> bool {
        match self {
            Tags::Any => true,
            Tags::Of(tags) => tags.iter().any(|tag| !tag.weak && is_current(&tag.text)),
        }
    }

    /// As `If-None-Match` compares: weak or not.
    fn weakly(&self, is_current: &impl Fn(&str) -> bool) -> bool {
        match self {
            Tags::Any => true,
            Tags::Of(tags) => tags.iter().any(|tag| is_current(&tag.text)),
        }
    }
}

/// The tags of a header; several lines of it are one list.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, ApiError> {
    let bad = || ApiError::malformed(format!("{name} must be entity tags such as \"3\", or *"));
    let lines: Vec<_> =
        headers.get_all(name).iter().map(HeaderValue::to_str).collect::<Result<_, _>>().map_err(|_| bad())?;
    if lines.is_empty() {
        return Ok(None);
    }
    parse(&lines.join(",")).map(Some).ok_or_else(bad)
}

fn parse(text: &str) -> Option<Tags> {
    let text = text.trim();
    if text == "*" {
        return Some(Tags::Any);
    }
    let (mut tags, mut rest) = (Vec::new(), text);
    loop {
        // A list may have empty elements, and so be empty as a whole (RFC 9110, section 5.6.1): then no tag is current.
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Some(Tags::Of(tags));
        }
        let (weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let (tag, after) = tag.strip_prefix('"')?.split_once('"')?;
        tags.push(Tag { weak, text: tag.to_owned() });
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::*;

    fn read(method: Method, name: HeaderName, values: &[&str]) -> Result<Preconditions, ErrorKind> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Preconditions::read(&method, &headers).map_err(|error| error.kind())
    }

    fn if_match(values: &[&str]) -> Result<Preconditions, ErrorKind> {
        read(Method::PUT, IF_MATCH, values)
    }

    fn if_none_match(values: &[&str]) -> Result<Preconditions, ErrorKind> {
        read(Method::PUT, IF_NONE_MATCH, values)
    }

    #[test]
    fn a_header_is_a_list_of_tags_a_star_or_absent() {
        assert!(if_match(&[]).unwrap().is_empty());
        for good in
            ["", " ", ",", "*", " * ", "\"3\"", "W/\"3\"", "\"3\",\"4\"", ", \"3\" ,, W/\"a,b\",", "\"\"", "\"*\""]
        {
            assert!(!if_match(&[good]).unwrap().is_empty() && if_none_match(&[good]).is_ok(), "{good}");
        }
        for bad in ["3", "\"3", "\"", "**", "*, \"3\"", "w/\"3\"", "\"3\" \"4\"", "\"3\"4", "W/*", "\u{e9}"] {
            assert_eq!(if_match(&[bad]), Err(ErrorKind::Malformed), "{bad}");
            assert_eq!(if_none_match(&[bad]), Err(ErrorKind::Malformed), "{bad}");
            // A read is answered whole instead.
            assert_eq!(read(Method::GET, IF_NONE_MATCH, &[bad]), Ok(Preconditions::default()), "{bad}");
        }
        assert_eq!(if_match(&["\"3\"", "\"4\""]), if_match(&["\"3\", \"4\""]));
        assert_eq!(if_match(&["*", "\"4\""]), Err(ErrorKind::Malformed));
    }

    #[test]
    fn if_match_compares_strongly_and_by_characters() {
        for (value, fits) in [
            ("*", true),
            ("\"3\"", true),
            ("\"1\", \"3\"", true),
            ("\"a,b\",\"3\"", true),
            ("\"03\"", false),
            ("\"3 \"", false),
            ("\"\"", false),
            ("", false),
            ("\"99999999999999999999\"", false),
            ("W/\"3\"", false),
            ("W/\"3\", \"4\"", false),
        ] {
            let read = if_match(&[value]).unwrap();
            assert_eq!(read.check(3).is_ok(), fits, "{value}");
            assert_eq!(read.answer(3, "body").is_ok(), fits, "{value}");
        }
        let second = if_match(&["\"2\""]).unwrap();
        assert_eq!(second.check(3).unwrap_err().kind(), ErrorKind::PreconditionFailed);
        // What is created has no tag, but what is around it may have the one that is named.
        assert!(second.check_absent(2).is_ok() && second.check_absent(3).is_err());
        assert!(if_match(&["*"]).unwrap().check_absent(2).is_err() && Preconditions::default().check_absent(2).is_ok());
    }

    #[test]
    fn if_none_match_compares_weakly_and_refuses_to_overwrite() {
        for (value, known) in [
            ("*", true),
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("\"1\", W/\"3\"", true),
            ("\"03\"", false),
            ("\"2\"", false),
        ] {
            let read = if_none_match(&[value]).unwrap();
            assert_eq!(read.check(3).is_err(), known, "{value}");
            assert!(read.check_absent(3).is_ok(), "{value}");
        }
    }

    #[tokio::test]
    async fn what_the_caller_has_is_not_sent_again() {
        for (header, expected) in [
            ("\"3\"", StatusCode::NOT_MODIFIED),
            ("W/\"3\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"2\"", StatusCode::OK),
            ("\"*\"", StatusCode::OK),
            ("3", StatusCode::OK),
        ] {
            let read = read(Method::GET, IF_NONE_MATCH, &[header]).unwrap();
            let response = read.answer(3, "body").unwrap();
            assert_eq!(
                (response.status(), &response.headers()[ETAG]),
                (expected, &HeaderValue::from(ETag(3))),
                "{header}"
            );
            let body = axum::body::to_bytes(response.into_body(), 10).await.unwrap();
            assert_eq!(body.is_empty(), expected == StatusCode::NOT_MODIFIED, "{header}");
        }
    }
}
