//! `GET /users/me`: the caller's own profile.

use axum::extract::State;
use axum::response::Response;
use weir_aws::profile::Found;
use weir_core::wire::profile::ProfileJson;
use weir_http::{ApiError, Caller, IfNoneMatch};

use super::Parts;
use super::change::own;

/// The caller's own profile. Who never wrote one has an empty one, in version 0.
#[utoipa::path(
    get, path = "/users/me", tag = "users",
    params(("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The profile.", body = ProfileJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has it already."),
    )
)]
pub(super) async fn get_me(
    State(parts): State<Parts>,
    caller: Caller,
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    let sub = own(&caller)?;
    match parts.profiles.find(&sub).await? {
        Found::Profile(record) => Ok(known.answer(record.version, ProfileJson::of(&record))),
        Found::Nothing(_) => Ok(known.answer(0, ProfileJson::empty(&sub))),
        Found::Gone => Err(ApiError::not_found()),
    }
}
