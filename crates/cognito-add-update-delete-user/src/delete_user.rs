//! `DELETE /cognito/users/{username}`: a person leaves, with the profile.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use weir_aws::people::Held;
use weir_aws::profile::Found;
use weir_core::domain::people::Person;
use weir_core::domain::people::guard::{may_delete, rules};
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;
use weir_http::{Admin, ApiError, Audit, Caller, IfMatch, Path};

use super::Parts;

/// Deletes the person and the profile. Nobody deletes themself, nor the last admin who can sign in.
#[utoipa::path(
    delete, path = "/cognito/users/{username}", tag = "people",
    params(("username" = Username, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_cognito_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(username): Path<Username>,
    expected: IfMatch,
) -> Result<StatusCode, ApiError> {
    let held = parts.lock.take().await?;
    let deleted = parts.deleted(&caller, &username, expected, &held).await;
    held.give_back().await;
    deleted.map(|()| StatusCode::NO_CONTENT)
}

impl Parts {
    async fn deleted(
        &self,
        caller: &Caller,
        username: &Username,
        expected: IfMatch,
        held: &Held<'_>,
    ) -> Result<(), ApiError> {
        self.still_rules(caller).await?;
        let person = self.person(username, expected).await?;
        may_delete(&person, &caller.sub)?;
        if rules(&person) {
            self.may_go(&person).await?;
        }
        let (audit, before) = (Audit::of(caller, "user.delete", &person.sub), json!(PersonJson::of(&person)));
        audit.begins(&before);
        self.remove(&person, held).await.inspect_err(|_| audit.broken_off(&before))?;
        audit.done(&before, &Value::Null);
        Ok(())
    }

    /// The profile first: as long as the user is there, the same request finds what is left to do. A note stays in its
    /// place, so that no token they still hold brings a profile back.
    async fn remove(&self, person: &Person, held: &Held<'_>) -> Result<(), ApiError> {
        let profile = self.profiles.find(&person.sub).await?;
        held.lasts()?;
        self.profiles.bury(&person.sub, self.clock.now()).await?;
        let deleted = match held.lasts() {
            Ok(()) => self.pool.delete(person).await,
            Err(error) => Err(error.into()),
        };
        let Err(error) = deleted else { return Ok(()) };
        // Who is certainly not deleted keeps the profile.
        if let (true, Found::Profile(record)) = (error.is_refusal(), &profile) {
            self.profiles.unbury(record).await?;
        }
        Err(error.into())
    }
}
