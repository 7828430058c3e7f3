//! `POST /users`: creates the profile of a user who has none.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use weir_aws::WriteOutcome;
use weir_aws::profile::StoredProfile;
use weir_core::domain::people::profile::ProfileRecord;
use weir_core::id::Sub;
use weir_core::wire::profile::{ProfileBody, ProfileJson};
use weir_core::wire::schema::PreferencesSchema;
use weir_http::{Admin, ApiError, Audit, ETag, Strict};

use super::Parts;
use super::change::{attempts, logged, told};

/// A profile to be created.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProfile {
    /// Cognito's id of the user.
    sub: Sub,
    /// The full name, at most 100 characters.
    #[serde(default)]
    #[schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    name: String,
    /// The phone number in E.164 form (`+431234567`), or empty.
    #[serde(default)]
    #[schema(pattern = "^([+][1-9][0-9]{2,14})?$")]
    phone: String,
    /// The organisation the user works for, at most 100 characters.
    #[serde(default)]
    #[schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    organisation: String,
    /// Preferences of the apps, at most 4,000 bytes; Weir does not interpret them.
    #[serde(default)]
    #[schema(value_type = PreferencesSchema)]
    preferences: Map<String, Value>,
}

/// Creates the profile of a user who has none. It does not check that the user exists; a profile alone gives no access.
#[utoipa::path(
    post, path = "/users", tag = "users",
    request_body = NewProfile,
    responses(
        (status = 201, description = "Created.", body = ProfileJson, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub(super) async fn post_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Strict(body): Strict<NewProfile>,
) -> Result<impl IntoResponse, ApiError> {
    let NewProfile { sub, name, phone, organisation, preferences } = body;
    let profile = ProfileBody { name, phone, organisation, preferences }.profile()?;
    let mut attempts = attempts(&sub);
    loop {
        attempts.next().await?;
        let version = match parts.profiles.find(&sub).await? {
            StoredProfile::Absent(version) => version,
            StoredProfile::Present(_) => return Err(ApiError::exists(format!("{sub} already has a profile"))),
            StoredProfile::UserDeleted => return Err(ApiError::transition(format!("{sub} was deleted"))),
        };
        let record = ProfileRecord::new(sub.clone(), profile.clone(), version, caller.name(), parts.clock.now());
        let events: Vec<_> = told(None, Some(&record), &record.updated_by, record.updated_at).into_iter().collect();
        if parts.profiles.write_with(&record, parts.events.with(&events)).await? == WriteOutcome::Done {
            Audit::of(&caller, "profile.create", &sub).done(&logged(None), &logged(Some(&record)));
            let location = [(LOCATION, format!("/users/{sub}"))];
            return Ok((StatusCode::CREATED, ETag(record.version), location, Json(ProfileJson::of(&record))));
        }
    }
}
