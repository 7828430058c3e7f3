//! Request bodies: content type, size, JSON and fields, each with its own error.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::{ApiError, ErrorKind, integers, pointer};
use weir_core::domain::FieldError;

/// Maximum size of a body in bytes. A device with all its sensors and settings takes a tenth of it.
const MAX_BYTES: usize = 64 * 1024;
const JSON: &str = "application/json";
/// serde_json's message for a number beyond the range of an f64, which it reports as a syntax error.
const TOO_LARGE: &str = "number out of range";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A body that is a JSON object and exactly a `T`. Derive `T` with `#[serde(deny_unknown_fields)]`, so that a misspelt field
/// is an error.
///
/// Answers 415 for another content type, 413 above 64 KB, 400 when the body is not JSON, and 422 with the pointer to the field
/// when it is not a `T` or an integer beyond 2^53.
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
    let given = request.headers().get(CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    // `; charset=utf-8` may follow; JSON has no other charset.
    let essence = given.split(';').next().unwrap_or_default().trim();
    if !types.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        let detail = format!("Content-Type must be {}", types.join(" or "));
        return Err(ApiError::new(ErrorKind::UnsupportedMedia, detail));
    }
    let bytes = to_bytes(request.into_body(), MAX_BYTES).await;
    // The body is already in memory, so only its length can be wrong.
    Ok(bytes.map_err(|_| ApiError::too_large(format!("a body has at most {MAX_BYTES} bytes")))?.into())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // Reports broken JSON as such even when a field before the break is invalid too.
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| broken(&error))?;
    // serde would also read a struct from an array of its fields' values, which is never intended.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(FieldError::new("", "must be an object").into());
    }
    let beyond = integers::beyond(bytes);
    if !beyond.is_empty() {
        return Err(beyond.into());
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
