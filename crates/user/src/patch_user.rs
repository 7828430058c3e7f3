//! `PATCH /users/{sub}`: an admin changes a profile. It never creates one.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_core::domain::people::profile::Profile;
use weir_core::id::Sub;
use weir_core::wire::profile::{ProfileBody, ProfileJson, patched};
use weir_http::{Admin, ApiError, Audit, ETag, Merge, Path, Preconditions, from_value};

use super::Parts;
use super::change::{Creation, logged};

/// Changes the fields in the patch; `null` clears a field.
#[utoipa::path(
    patch, path = "/users/{sub}", tag = "users",
    params(("sub" = Sub, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = ProfileBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = ProfileJson, headers(("ETag" = String))))
)]
pub(super) async fn patch_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(sub): Path<Sub>,
    conditions: Preconditions,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |current: &Profile| Ok(from_value::<ProfileBody>(patched(current, patch.clone()))?.profile()?);
    let changed = parts.change(&sub, &conditions, &caller, Creation::Refused, decide).await?;
    Audit::of(&caller, "profile.change", &sub).done(&logged(changed.before.as_ref()), &logged(Some(&changed.record)));
    Ok((ETag(changed.record.version), Json(ProfileJson::of(&changed.record))))
}
