//! `GET /users/me`: the caller's own profile.

use axum::extract::State;
use axum::response::Response;
use weir_aws::profile::StoredProfile;
use weir_core::wire::profile::ProfileJson;
use weir_http::{ApiError, Caller, Preconditions};

use super::Parts;
use super::change::own;

/// Shows the caller's own profile. It is empty, with version 0, when the caller has never written it.
#[utoipa::path(
    get, path = "/users/me", tag = "users",
    params(("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The profile.", body = ProfileJson, headers(("ETag" = String))),
        (status = 304, description = "Not modified."),
    )
)]
pub(super) async fn get_me(
    State(parts): State<Parts>,
    caller: Caller,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    let sub = own(&caller)?;
    match parts.profiles.find(&sub).await? {
        StoredProfile::Present(record) => conditions.answer(record.version, ProfileJson::of(&record)),
        StoredProfile::Absent(_) => conditions.answer(0, ProfileJson::empty(&sub)),
        StoredProfile::UserDeleted => Err(ApiError::not_found()),
    }
}
