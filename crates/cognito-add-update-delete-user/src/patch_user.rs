//! `PATCH /cognito/users/{username}`: changes a user.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use weir_core::domain::FieldError;
use weir_core::domain::people::Person;
use weir_core::domain::people::guard::removes_admin;
use weir_core::domain::settings::pointed;
use weir_core::id::Username;
use weir_core::wire::person::PersonJson;
use weir_http::{Admin, ApiError, Audit, Caller, ETag, Merge, Path, Preconditions, from_value, version_of};

use super::Parts;
use super::body::{Change, ChangeBody};
use super::event;
use super::lock::LockLease;

/// Changes the fields in the patch. If the change is interrupted, the same request completes it.
#[utoipa::path(
    patch, path = "/cognito/users/{username}", tag = "people",
    params(("username" = Username, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = ChangeBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = PersonJson, headers(("ETag" = String))))
)]
pub(super) async fn change_cognito_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(username): Path<Username>,
    conditions: Preconditions,
    Merge(patch): Merge,
) -> Result<Response, ApiError> {
    let change = from_value::<ChangeBody>(without_null(patch)?)?.checked()?;
    let lease = parts.lock.take().await?;
    let changed = parts.change_locked(&caller, &username, &conditions, &change, &lease).await;
    lease.release().await;
    let person = changed?;
    Ok((ETag(version_of(&person)), Json(person)).into_response())
}

impl Parts {
    async fn change_locked(
        &self,
        caller: &Caller,
        username: &Username,
        conditions: &Preconditions,
        change: &Change,
        lease: &LockLease<'_>,
    ) -> Result<PersonJson, ApiError> {
        self.require_active_admin(caller).await?;
        let person = self.person(username, conditions).await?;
        let before = PersonJson::of(&person);
        if change.is_empty() {
            return Ok(before);
        }
        if removes_admin(&person, change.role, change.enabled) {
            self.require_another_admin(&person).await?;
        }
        self.require_free_address(&person, change).await?;
        let audit = Audit::of(caller, "user.change", &person.sub);
        audit.begin(&logged(change));
        let applied = self.apply(&person, change, lease).await;
        applied.inspect_err(|_| audit.interrupted(&json!(before)))?;
        let after = match self.pool.find(&person.username).await {
            Ok(Some(after)) => PersonJson::of(&after),
            // The change is made, although its result is not known, and the log has to say so.
            unknown => {
                let after = merged(json!(before), logged(change));
                audit.done(&json!(before), &after);
                self.tell(&person, &json!(before), &after, change, caller).await?;
                return Err(unknown.err().map_or_else(ApiError::not_found, ApiError::from));
            }
        };
        let mut now = json!(after);
        if let (Some(password), Some(now)) = (&change.password, now.as_object_mut()) {
            // Logs that it was set, but not the password itself.
            now.insert("password".to_owned(), if password.permanent { "permanent" } else { "temporary" }.into());
        }
        audit.done(&json!(before), &now);
        self.tell(&person, &json!(before), &now, change, caller).await?;
        Ok(after)
    }

    /// Writes the event of a change that was made. If that fails, so does the request, and repeating it writes the event.
    async fn tell(
        &self,
        person: &Person,
        before: &Value,
        after: &Value,
        change: &Change,
        caller: &Caller,
    ) -> Result<(), ApiError> {
        let (by, now) = (caller.name(), self.clock.now());
        let event = event::changed(&person.sub, before, after, &logged(change), &by, now);
        self.events.put(&event).await?;
        Ok(())
    }
}

/// The user after the change, as far as the change itself determines it.
fn merged(mut before: Value, change: Value) -> Value {
    if let (Some(before), Value::Object(change)) = (before.as_object_mut(), change) {
        before.extend(change);
    }
    before
}

/// The change as it is logged.
fn logged(change: &Change) -> Value {
    let Change { email, role, devices, enabled, password } = change;
    let logged = json!({
        "email": email.as_ref().map(|(email, _)| email),
        "email_verified": email.as_ref().map(|(_, verified)| verified),
        "role": role,
        "devices": devices,
        "enabled": enabled,
        "password": password.as_ref().map(|password| if password.permanent { "permanent" } else { "temporary" }),
    });
    let fields = logged.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// In a merge patch `null` removes a field. Of these fields only the scope can be empty.
fn without_null(mut patch: Map<String, Value>) -> Result<Value, ApiError> {
    if let Some(devices) = patch.get_mut("devices").filter(|devices| devices.is_null()) {
        *devices = "".into();
    }
    let empty = patch.iter().filter(|(_, value)| value.is_null());
    let empty: Vec<_> =
        empty.map(|(name, _)| FieldError::new(format!("/{}", pointed(name)), "cannot be removed")).collect();
    if empty.is_empty() { Ok(patch.into()) } else { Err(empty.into()) }
}
