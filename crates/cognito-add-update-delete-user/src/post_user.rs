//! `POST /cognito/users`: adds a user.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use weir_core::wire::person::PersonJson;
use weir_http::{Admin, ApiError, Audit, PersonTag, Strict};

use super::Parts;
use super::body::NewUserBody;

/// Adds a user with role, device scope and profile, or nothing at all. A failed request can be repeated. A user left by an
/// interrupted request has no role, and is removed when the same address is added again at least 45 s later.
#[utoipa::path(
    post, path = "/cognito/users", tag = "people",
    request_body = NewUserBody,
    responses(
        (status = 201, description = "Added.", body = PersonJson, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub(super) async fn add_cognito_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Strict(body): Strict<NewUserBody>,
) -> Result<impl IntoResponse, ApiError> {
    let new = body.checked()?;
    let audit = Audit::of(&caller, "user.add", &new.email);
    audit.begin(&json!({"email": new.email, "role": new.role, "devices": new.devices}));
    let person = parts.create(&new, &caller).await.inspect_err(|_| audit.interrupted(&Value::Null))?;
    let shown = PersonJson::of(&person);
    audit.done(&Value::Null, &json!(shown));
    let location = [(LOCATION, format!("/cognito/users/{}", person.username))];
    Ok((StatusCode::CREATED, PersonTag::of(&shown), location, Json(shown)))
}
