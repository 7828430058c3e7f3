//! `GET /users/{sub}`: one profile.

use axum::extract::State;
use axum::response::Response;
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileJson;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;

/// Shows a profile.
#[utoipa::path(
    get, path = "/users/{sub}", tag = "users",
    params(("sub" = Sub, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The profile.", body = ProfileJson, headers(("ETag" = String))),
        (status = 304, description = "Not modified."),
    )
)]
pub(super) async fn get_user(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path(sub): Path<Sub>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    let record = parts.profile(&sub).await?;
    conditions.answer(record.version, ProfileJson::of(&record))
}
