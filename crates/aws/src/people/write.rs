//! The calls that change a person. Each may be repeated: it leaves what it would leave the first time.

use aws_sdk_cognitoidentityprovider::types::AttributeType;

use super::error::failed;
use super::{DEVICES, Pool, PoolError, attribute};
use weir_core::domain::access::Role;
use weir_core::id::Username;

/// A password to be set.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// The password.
    pub value: String,
    /// Whether it stays; one that does not has to be changed when signing in.
    pub permanent: bool,
}

impl std::fmt::Debug for Password {
    /// Without the password, which has no business in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Password(permanent: {})", self.permanent)
    }
}

impl Pool {
    /// Sets the password.
    ///
    /// # Errors
    /// When it breaks a rule of the pool, there is no such user, or Cognito does not answer.
    pub async fn set_password(&self, username: &Username, password: &Password) -> Result<(), PoolError> {
        let request = self.client.admin_set_user_password().user_pool_id(&self.id).username(username.as_str());
        let request = request.password(&password.value).permanent(password.permanent);
        request.send().await.map(drop).map_err(|error| failed("AdminSetUserPassword", error))
    }

    /// Writes the address, and the scope, where they are given. An address that nobody vouches for counts only after its
    /// owner has confirmed it; until then the old one stays.
    ///
    /// # Errors
    /// When the address is another user's or none, there is no such user, or Cognito does not answer.
    pub async fn set_email_and_devices(
        &self,
        username: &Username,
        email: Option<(&str, bool)>,
        devices: Option<&str>,
    ) -> Result<(), PoolError> {
        let mut attributes = Vec::new();
        if let Some((email, vouched)) = email {
            attributes.push(attribute("email", email)?);
            if vouched {
                attributes.push(attribute("email_verified", "true")?);
            }
        }
        if let Some(devices) = devices {
            attributes.push(attribute(DEVICES, devices)?);
        }
        if attributes.is_empty() { Ok(()) } else { self.set_attributes(username, attributes).await }
    }

    /// Puts the person into the group of the role.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn join(&self, username: &Username, role: Role) -> Result<(), PoolError> {
        let Some(group) = role.name() else { return Ok(()) };
        let request = self.client.admin_add_user_to_group().user_pool_id(&self.id).username(username.as_str());
        request.group_name(group).send().await.map(drop).map_err(|error| failed("AdminAddUserToGroup", error))
    }

    /// Takes the person out of the group of the role.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn leave(&self, username: &Username, role: Role) -> Result<(), PoolError> {
        let Some(group) = role.name() else { return Ok(()) };
        let request = self.client.admin_remove_user_from_group().user_pool_id(&self.id).username(username.as_str());
        request.group_name(group).send().await.map(drop).map_err(|error| failed("AdminRemoveUserFromGroup", error))
    }

    /// Lets the person sign in again.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn enable(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_enable_user().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map(drop).map_err(|error| failed("AdminEnableUser", error))
    }

    /// Keeps the person from signing in.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn disable(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_disable_user().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map(drop).map_err(|error| failed("AdminDisableUser", error))
    }

    /// Revokes the person's refresh tokens: who is signed in stays so until their ID token runs out, 15 minutes at most.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn sign_out(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_user_global_sign_out().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map(drop).map_err(|error| failed("AdminUserGlobalSignOut", error))
    }

    pub(super) async fn set_attributes(
        &self,
        username: &Username,
        attributes: Vec<AttributeType>,
    ) -> Result<(), PoolError> {
        let request = self.client.admin_update_user_attributes().user_pool_id(&self.id).username(username.as_str());
        let request = request.set_user_attributes(Some(attributes));
        request.send().await.map(drop).map_err(|error| failed("AdminUpdateUserAttributes", error))
    }
}
