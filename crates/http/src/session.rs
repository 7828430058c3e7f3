//! When the caller's token was issued and when it expires.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::Value;

use super::{ApiError, Claims};
use weir_core::domain::Timestamp;

/// The time in which the caller's token is valid. The extractor answers 401 if the token does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Validity {
    /// Reads the claims `iat` and `exp`: seconds since the epoch, which API Gateway hands over as text.
    ///
    /// # Errors
    /// 401 when one is missing or not a number.
    pub fn of(claims: &Claims) -> Result<Self, ApiError> {
        let instant = |name: &str| {
            let seconds = match claims.0.get(name) {
                Some(Value::Number(number)) => number.as_i64(),
                Some(Value::String(text)) => text.parse().ok(),
                _ => None,
            };
            let seconds = seconds.ok_or_else(|| ApiError::unauthorized(format!("the token has no `{name}`")))?;
            Ok::<_, ApiError>(Timestamp::from_seconds(seconds))
        };
        Ok(Self { issued_at: instant("iat")?, expires_at: instant("exp")? })
    }
}

impl<S: Sync> FromRequestParts<S> for Validity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let claims = parts.extensions.get();
        Self::of(claims.ok_or_else(|| ApiError::unauthorized("send an ID token as a bearer token"))?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::ErrorKind;
    use super::*;

    fn of(claims: &Value) -> Result<Validity, ErrorKind> {
        Validity::of(&Claims(claims.as_object().unwrap().clone())).map_err(|error| error.kind())
    }

    #[test]
    fn both_instants_are_read_as_number_and_as_text_and_neither_may_be_missing() {
        let at = Timestamp::from_seconds;
        let valid = Ok(Validity { issued_at: at(1_795_155_000), expires_at: at(1_795_155_900) });
        assert_eq!(of(&json!({"iat": "1795155000", "exp": "1795155900"})), valid);
        assert_eq!(of(&json!({"iat": 1_795_155_000, "exp": 1_795_155_900})), valid);
        for bad in [
            json!({}),
            json!({"iat": 1}),
            json!({"exp": 1}),
            json!({"iat": "soon", "exp": 1}),
            json!({"iat": 1, "exp": [1]}),
        ] {
            assert_eq!(of(&bad), Err(ErrorKind::Unauthorized), "{bad}");
        }
    }
}
