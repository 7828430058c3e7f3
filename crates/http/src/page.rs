//! The pages of lists: their parameters and their cursors.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::{ApiError, query};

/// Items per page unless the caller sets `limit`.
const DEFAULT_LIMIT: usize = 50;
/// Maximum items per page.
const MAX_LIMIT: usize = 200;
/// Length in bytes of the seal at the beginning of a cursor.
const SEAL: usize = 8;

/// The query of a list: `limit`, `next`, and the filters of that list as an `F`, derived with
/// `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, PartialEq)]
pub struct PageQuery<F = NoFilter> {
    /// Maximum number of items: 1 to 200, by default 50.
    pub limit: usize,
    /// The cursor from the previous page.
    pub next: Option<Cursor>,
    /// The filters.
    pub filter: F,
}

/// A list without filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

#[derive(Deserialize)]
struct PagingParameters {
    limit: Option<String>,
    next: Option<Cursor>,
}

/// The two parameters that every list has, for the OpenAPI document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by the derive alone")]
pub struct Paging {
    /// Maximum number of items: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200, example = 50)]
    limit: Option<u32>,
    /// The `next` of the previous page.
    #[param(min_length = 12, pattern = "^[A-Za-z0-9_-]+$")]
    next: Option<String>,
}

impl<F: DeserializeOwned> PageQuery<F> {
    fn parse(text: &str) -> Result<Self, ApiError> {
        // Parsed separately, because serde cannot read numbers or refuse unknown fields in a flattened struct.
        let ours = |pair: &&str| matches!(pair.split('=').next(), Some("limit" | "next"));
        let (paging, filter): (Vec<_>, Vec<_>) = text.split('&').partition(ours);
        let paging: PagingParameters = query::parse(&paging.join("&"))?;
        let bad_limit = || ApiError::parameter("limit", format!("must be a whole number, 1 to {MAX_LIMIT}"));
        let limit = paging.limit.map(|limit| limit.parse().map_err(|_| bad_limit())).transpose()?;
        Ok(Self {
            limit: limit.map_or(Ok(DEFAULT_LIMIT), |limit| {
                if (1..=MAX_LIMIT).contains(&limit) { Ok(limit) } else { Err(bad_limit()) }
            })?,
            next: paging.next,
            filter: query::parse(&filter.join("&"))?,
        })
    }
}

impl<F: DeserializeOwned, S: Sync> FromRequestParts<S> for PageQuery<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// A cursor: where the next page begins. It is opaque to the caller.
///
/// A cursor is sealed with the name of its list, including the filters ([`ListName`](super::ListName)). Changed cursors and
/// cursors of other lists are refused. The seal is not secret, so a cursor must never give access to more than the caller may
/// see anyway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor with this key in the list with this name, which includes the filters: `devices?tube=0`.
    ///
    /// # Errors
    /// 500 when the key cannot be serialized.
    pub fn new(list: &str, key: &impl Serialize) -> Result<Self, ApiError> {
        let key = serde_json::to_vec(key).map_err(|error| ApiError::internal(format!("cursor of {list}: {error}")))?;
        let mut bytes = seal(list, &key).to_vec();
        bytes.extend(key);
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The key in the cursor, from which the page continues.
    ///
    /// # Errors
    /// 400 (`bad_page`) when the cursor is not from the list with this name.
    pub fn open<K: DeserializeOwned>(&self, list: &str) -> Result<K, ApiError> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| ApiError::bad_page())?;
        let (given, key) = bytes.split_at_checked(SEAL).ok_or_else(ApiError::bad_page)?;
        if given != seal(list, key) {
            return Err(ApiError::bad_page());
        }
        serde_json::from_slice(key).map_err(|_| ApiError::bad_page())
    }
}

fn seal(list: &str, key: &[u8]) -> [u8; SEAL] {
    let digest = Sha256::new().chain_update(list).chain_update([0]).chain_update(key).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The parameter `next` for the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page with each item converted.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::*;
    use weir_core::id::DeviceId;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        enabled: Option<bool>,
        tube: Option<char>,
    }

    fn limit(query: &str) -> Result<usize, ApiError> {
        PageQuery::<NoFilter>::parse(query).map(|query| query.limit)
    }

    #[test]
    fn a_limit_is_a_number_from_1_to_200() {
        for (query, expected) in [("", 50), ("limit=1", 1), ("limit=200", 200), ("next=x&limit=7", 7)] {
            assert_eq!(limit(query), Ok(expected), "{query}");
        }
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=1.5", "limit=ten", "limit=", "limit=1&limit=1"] {
            let error = limit(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{bad}");
            assert_eq!(error.errors()[0].parameter.as_deref(), Some("limit"), "{bad}");
        }
    }

    #[test]
    fn filters_and_paging_are_read_together_and_a_misspelt_filter_is_named() {
        let query = PageQuery::<Filter>::parse("tube=0&limit=3&enabled=true&next=abc").unwrap();
        assert_eq!(query.filter, Filter { enabled: Some(true), tube: Some('0') });
        assert_eq!((query.limit, query.next), (3, Some(Cursor("abc".into()))));
        for (bad, name) in
            [("tube=01", "tube"), ("tubes=0", "tubes"), ("limit=3&Limit=3", "Limit"), ("%6eext=x", "next")]
        {
            let error = PageQuery::<Filter>::parse(bad).unwrap_err();
            assert_eq!(error.errors()[0].parameter.as_deref(), Some(name), "{bad}");
        }
        assert!(PageQuery::<NoFilter>::parse("tube=0").is_err());
    }

    #[test]
    fn a_cursor_opens_only_its_own_list() {
        let id: DeviceId = "buoy-01".parse().unwrap();
        let cursor = Cursor::new("devices?tube=0", &id).unwrap();
        assert_eq!(cursor.open::<DeviceId>("devices?tube=0"), Ok(id));
        for other in ["devices", "devices?tube=1", "levels?tube=0", ""] {
            assert_eq!(cursor.open::<DeviceId>(other).unwrap_err(), ApiError::bad_page(), "{other}");
        }
        // A list with another type of key does not accept it either.
        assert_eq!(cursor.open::<u32>("devices?tube=0").unwrap_err(), ApiError::bad_page());
    }

    #[test]
    fn a_changed_cursor_is_refused() {
        let Cursor(text) = Cursor::new("devices", &"buoy-01").unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = Cursor(String::from_utf8(forged).unwrap());
            assert_eq!(forged.open::<String>("devices").unwrap_err(), ApiError::bad_page(), "{forged:?}");
            assert!(Cursor(text[..place].to_owned()).open::<String>("devices").is_err(), "cut at {place}");
        }
        for forged in ["", "x", "e30", "!!!", "ééé", &"A".repeat(10_000), &(text + "=")] {
            assert_eq!(Cursor(forged.to_owned()).open::<String>("devices").unwrap_err(), ApiError::bad_page());
        }
    }
}
