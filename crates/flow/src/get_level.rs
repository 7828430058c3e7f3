//! `GET /levels/{id}`: one flow sensor.

use axum::extract::State;
use axum::response::Response;
use weir_core::id::LevelId;
use weir_http::{ApiError, Member, Path, Preconditions, revalidated};

use super::Parts;
use super::show::LevelJson;

/// The latest level of a flow sensor and its recent measurements.
#[utoipa::path(
    get, path = "/levels/{id}", tag = "levels",
    params(("id" = LevelId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The level.", body = LevelJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already."),
    )
)]
pub(super) async fn get_level(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<LevelId>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    parts.sees_level(&caller, &id).await?;
    let state = parts.levels.get(&id).await?.ok_or_else(ApiError::not_found)?;
    conditions.answer(state.revision.unwrap_or(0), LevelJson::of(id, &state)).map(revalidated)
}
