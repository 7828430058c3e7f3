//! `POST /quarantine/{id}/replay`: replays one entry.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::id::QuarantineId;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;
use super::replay::ReplayOutcome;
use super::show::{EntryJson, version};

/// How the replay ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeJson {
    /// Stored, or a duplicate: the entry has left the quarantine.
    Accepted,
    /// Refused again: the entry stays.
    Refused,
}

/// The result of a replay.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayJson {
    outcome: OutcomeJson,
    /// The entry with its new reason, when it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<EntryJson>,
    /// Parts of the message that were refused while the rest was accepted: each has its own entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<QuarantineId>)]
    quarantined: Vec<String>,
}

/// Delivers the message again, with its original time of reception. Repeating the request changes nothing.
#[utoipa::path(
    post, path = "/quarantine/{id}/replay", tag = "quarantine",
    params(("id" = QuarantineId, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The result.", body = ReplayJson),
        (status = 503, description = "The function failed; the entry stays as it was."),
    )
)]
pub(super) async fn post_replay(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<QuarantineId>,
    conditions: Preconditions,
) -> Result<Json<ReplayJson>, ApiError> {
    let found = parts.quarantine.get(&id).await?.ok_or_else(ApiError::not_found)?;
    conditions.check(version(&found.entry))?;
    match parts.replay(&found, Some(&caller.name())).await? {
        ReplayOutcome::Accepted(parts) => {
            let quarantined = parts.into_iter().map(|part| part.id).collect();
            Ok(Json(ReplayJson { outcome: OutcomeJson::Accepted, entry: None, quarantined }))
        }
        ReplayOutcome::Refused(entry) => {
            let entry = Some(EntryJson::from(*entry));
            Ok(Json(ReplayJson { outcome: OutcomeJson::Refused, entry, quarantined: Vec::new() }))
        }
        ReplayOutcome::Gone => Err(ApiError::not_found()),
    }
}
