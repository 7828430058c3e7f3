//! `GET /quarantine/{id}`: one entry, with its payload.

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;
use super::show::{EntryJson, version};

/// A quarantine entry with its payload.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryWithPayloadJson {
    #[serde(flatten)]
    entry: EntryJson,
    payload: PayloadJson,
}

/// The payload of a replay: the bytes that the device published, or a payload with only the refused value.
#[derive(Debug, Serialize, ToSchema)]
struct PayloadJson {
    /// The bytes.
    #[schema(example = "eyJ2YWx1ZSI6Ny4wMn0=")]
    base64: String,
    /// The bytes as text, if they are UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "{\"value\":7.02}")]
    text: Option<String>,
    /// The parsed text, if it is JSON.
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

/// Shows a quarantine entry, with its payload decoded as far as possible.
#[utoipa::path(
    get, path = "/quarantine/{id}", tag = "quarantine",
    params(("id" = QuarantineId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The entry and its payload.", body = EntryWithPayloadJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has it already."),
    )
)]
pub(super) async fn get_entry(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path(id): Path<QuarantineId>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    let found = parts.quarantine.get(&id).await?.ok_or_else(ApiError::not_found)?;
    let version = version(&found.entry);
    let shown = EntryWithPayloadJson { entry: found.entry.into(), payload: found.payload.into() };
    conditions.answer(version, shown)
}
