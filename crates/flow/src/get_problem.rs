//! `GET /problems/{id}`: one problem.

use axum::extract::State;
use axum::response::Response;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::show::ProblemJson;

/// The problem of two neighbours, the silence of a flow sensor or a device, or the problem of an alert.
#[utoipa::path(
    get, path = "/problems/{problem_id}", tag = "problems",
    params(("problem_id" = String, Path, pattern = "^([A-Za-z0-9][0-9]{1,9}(-?[A-Za-z0-9][0-9]{1,9}|-silent)|[A-Za-z0-9][A-Za-z0-9_-]{0,63}:(silent|[a-z][a-z0-9_]{0,31}:[a-z][a-z0-9-]{0,31}))$", example = "0102"), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The problem.", body = ProblemJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already."),
    )
)]
pub(super) async fn get_problem(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<String>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    let subject = parts.seen(&caller, &id).await?;
    let stored = parts.problems.find(&subject).await?.ok_or_else(ApiError::not_found)?;
    let shown = ProblemJson::of(&subject, &stored.problem).ok_or_else(ApiError::not_found)?;
    conditions.answer(stored.revision, shown)
}
