//! Devices that people add to their scope themselves: common parts of claiming a device and giving it back.
//!
//! The scope is in Cognito, so it changes under the lock for changes of people, as when an admin changes it. The token contains it,
//! so the person sees the device with the next token. The event of the change informs their live connections.

use serde_json::json;
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, FieldChange, Kind};
use weir_core::domain::people::Person;
use weir_core::id::{DeviceId, Sub, Username};
use weir_http::{ApiError, Caller};

use super::Parts;
use super::lock::LockLease;

/// The detail for a caller who sees every device.
pub(super) const SEES_ALL: &str = "you see every device already";

/// A scope before and after a change.
pub(super) struct ScopeChange {
    pub before: String,
    pub after: String,
}

impl Parts {
    /// The caller as the user pool has them now.
    pub(super) async fn caller_in_pool(&self, caller: &Caller) -> Result<Person, ApiError> {
        let username: Username = caller.username.parse().map_err(|_| ApiError::not_found())?;
        let person = self.pool.find(&username).await?;
        let person = person.filter(|person| person.sub.as_str() == caller.sub && person.enabled);
        person.ok_or_else(|| ApiError::forbidden("you can no longer sign in, although your token says so"))
    }

    /// Gives the person this scope.
    pub(super) async fn set_scope(&self, person: &Person, scope: &str, lease: &LockLease<'_>) -> Result<(), ApiError> {
        lease.check()?;
        Ok(self.pool.set_email_and_devices(&person.username, None, Some(scope)).await?)
    }

    /// The event of a person whose scope has changed, which informs their live connections.
    pub(super) fn scope_event(
        &self,
        sub: &Sub,
        key: &str,
        caller: &Caller,
        detail: &str,
        change: &ScopeChange,
        at: Timestamp,
    ) -> Event {
        let ScopeChange { before, after } = change;
        let change =
            FieldChange { pointer: "/devices".to_owned(), before: Some(json!(before)), after: Some(json!(after)) };
        let event = Event::new(None, Kind::People, &format!("{sub}-{key}"), at);
        event.by(caller.name()).target(sub).detail(detail).changes(vec![change])
    }
}

/// Whether somebody with this scope sees every device.
pub(super) fn is_all(scope: &str) -> bool {
    scope.split_whitespace().any(|word| word == "*")
}

/// Whether a scope names a device.
pub(super) fn has(scope: &str, device: &DeviceId) -> bool {
    scope.split_whitespace().any(|word| word == device.as_str())
}

/// The scope without a device.
pub(super) fn without(scope: &str, device: &DeviceId) -> String {
    scope.split_whitespace().filter(|word| *word != device.as_str()).collect::<Vec<_>>().join(" ")
}
