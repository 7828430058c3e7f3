//! `PATCH /problems/{id}`: acknowledges or resolves a problem, or changes its note.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::domain::FieldError;
use weir_http::{ApiError, ETag, Member, Merge, Path, Preconditions, from_value};

use super::Parts;
use super::change::Request;
use super::show::{ProblemJson, StatusJson};

/// A change of a problem.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FlowProblemPatch)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchBody {
    /// `ACKNOWLEDGED` or `RESOLVED`.
    problem_status: Option<StatusJson>,
    /// A note of 1 to 1000 characters; `null` deletes the note.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    note: Option<String>,
}

/// Acknowledges or resolves a problem, with or without a note, or only changes the note. A later report that contradicts a
/// resolution opens the problem again, as a new episode.
#[utoipa::path(
    patch, path = "/problems/{problem_id}", tag = "problems",
    params(("problem_id" = String, Path, pattern = "^([A-Za-z0-9][0-9]{1,9}(-?[A-Za-z0-9][0-9]{1,9}|-silent)|[A-Za-z0-9][A-Za-z0-9_-]{0,63}:(silent|[a-z][a-z0-9_]{0,31}:[a-z][a-z0-9-]{0,31}))$", example = "0102"), ("If-Match" = Option<String>, Header)),
    request_body(content = PatchBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = ProblemJson, headers(("ETag" = String))))
)]
pub(super) async fn patch_problem(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<String>,
    conditions: Preconditions,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let subject = parts.seen(&caller, &id).await?;
    let has_note = patch.contains_key("note");
    if patch.get("problem_status").is_some_and(Value::is_null) {
        return Err(FieldError::new("/problem_status", "cannot be removed").into());
    }
    let PatchBody { problem_status, note } = from_value(patch.into())?;
    let request = Request { status: problem_status, note: has_note.then_some(note) }.checked()?;
    let stored = parts.change_problem(&subject, &request, Some(&conditions), &caller).await?;
    let shown = ProblemJson::of(&subject, &stored.problem).ok_or_else(ApiError::not_found)?;
    Ok((ETag(stored.revision), Json(shown)))
}
