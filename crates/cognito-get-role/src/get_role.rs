//! `GET /cognito/users/{username}/role`: the role and the device scope of a user.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::people::Pool;
use weir_core::domain::access::Role;
use weir_core::domain::people::Person;
use weir_core::id::Username;
use weir_http::{ApiError, Caller, Path};

/// The role and the device scope of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct RoleOf {
    /// The user name in the pool.
    username: Username,
    /// The e-mail address the user signs in with.
    email: Option<String>,
    /// The role; `null` when the user is in neither group.
    role: Option<Role>,
    /// The device scope: space-separated device ids, or `*`. Admins see every device regardless.
    devices: String,
}

/// Shows the current role and device scope of a user, which a token may not yet have. Users may ask for their own, admins
/// for everyone's.
#[utoipa::path(
    get, path = "/cognito/users/{username}/role", tag = "people",
    params(("username" = Username, Path)),
    responses((status = 200, description = "The role and the device scope.", body = RoleOf))
)]
pub(super) async fn get_role(
    State(pool): State<Pool>,
    caller: Caller,
    Path(username): Path<Username>,
) -> Result<Json<RoleOf>, ApiError> {
    if !caller.is_admin() && !is_self(&caller, &username) {
        return Err(ApiError::forbidden("only an admin may read the role of other users"));
    }
    let person = pool.find(&username).await?.ok_or_else(ApiError::not_found)?;
    let Person { username, email, role, devices, .. } = person;
    Ok(Json(RoleOf { username, email, role, devices }))
}

/// Whether the name is the caller's own. The e-mail address does not count: the address in a token may belong to another
/// user by now.
fn is_self(caller: &Caller, username: &Username) -> bool {
    [&caller.username, &caller.sub].iter().any(|own| own.as_str() == username.as_str())
}
