//! The steps of a change, in an order in which an interruption does no harm. Steps that can be refused come first. The user
//! never loses the role in between and never has more rights than before or after: disabling comes before new rights,
//! enabling after them. Each step may be repeated, so the same request completes an interrupted change.

use weir_aws::people::{Password, PoolError};
use weir_core::domain::access::Role;
use weir_core::domain::people::Person;
use weir_core::domain::people::password::Rule;
use weir_core::id::Username;
use weir_http::ApiError;

use super::Parts;
use super::body::Change;
use super::lock::LockLease;

impl Parts {
    /// Refuses an address that belongs to another user, which Cognito would refuse only after other steps were made.
    pub(super) async fn require_free_address(&self, person: &Person, change: &Change) -> Result<(), ApiError> {
        let Some((email, _)) = &change.email else { return Ok(()) };
        let named: Username = email.parse().map_err(|_| ApiError::not_found())?;
        match self.pool.account(&named).await? {
            Some(other) if other.person.sub != person.sub => Err(PoolError::EmailTaken.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Applies the change.
    pub(super) async fn apply(&self, person: &Person, change: &Change, lease: &LockLease<'_>) -> Result<(), ApiError> {
        let username = &person.username;
        if let Some(password) = &change.password {
            lease.check()?;
            self.set_password(person, password, lease).await?;
        }
        let disabling = change.enabled == Some(false);
        let devices = change.devices.as_deref();
        let with_email = devices.filter(|_| !disabling);
        if change.email.is_some() || with_email.is_some() {
            lease.check()?;
            let email = change.email.as_ref().map(|(email, verified)| (email.as_str(), *verified));
            self.pool.set_email_and_devices(username, email, with_email).await?;
        }
        if disabling {
            lease.check()?;
            self.pool.disable(username).await?;
            if devices.is_some() {
                lease.check()?;
                self.pool.set_email_and_devices(username, None, devices).await?;
            }
        }
        if let Some(role) = change.role {
            let old = if role == Role::Admin { Role::User } else { Role::Admin };
            // In between the user is in both groups and thus an admin, as before or after.
            lease.check()?;
            self.pool.join(username, role).await?;
            lease.check()?;
            self.pool.leave(username, old).await?;
        }
        if change.enabled == Some(true) {
            lease.check()?;
            self.pool.enable(username).await?;
        }
        // After the change, so that nobody signs in in between. Also when nothing differs from before: the sign-out may be
        // the step that an interrupted request did not reach.
        if change.ends_sessions() {
            self.end_sessions(person, lease).await?;
        }
        Ok(())
    }

    /// Signs the person out, and ends their live connections.
    async fn end_sessions(&self, person: &Person, lease: &LockLease<'_>) -> Result<(), ApiError> {
        lease.check()?;
        self.pool.sign_out(&person.username).await?;
        // After the sign-out: what rests on a token that was issued until now is stopped.
        self.live.stop(person.sub.as_str(), self.clock.now()).await?;
        Ok(())
    }

    /// Sets the password. A password that was used before may be the one that an interrupted request has set without
    /// reaching the sign-out, so the sign-out is repeated before the password is refused.
    async fn set_password(&self, person: &Person, password: &Password, lease: &LockLease<'_>) -> Result<(), ApiError> {
        let Err(error) = self.pool.set_password(&person.username, password).await else { return Ok(()) };
        if matches!(&error, PoolError::Password(rules) if rules.contains(&Rule::Reused)) {
            self.end_sessions(person, lease).await?;
        }
        Err(error.into())
    }
}
