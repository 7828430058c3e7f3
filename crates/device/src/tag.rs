//! The `ETag` of the settings: the device's version and, since the device's report and the state of delivery change without
//! it, a mark of what was shown: `"3-9f86d081884c7d65"`. In `If-Match` the version counts, so `"3"` does as well.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use weir_http::{ApiError, IfMatch};

/// `If-Match` where a tag may carry a mark behind the version.
pub(super) struct IfVersion(pub IfMatch);

impl<S: Send + Sync> FromRequestParts<S> for IfVersion {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = parts.headers.get(IF_MATCH).and_then(|value| value.to_str().ok());
        let version = text.and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.split_once('-'));
        if let Some((version, mark)) = version.filter(|(_, mark)| !mark.contains('"')) {
            let known = mark.len() == 16 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
            let version = version.parse().ok().filter(|_| known);
            return Ok(Self(version.map_or(IfMatch::FOREIGN, IfMatch::Version)));
        }
        IfMatch::from_request_parts(parts, state).await.map(Self)
    }
}

/// The tags in `If-None-Match`.
pub(super) struct Known(Vec<String>);

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let values = parts.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/").to_owned());
        Ok(Self(tags.collect()))
    }
}

impl Known {
    /// 200 with the body and its tag, or 304 when the caller has exactly this.
    pub(super) fn answer(&self, version: u64, body: &impl Serialize) -> Response {
        let tag = tag(version, body);
        let same = self.0.iter().any(|known| *known == tag || known == "*");
        let header = HeaderValue::from_str(&tag).map(|tag| [(ETAG, tag)]).map_err(|_| ());
        match (same, header) {
            (true, Ok(header)) => (StatusCode::NOT_MODIFIED, header).into_response(),
            (_, header) => (header.ok(), Json(body)).into_response(),
        }
    }
}

/// The tag of the settings as they are shown.
pub(super) fn tag(version: u64, shown: &impl Serialize) -> String {
    let mut hash = DefaultHasher::new();
    serde_json::to_string(shown).unwrap_or_default().hash(&mut hash);
    format!("\"{version}-{:016x}\"", hash.finish())
}
