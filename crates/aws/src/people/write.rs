//! The calls that create, change and delete a user. All but `create` and `invite` may be repeated without a further effect.

use aws_sdk_cognitoidentityprovider::types::{AttributeType, DeliveryMediumType, MessageActionType};

use super::error::failed;
use super::{Account, CREATING, DEVICES, Pool, PoolError, account, attribute};
use crate::AwsError;
use weir_core::domain::access::Role;
use weir_core::domain::people::creation::CreationFlag;
use weir_core::id::Username;

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The e-mail address, in lower case.
    pub email: String,
    /// The device scope: space-separated device ids, or `*`.
    pub devices: String,
    /// The temporary password; Cognito generates one when it is `None`.
    pub temporary_password: Option<String>,
}

/// A password to be set.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// The password.
    pub value: String,
    /// Whether it is permanent. A temporary one must be changed at the next sign-in.
    pub permanent: bool,
}

impl std::fmt::Debug for Password {
    /// Leaves out the password, which must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Password(permanent: {})", self.permanent)
    }
}

impl Pool {
    /// Creates the user, flagged as being created, without sending a message.
    ///
    /// # Errors
    /// When a user with the address exists, complete or not; when Cognito refuses the address or the password; when it does
    /// not answer.
    pub async fn create(&self, new: &NewAccount, flag: &CreationFlag) -> Result<Account, PoolError> {
        let request = self
            .client
            .admin_create_user()
            .user_pool_id(&self.id)
            .username(&new.email)
            .user_attributes(attribute("email", &new.email)?)
            .user_attributes(attribute("email_verified", "true")?)
            .user_attributes(attribute(DEVICES, &new.devices)?)
            .user_attributes(attribute(CREATING, flag.text())?)
            .set_temporary_password(new.temporary_password.clone())
            .message_action(MessageActionType::Suppress);
        let created = request.send().await.map_err(|error| failed("AdminCreateUser", error))?;
        let missing = || PoolError::Aws(AwsError::corrupt("user pool", &new.email, "created, but not returned"));
        account(&created.user.ok_or_else(missing)?)
    }

    /// Sends the invitation, with a temporary password that Cognito generates.
    ///
    /// # Errors
    /// When the invitation cannot be sent, or Cognito does not answer.
    pub async fn invite(&self, email: &str) -> Result<(), PoolError> {
        let request = self
            .client
            .admin_create_user()
            .user_pool_id(&self.id)
            .username(email)
            .message_action(MessageActionType::Resend)
            .desired_delivery_mediums(DeliveryMediumType::Email);
        request.send().await.map(drop).map_err(|error| failed("AdminCreateUser", error))
    }

    /// Removes the flag of a user being created: the user is complete.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn remove_creation_flag(&self, username: &Username) -> Result<(), PoolError> {
        // An empty value deletes the attribute (API reference of `AdminUpdateUserAttributes`).
        self.set_attributes(username, vec![attribute(CREATING, "")?]).await
    }

    /// Deletes the user. A user who does not exist is no error.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub async fn delete(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_delete_user().user_pool_id(&self.id).username(username.as_str());
        match request.send().await.map_err(|error| failed("AdminDeleteUser", error)) {
            Ok(_) | Err(PoolError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sets the password.
    ///
    /// # Errors
    /// When it violates a rule of the pool, there is no such user, or Cognito does not answer.
    pub async fn set_password(&self, username: &Username, password: &Password) -> Result<(), PoolError> {
        let request = self.client.admin_set_user_password().user_pool_id(&self.id).username(username.as_str());
        let request = request.password(&password.value).permanent(password.permanent);
        request.send().await.map(drop).map_err(|error| failed("AdminSetUserPassword", error))
    }

    /// Sets the e-mail address, with whether it is verified, and the device scope. `None` leaves either as it is. An address
    /// that is not verified replaces the old one only when the user has confirmed it.
    ///
    /// # Errors
    /// When the address belongs to another user or is refused, there is no such user, or Cognito does not answer.
    pub async fn set_email_and_devices(
        &self,
        username: &Username,
        email: Option<(&str, bool)>,
        devices: Option<&str>,
    ) -> Result<(), PoolError> {
        let mut attributes = Vec::new();
        if let Some((email, verified)) = email {
            attributes.push(attribute("email", email)?);
            if verified {
                attributes.push(attribute("email_verified", "true")?);
            }
        }
        if let Some(devices) = devices {
            attributes.push(attribute(DEVICES, devices)?);
        }
        if attributes.is_empty() { Ok(()) } else { self.set_attributes(username, attributes).await }
    }

    /// Adds the user to the role's group.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn join(&self, username: &Username, role: Role) -> Result<(), PoolError> {
        let request = self.client.admin_add_user_to_group().user_pool_id(&self.id).username(username.as_str());
        request.group_name(role.name()).send().await.map(drop).map_err(|error| failed("AdminAddUserToGroup", error))
    }

    /// Removes the user from the role's group.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn leave(&self, username: &Username, role: Role) -> Result<(), PoolError> {
        let request = self.client.admin_remove_user_from_group().user_pool_id(&self.id).username(username.as_str());
        request
            .group_name(role.name())
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("AdminRemoveUserFromGroup", error))
    }

    /// Enables the user, who can then sign in.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn enable(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_enable_user().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map(drop).map_err(|error| failed("AdminEnableUser", error))
    }

    /// Disables the user, who can then no longer sign in.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn disable(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_disable_user().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map(drop).map_err(|error| failed("AdminDisableUser", error))
    }

    /// Signs the user out by revoking the refresh tokens. An ID token stays valid until it expires, at most 15 minutes later.
    ///
    /// # Errors
    /// When there is no such user, or Cognito does not answer.
    pub async fn sign_out(&self, username: &Username) -> Result<(), PoolError> {
        let request = self.client.admin_user_global_sign_out().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map(drop).map_err(|error| failed("AdminUserGlobalSignOut", error))
    }

    async fn set_attributes(&self, username: &Username, attributes: Vec<AttributeType>) -> Result<(), PoolError> {
        let request = self.client.admin_update_user_attributes().user_pool_id(&self.id).username(username.as_str());
        let request = request.set_user_attributes(Some(attributes));
        request.send().await.map(drop).map_err(|error| failed("AdminUpdateUserAttributes", error))
    }
}
