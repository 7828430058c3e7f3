//! `GET /quarantine/{id}`: one entry, with the payload as it was published.

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, IfNoneMatch, Path};

use super::Parts;
use super::show::{AsideJson, version};

/// Something that was set aside, and the message itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OriginalJson {
    #[serde(flatten)]
    entry: AsideJson,
    payload: PayloadJson,
}

/// The payload: the bytes the device published or, where its siblings were good, the one value.
#[derive(Debug, Serialize, ToSchema)]
struct PayloadJson {
    /// The bytes.
    #[schema(example = "eyJ2YWx1ZSI6Ny4wMn0=")]
    base64: String,
    /// The bytes as text, where they are text (UTF-8).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "{\"value\":7.02}")]
    text: Option<String>,
    /// What the text says, where it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
}

impl From<Vec<u8>> for PayloadJson {
    fn from(bytes: Vec<u8>) -> Self {
        let base64 = STANDARD.encode(&bytes);
        let text = String::from_utf8(bytes).ok();
        let json = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self { base64, text, json }
    }
}

/// What was set aside, with its payload decoded as far as it can be.
#[utoipa::path(
    get, path = "/quarantine/{id}", tag = "quarantine",
    params(("id" = QuarantineId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The entry and its payload.", body = OriginalJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has it already."),
    )
)]
pub(super) async fn get_aside(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path(id): Path<QuarantineId>,
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    let original = parts.quarantine.get(&id).await?.ok_or_else(ApiError::not_found)?;
    let version = version(&original.entry);
    let shown = OriginalJson { entry: original.entry.into(), payload: original.payload.into() };
    Ok(known.answer(version, shown))
}
