//! Request bodies: content type, size, JSON and fields, each with its own error.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::{ApiError, ErrorKind, pointer};
use weir_core::domain::FieldError;
use weir_core::wire::{Json, lossy};

/// Maximum size of a body in bytes. A device with all its sensors and settings takes a tenth of it.
const MAX_BYTES: usize = 64 * 1024;
/// Some editors write it before UTF-8 text; RFC 8259, section 8.1 allows readers to ignore it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const JSON: &str = "application/json";
const CSV: &str = "text/csv";
/// Maximum size of a CSV file in bytes: 5,000 lines of 200.
const MAX_CSV_BYTES: usize = 1024 * 1024;
/// serde_json's message for a number beyond the range of an f64, which it reports as a syntax error.
const TOO_LARGE: &str = "number out of range";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A body that is a JSON object and exactly a `T`. Derive `T` with `#[serde(deny_unknown_fields)]`, so that a misspelt field
/// is an error.
///
/// Answers 415 for another content type and for a content encoding, 413 above 64 KB, 400 when the body is not JSON, and 422 with
/// the pointer to the field when a field is given twice, an integer lies beyond 2^53 or the body is not a `T`. A leading
/// byte-order mark is ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct Strict<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Strict<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        parse(&read(request, &[JSON]).await?).map(Self)
    }
}

/// A JSON Merge Patch (RFC 7396) of an object, with the content type `application/merge-patch+json` or `application/json`.
/// Read the patched document with [`from_value`].
#[derive(Debug, Clone, PartialEq)]
pub struct Merge(pub Map<String, Value>);

impl<S: Sync> FromRequest<S> for Merge {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        parse(&read(request, &[MERGE_PATCH, JSON]).await?).map(Self)
    }
}

/// A body that is a JSON object and exactly a `T`, as [`Strict`] reads it, or a CSV file.
///
/// Answers as [`Strict`] does; a file has at most 1 MB, and 400 says that it is not UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonOrCsv<T> {
    /// `application/json`.
    Json(T),
    /// `text/csv`, as text.
    Csv(String),
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for JsonOrCsv<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if essence(request.headers()).eq_ignore_ascii_case(CSV) {
            let bytes = read_up_to(request, &[JSON, CSV], MAX_CSV_BYTES).await?;
            return String::from_utf8(bytes).map(Self::Csv).map_err(|_| ApiError::malformed("the file is not UTF-8"));
        }
        parse(&read_up_to(request, &[JSON, CSV], MAX_BYTES).await?).map(Self::Json)
    }
}

/// Reads a `T` from a JSON object in memory.
///
/// # Errors
/// 422 with the pointer to the invalid field.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    if !value.is_object() {
        return Err(FieldError::new("", "must be an object").into());
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| pointer::invalid(error.path(), &error.inner().to_string()).into())
}

async fn read(request: Request, types: &[&str]) -> Result<Vec<u8>, ApiError> {
    read_up_to(request, types, MAX_BYTES).await
}

/// The content type without its parameters: `; charset=utf-8` may follow, and JSON has no other charset.
fn essence(headers: &HeaderMap) -> &str {
    let given = headers.get(CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim()
}

async fn read_up_to(request: Request, types: &[&str], most: usize) -> Result<Vec<u8>, ApiError> {
    let essence = essence(request.headers());
    if !types.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        let detail = format!("Content-Type must be {}", types.join(" or "));
        return Err(ApiError::new(ErrorKind::UnsupportedMedia, detail));
    }
    if is_encoded(request.headers()) {
        let detail = "Content-Encoding is not supported: send the body as it is";
        return Err(ApiError::new(ErrorKind::UnsupportedMedia, detail));
    }
    let bytes = to_bytes(request.into_body(), most).await;
    // The body is already in memory, so only its length can be wrong.
    Ok(bytes.map_err(|_| ApiError::too_large(format!("a body has at most {most} bytes")))?.into())
}

/// Whether the body is encoded, compressed for example.
fn is_encoded(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::to_str);
    let is_plain = |coding: &str| coding.trim().is_empty() || coding.trim().eq_ignore_ascii_case("identity");
    values.into_iter().any(|value| !value.is_ok_and(|value| value.split(',').all(is_plain)))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    // Reports broken JSON as such even when a field before the break is invalid too.
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| broken(&error))?;
    // serde would also read a struct from an array of its fields' values, which is never intended.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(FieldError::new("", "must be an object").into());
    }
    // What `Json` does not read either (bytes that are not UTF-8, too many levels) is reported below.
    if let Some(json) = std::str::from_utf8(bytes).ok().and_then(|text| Json::parse(text).ok()) {
        let lost = lossy::fields(&json);
        if !lost.is_empty() {
            return Err(lost.into());
        }
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(deserializer).map_err(|error| match error.inner().classify() {
        Category::Data => pointer::invalid(error.path(), &error.inner().to_string()).into(),
        // 1e999 is JSON, but beyond the range of an f64.
        Category::Syntax if error.inner().to_string().starts_with(TOO_LARGE) => {
            FieldError::new(pointer::pointer(error.path()), TOO_LARGE).into()
        }
        Category::Syntax | Category::Eof | Category::Io => broken(error.inner()),
    })
}

fn broken(error: &serde_json::Error) -> ApiError {
    ApiError::malformed(format!("the body is not JSON: {error}"))
}

#[cfg(test)]
mod tests;
