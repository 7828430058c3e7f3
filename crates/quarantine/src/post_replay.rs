//! `POST /quarantine/{id}/replay`: one entry, delivered again.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, IfMatch, Path};

use super::Parts;
use super::replay::Outcome;
use super::show::{AsideJson, version};

/// How a replay ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Ended {
    /// Stored, or known already: the entry has left the quarantine.
    Accepted,
    /// Refused again: the entry stays.
    Refused,
}

/// What came of a replay.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayJson {
    outcome: Ended,
    /// The entry with the reason of this time, when it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<AsideJson>,
    /// Parts of the message that were refused while the rest was accepted: each has an entry of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<QuarantineId>)]
    set_aside: Vec<String>,
}

/// Delivers the message again, as of the instant at which it was received. Asking twice is the same as asking once.
#[utoipa::path(
    post, path = "/quarantine/{id}/replay", tag = "quarantine",
    params(("id" = QuarantineId, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "What came of it.", body = ReplayJson),
        (status = 503, description = "The function could not say; the entry stays as it was."),
    )
)]
pub(super) async fn post_replay(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path(id): Path<QuarantineId>,
    expected: IfMatch,
) -> Result<Json<ReplayJson>, ApiError> {
    let original = parts.quarantine.get(&id).await?.ok_or_else(ApiError::not_found)?;
    expected.check(version(&original.entry))?;
    match parts.replay(&original).await? {
        Outcome::Accepted(kept) => {
            let set_aside = kept.into_iter().map(|kept| kept.id).collect();
            Ok(Json(ReplayJson { outcome: Ended::Accepted, entry: None, set_aside }))
        }
        Outcome::Refused(entry) => {
            let entry = Some(AsideJson::from(*entry));
            Ok(Json(ReplayJson { outcome: Ended::Refused, entry, set_aside: Vec::new() }))
        }
        Outcome::Gone => Err(ApiError::not_found()),
    }
}
