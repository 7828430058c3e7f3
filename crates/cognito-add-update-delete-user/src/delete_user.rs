//! `DELETE /cognito/users/{username}`: deletes a user and the profile.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use weir_aws::profile::StoredProfile;
use weir_core::domain::people::Person;
use weir_core::domain::people::guard::{check_delete, is_active_admin};
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;
use weir_http::{Admin, ApiError, Audit, Caller, Path, Preconditions};

use super::Parts;
use super::event;
use super::lock::LockLease;

/// Deletes the user and the profile. Users cannot delete themselves, and the last admin cannot be deleted.
#[utoipa::path(
    delete, path = "/cognito/users/{username}", tag = "people",
    params(("username" = Username, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_cognito_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(username): Path<Username>,
    conditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let lease = parts.lock.take().await?;
    let deleted = parts.delete_locked(&caller, &username, &conditions, &lease).await;
    lease.release().await;
    deleted.map(|()| StatusCode::NO_CONTENT)
}

/// In seconds.
const DAY: i64 = 86_400;

impl Parts {
    async fn delete_locked(
        &self,
        caller: &Caller,
        username: &Username,
        conditions: &Preconditions,
        lease: &LockLease<'_>,
    ) -> Result<(), ApiError> {
        self.require_active_admin(caller).await?;
        let person = self.person(username, conditions).await?;
        check_delete(&person, &caller.sub)?;
        if is_active_admin(&person) {
            self.require_another_admin(&person).await?;
        }
        let (audit, before) = (Audit::of(caller, "user.delete", &person.sub), json!(PersonJson::of(&person)));
        audit.begin(&before);
        self.remove(&person, caller, lease).await.inspect_err(|_| audit.interrupted(&before))?;
        audit.done(&before, &Value::Null);
        Ok(())
    }

    /// Deletes the profile, then the user: while the user exists, the same request can be repeated. A tombstone replaces the
    /// profile, so that a token that is still valid cannot write a new one.
    async fn remove(&self, person: &Person, caller: &Caller, lease: &LockLease<'_>) -> Result<(), ApiError> {
        let by = caller.name();
        let profile = self.profiles.find(&person.sub).await?;
        // A day ahead: no token that may still be issued opens a live connection.
        lease.check()?;
        self.live.stop(person.sub.as_str(), self.clock.now().plus_seconds(DAY)).await?;
        lease.check()?;
        let now = self.clock.now();
        // A request that was interrupted after its tombstone has told of the deletion.
        let told = profile == StoredProfile::UserDeleted;
        let events = if told { Vec::new() } else { vec![event::deleted(person, &by, now)] };
        self.profiles.write_tombstone(&person.sub, now, self.events.with(&events)).await?;
        let deleted = match lease.check() {
            Ok(()) => self.pool.delete(&person.username).await,
            Err(error) => Err(error.into()),
        };
        let Err(error) = deleted else { return Ok(()) };
        // Cognito refused, so the user certainly still exists and keeps the profile.
        if error.is_refusal() {
            let events = [event::kept(&person.sub, &by, self.clock.now())];
            match &profile {
                StoredProfile::Present(record) => self.profiles.restore(record, self.events.with(&events)).await?,
                StoredProfile::Absent(_) | StoredProfile::UserDeleted => self.events.put_all(&events).await?,
            }
        }
        Err(error.into())
    }
}
