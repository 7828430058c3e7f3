//! `PATCH /cognito/users/{username}`: changes a person.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use weir_aws::people::Held;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::people::guard::dethrones;
use weir_core::domain::settings::pointed;
use weir_core::id::Username;
use weir_core::wire::person::{PersonJson, RoleJson};
use weir_http::{Admin, ApiError, Audit, Caller, ETag, IfMatch, Merge, Path, from_value, version_of};

use super::Parts;
use super::body::{Change, ChangeBody};

/// Changes what the patch names. When it is broken off half-way, the same request again brings it to its end.
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
    expected: IfMatch,
    Merge(patch): Merge,
) -> Result<Response, ApiError> {
    let change = from_value::<ChangeBody>(without_null(patch)?)?.checked()?;
    let held = parts.lock.take().await?;
    let changed = parts.changed(&caller, &username, expected, &change, &held).await;
    held.give_back().await;
    let person = changed?;
    Ok((ETag(version_of(&person)), Json(person)).into_response())
}

impl Parts {
    async fn changed(
        &self,
        caller: &Caller,
        username: &Username,
        expected: IfMatch,
        change: &Change,
        held: &Held<'_>,
    ) -> Result<PersonJson, ApiError> {
        self.still_rules(caller).await?;
        let person = self.person(username, expected).await?;
        let before = PersonJson::of(&person);
        if change.is_empty() {
            return Ok(before);
        }
        if dethrones(&person, change.role, change.enabled) {
            self.may_go(&person).await?;
        }
        self.takeable(&person, change).await?;
        let audit = Audit::of(caller, "user.change", &person.sub);
        audit.begins(&told(change));
        let carried = self.carry_out(&person, change, held).await;
        carried.inspect_err(|_| audit.broken_off(&json!(before)))?;
        let after = match self.pool.find(&person.username).await {
            Ok(Some(after)) => PersonJson::of(&after),
            // It is done, whatever is known of it by now, and the log has to say so.
            unknown => {
                audit.done(&json!(before), &with(json!(before), told(change)));
                return Err(unknown.err().map_or_else(ApiError::not_found, ApiError::from));
            }
        };
        let mut now = json!(after);
        if let (Some(password), Some(now)) = (&change.password, now.as_object_mut()) {
            // That it was set, not what it is.
            now.insert("password".to_owned(), if password.permanent { "permanent" } else { "temporary" }.into());
        }
        audit.done(&json!(before), &now);
        Ok(after)
    }
}

/// The person as the change has left them, as far as the change itself tells.
fn with(mut before: Value, told: Value) -> Value {
    if let (Some(before), Value::Object(told)) = (before.as_object_mut(), told) {
        before.extend(told);
    }
    before
}

/// What is to be changed, as the log tells it.
fn told(change: &Change) -> Value {
    let Change { email, role, devices, enabled, password } = change;
    let told = json!({
        "email": email.as_ref().map(|(email, _)| email),
        "email_verified": email.as_ref().map(|(_, vouched)| vouched),
        "role": role.map(RoleJson::of),
        "devices": devices,
        "enabled": enabled,
        "password": password.as_ref().map(|password| if password.permanent { "permanent" } else { "temporary" }),
    });
    let fields = told.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// In a merge patch `null` takes a field away. Of these only the scope can be empty.
fn without_null(mut patch: Map<String, Value>) -> Result<Value, ApiError> {
    if let Some(devices) = patch.get_mut("devices").filter(|devices| devices.is_null()) {
        *devices = "".into();
    }
    let empty = patch.iter().filter(|(_, value)| value.is_null());
    let empty: Vec<_> =
        empty.map(|(name, _)| FieldError::new(format!("/{}", pointed(name)), "cannot be taken away")).collect();
    if empty.is_empty() { Ok(patch.into()) } else { Err(empty.into()) }
}
