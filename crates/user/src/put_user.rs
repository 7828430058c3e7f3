//! `PUT /users/{sub}`: an admin replaces a profile. It never creates one.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_core::domain::people::profile::Profile;
use weir_core::id::Sub;
use weir_core::wire::profile::{ProfileBody, ProfileJson};
use weir_http::{Admin, ApiError, Audit, ETag, Path, Preconditions, Strict};

use super::Parts;
use super::change::{Creation, logged};

/// Replaces the profile. Fields that are left out become empty.
#[utoipa::path(
    put, path = "/users/{sub}", tag = "users",
    params(("sub" = Sub, Path), ("If-Match" = Option<String>, Header)),
    request_body = ProfileBody,
    responses((status = 200, description = "Replaced.", body = ProfileJson, headers(("ETag" = String))))
)]
pub(super) async fn put_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(sub): Path<Sub>,
    conditions: Preconditions,
    Strict(body): Strict<ProfileBody>,
) -> Result<impl IntoResponse, ApiError> {
    let profile = body.profile()?;
    let decide = |_: &Profile| Ok(profile.clone());
    let changed = parts.change(&sub, &conditions, &caller, Creation::Refused, decide).await?;
    Audit::of(&caller, "profile.change", &sub).done(&logged(changed.before.as_ref()), &logged(Some(&changed.record)));
    Ok((ETag(changed.record.version), Json(ProfileJson::of(&changed.record))))
}
