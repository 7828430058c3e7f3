//! The steps of a change, in an order in which breaking off anywhere does no harm: what can be refused comes first, and
//! nobody is ever without a role or with more rights than before or after: who is to be disabled is so before they get
//! anything, who is to be enabled after. Each may be repeated, so the same request again brings a change to its end that was
//! broken off.

use weir_aws::people::{Held, PoolError};
use weir_core::domain::access::Role;
use weir_core::domain::people::Person;
use weir_core::id::Username;
use weir_http::ApiError;

use super::Parts;
use super::body::Change;

impl Parts {
    /// Refuses what Cognito would refuse half-way: an address that is another user's.
    pub(super) async fn takeable(&self, person: &Person, change: &Change) -> Result<(), ApiError> {
        let Some((email, _)) = &change.email else { return Ok(()) };
        let named: Username = email.parse().map_err(|_| ApiError::not_found())?;
        match self.pool.account(&named).await? {
            Some(other) if other.person.sub != person.sub => Err(PoolError::EmailTaken.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Carries the change out.
    pub(super) async fn carry_out(&self, person: &Person, change: &Change, held: &Held<'_>) -> Result<(), ApiError> {
        let username = &person.username;
        if let Some(password) = &change.password {
            held.lasts()?;
            self.pool.set_password(username, password).await?;
        }
        let disabling = change.enabled == Some(false);
        let devices = change.devices.as_deref();
        let with_email = devices.filter(|_| !disabling);
        if change.email.is_some() || with_email.is_some() {
            held.lasts()?;
            let email = change.email.as_ref().map(|(email, vouched)| (email.as_str(), *vouched));
            self.pool.set_email_and_devices(username, email, with_email).await?;
        }
        if disabling {
            held.lasts()?;
            self.pool.disable(username).await?;
            if devices.is_some() {
                held.lasts()?;
                self.pool.set_email_and_devices(username, None, devices).await?;
            }
        }
        if let Some(role) = change.role {
            let old = if role == Role::Admin { Role::User } else { Role::Admin };
            // In between they are in both groups, which is an admin: what they were or what they are to be.
            held.lasts()?;
            self.pool.join(username, role).await?;
            held.lasts()?;
            self.pool.leave(username, old).await?;
        }
        if change.enabled == Some(true) {
            held.lasts()?;
            self.pool.enable(username).await?;
        }
        // After it, so that nobody signs in in between; and even if they were so before, for the sign-out may be what a
        // request that is repeated did not come to.
        if disabling || change.role.is_some_and(|role| role != Role::Admin) {
            held.lasts()?;
            self.pool.sign_out(username).await?;
        }
        Ok(())
    }
}
