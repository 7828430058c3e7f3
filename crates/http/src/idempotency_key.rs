//! The header `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::ApiError;

/// The header.
const HEADER: &str = "idempotency-key";
/// Maximum length.
const LONGEST: usize = 128;

/// The key of a request, if it has one. The extractor answers 400 for an invalid key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(given) = parts.headers.get(HEADER) else { return Ok(Self(None)) };
        let text = given.to_str().ok().filter(|text| (1..=LONGEST).contains(&text.len()));
        let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        let text = text.ok_or_else(|| {
            ApiError::malformed(format!(
                "Idempotency-Key must be 1 to {LONGEST} printable ASCII characters without blanks"
            ))
        })?;
        Ok(Self(Some(text.to_owned())))
    }
}
