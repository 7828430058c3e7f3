//! `PATCH /users/{sub}`: an admin changes what a merge patch (RFC 7396) names. It never makes a profile.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_core::domain::people::profile::Profile;
use weir_core::id::Sub;
use weir_core::wire::profile::{ProfileBody, ProfileJson, patched};
use weir_http::{Admin, ApiError, Audit, ETag, IfMatch, Merge, Path, from_value};

use super::Parts;
use super::change::{Making, told};

/// Changes the fields that the patch names; `null` empties one.
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
    expected: IfMatch,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let decide = |current: &Profile| Ok(from_value::<ProfileBody>(patched(current, patch.clone()))?.profile()?);
    let changed = parts.change(&sub, expected, &caller, Making::Never, decide).await?;
    Audit::of(&caller, "profile.change", &sub).done(&told(changed.before.as_ref()), &told(Some(&changed.record)));
    Ok((ETag(changed.record.version), Json(ProfileJson::of(&changed.record))))
}
