//! `GET /cognito/users/{username}`: one user.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use weir_aws::people::Pool;
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;
use weir_http::{Admin, ApiError, Path, PersonTag, Preconditions};

/// Shows a user, by user name or e-mail address.
#[utoipa::path(
    get, path = "/cognito/users/{username}", tag = "people",
    params(("username" = Username, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The user.", body = PersonJson, headers(("ETag" = String))),
        (status = 304, description = "Not modified."),
    )
)]
pub(super) async fn get_cognito_user(
    State(pool): State<Pool>,
    Admin(_): Admin,
    Path(username): Path<Username>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    let person = pool.find(&username).await?.ok_or_else(ApiError::not_found)?;
    let shown = PersonJson::of(&person);
    conditions.answer_tagged(&PersonTag::of(&shown).to_string(), || Json(&shown).into_response())
}
