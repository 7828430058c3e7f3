//! `GET /cognito/users/{username}/role`: what a person may do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::people::Pool;
use weir_core::domain::access::Role;
use weir_core::id::Username;
use weir_core::wire::person::RoleJson;
use weir_http::{ApiError, Caller, Path};

/// What a person may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct RoleOf {
    /// The name in the pool.
    username: Username,
    /// The address they sign in with.
    email: Option<String>,
    /// The role; `null` of a person who is in neither group.
    role: Option<RoleJson>,
    /// The device scope: ids parted by blanks, or `*`. An admin sees every device all the same.
    devices: String,
}

/// The role and the device scope, as they are now. Two requests to Cognito.
#[utoipa::path(
    get, path = "/cognito/users/{username}/role", tag = "people",
    params(("username" = Username, Path)),
    responses((status = 200, description = "What the person may do.", body = RoleOf))
)]
pub(super) async fn get_role(
    State(pool): State<Pool>,
    caller: Caller,
    Path(username): Path<Username>,
) -> Result<Json<RoleOf>, ApiError> {
    if caller.role != Role::Admin && !is(&caller, &username) {
        return Err(ApiError::forbidden("only an admin may ask about others"));
    }
    let person = pool.find(&username).await?.ok_or_else(ApiError::not_found)?;
    let role = RoleJson::of(person.role);
    Ok(Json(RoleOf { username: person.username, email: person.email, role, devices: person.devices }))
}

/// Whether the caller means themself. Their address does not count: a token may name one that has changed hands.
fn is(caller: &Caller, username: &Username) -> bool {
    [&caller.username, &caller.sub].iter().any(|own| own.as_str() == username.as_str())
}
