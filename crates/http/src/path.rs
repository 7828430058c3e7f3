//! Ids in a path.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::ApiError;

/// The parameters of the path, e.g. `Path<DeviceId>` or `Path<(DeviceId, SensorCode)>`.
///
/// A text that is not an id is answered with 404, as an id that does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| ApiError::not_found())
    }
}
