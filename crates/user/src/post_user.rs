//! `POST /users`: writes the profile of a person who has none.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use weir_aws::device::Write;
use weir_aws::profile::Found;
use weir_aws::wait_turn;
use weir_core::domain::people::profile::Record;
use weir_core::id::Sub;
use weir_core::wire::profile::{ProfileBody, ProfileJson};
use weir_http::{Admin, ApiError, Audit, ETag, Strict};

use super::Parts;
use super::change::{contended, told};

const ATTEMPTS: u32 = 5;

/// A profile with whose it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProfile {
    /// Cognito's id of the person.
    sub: Sub,
    /// What they are called, at most 100 characters.
    #[serde(default)]
    name: String,
    /// Where they can be called, E.164 (`+431234567`), or empty.
    #[serde(default)]
    phone: String,
    /// For whom they work, at most 100 characters.
    #[serde(default)]
    organisation: String,
    /// What they prefer, at most 4,000 bytes.
    #[serde(default)]
    #[schema(value_type = Object)]
    preferences: Map<String, Value>,
}

/// Writes the profile of a person who has none. Who exists is Cognito's to say; a profile alone lets nobody in.
#[utoipa::path(
    post, path = "/users", tag = "users",
    request_body = NewProfile,
    responses(
        (status = 201, description = "Written.", body = ProfileJson, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub(super) async fn post_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Strict(body): Strict<NewProfile>,
) -> Result<impl IntoResponse, ApiError> {
    let NewProfile { sub, name, phone, organisation, preferences } = body;
    let profile = ProfileBody { name, phone, organisation, preferences }.profile()?;
    for attempt in 0..ATTEMPTS {
        wait_turn(attempt).await;
        let version = match parts.profiles.find(&sub).await? {
            Found::Nothing(version) => version,
            Found::Profile(_) => return Err(ApiError::exists(format!("{sub} has a profile already"))),
            Found::Gone => return Err(ApiError::transition(format!("{sub} was deleted"))),
        };
        let record = Record::new(sub.clone(), profile.clone(), version, caller.name(), parts.clock.now());
        if parts.profiles.write(&record).await? == Write::Done {
            Audit::of(&caller, "profile.create", &sub).done(&told(None), &told(Some(&record)));
            let location = [(LOCATION, format!("/users/{sub}"))];
            return Ok((StatusCode::CREATED, ETag(record.version), location, Json(ProfileJson::of(&record))));
        }
    }
    Err(contended(&sub))
}
