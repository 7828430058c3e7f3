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
use weir_http::{Admin, ApiError, Audit, Caller, ErrorKind, Merge, Path, PersonTag, Preconditions, from_value};

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
    Ok((PersonTag::of(&person), Json(person)).into_response())
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
        let person = self.person_to_change(username, conditions, change).await?;
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
        let planned = merged(json!(before), logged(change));
        let (by, now) = (caller.name(), self.clock.now());
        if let Some(event) = event::changed(&person.sub, &json!(before), &planned, &by, now) {
            self.events.put(&event).await?;
        }
        if let Err(error) = self.apply(&person, change, lease).await {
            audit.interrupted(&json!(before));
            if !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Internal) {
                self.tell_refused(&person, &planned, &by).await?;
            }
            return Err(error);
        }
        let after = match self.pool.find(&person.username).await {
            Ok(Some(after)) => PersonJson::of(&after),
            // The change is made, although its result is not known, and the log has to say so.
            unknown => {
                audit.done(&json!(before), &planned);
                return Err(unknown.err().map_or_else(ApiError::not_found, ApiError::from));
            }
        };
        let mut now = json!(after);
        if let (Some(password), Some(now)) = (&change.password, now.as_object_mut()) {
            // Logs that it was set, but not the password itself.
            now.insert("password".to_owned(), if password.permanent { "permanent" } else { "temporary" }.into());
        }
        audit.done(&json!(before), &now);
        Ok(after)
    }

    /// The person, if each field is as the caller expects it or has been changed by the same request, which was interrupted. That may
    /// have been the address by which the request names the person: then the tag in `If-Match` names them.
    async fn person_to_change(
        &self,
        username: &Username,
        conditions: &Preconditions,
        change: &Change,
    ) -> Result<Person, ApiError> {
        let admits = |person: &Person, given: &str| {
            let shown = PersonJson::of(person);
            PersonTag::of(&shown).admits(given, change.made(&shown))
        };
        if let Some(person) = self.pool.find(username).await? {
            conditions.check_tag(|given| admits(&person, given))?;
            return Ok(person);
        }
        let email = change.email.as_ref().and_then(|(email, _)| email.parse::<Username>().ok());
        let renamed = match email {
            Some(email) => self.pool.find(&email).await?,
            None => None,
        };
        let renamed = renamed.filter(|person| conditions.names(|given| admits(person, given)));
        renamed.ok_or_else(ApiError::not_found)
    }

    /// Writes the event of a change that the user pool has refused, so that the one before it is not believed.
    async fn tell_refused(&self, person: &Person, planned: &Value, by: &str) -> Result<(), ApiError> {
        let Some(actual) = self.pool.find(&person.username).await? else { return Ok(()) };
        let actual = json!(PersonJson::of(&actual));
        let event = event::refused(&person.sub, planned, &actual, by, self.clock.now());
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
