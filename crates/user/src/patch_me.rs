//! `PATCH /users/me`: changes the caller's own profile.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_core::domain::people::profile::Profile;
use weir_core::wire::profile::{ProfileBody, ProfileJson, patched};
use weir_http::{ApiError, Caller, ETag, Merge, Preconditions, from_value};

use super::Parts;
use super::change::{Creation, own};

/// Changes the fields in the patch; `null` clears a field. The first change creates the profile.
#[utoipa::path(
    patch, path = "/users/me", tag = "users",
    params(("If-Match" = Option<String>, Header)),
    request_body(content = ProfileBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = ProfileJson, headers(("ETag" = String))))
)]
pub(super) async fn patch_me(
    State(parts): State<Parts>,
    caller: Caller,
    conditions: Preconditions,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let sub = own(&caller)?;
    let decide = |current: &Profile| Ok(from_value::<ProfileBody>(patched(current, patch.clone()))?.profile()?);
    let changed = parts.change(&sub, &conditions, &caller, Creation::Allowed, decide).await?;
    Ok((ETag(changed.record.version), Json(ProfileJson::of(&changed.record))))
}
