//! `POST /cognito/users`: adds a person, wholly or not at all.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use weir_core::wire::person::{PersonJson, RoleJson};
use weir_http::{Admin, ApiError, Audit, ETag, Strict, version_of};

use super::Parts;
use super::body::NewUser;

/// Adds a person, wholly or not at all: user, role, scope and profile. When it could not be done it can be asked for
/// again. What a killed attempt left behind has no role, and is cleared away when the same address is added again, 45 s
/// later.
#[utoipa::path(
    post, path = "/cognito/users", tag = "people",
    request_body = NewUser,
    responses(
        (status = 201, description = "Added.", body = PersonJson, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub(super) async fn add_cognito_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Strict(body): Strict<NewUser>,
) -> Result<impl IntoResponse, ApiError> {
    let adding = body.checked()?;
    let audit = Audit::of(&caller, "user.add", &adding.email);
    let role = RoleJson::of(adding.role);
    audit.begins(&json!({"email": adding.email, "role": role, "devices": adding.devices}));
    let person = parts.add(&adding, &caller).await.inspect_err(|_| audit.broken_off(&Value::Null))?;
    let shown = PersonJson::of(&person);
    audit.done(&Value::Null, &json!(shown));
    let location = [(LOCATION, format!("/cognito/users/{}", person.username))];
    Ok((StatusCode::CREATED, ETag(version_of(&shown)), location, Json(shown)))
}
