//! The calls that add a person. The mark goes in with the first and comes off with the last.

use aws_sdk_cognitoidentityprovider::types::{DeliveryMediumType, MessageActionType};

use super::error::failed;
use super::{ADDING, Account, DEVICES, Pool, PoolError, account, attribute};
use crate::AwsError;
use crate::device::token;
use weir_core::domain::Timestamp;
use weir_core::domain::people::Person;
use weir_core::domain::people::mark::Mark;
use weir_core::id::Username;

/// Whom to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The address, in lower case.
    pub email: String,
    /// The device scope.
    pub devices: String,
    /// The first password, which they have to change; Cognito makes one otherwise.
    pub temporary: Option<String>,
}

impl Pool {
    /// A mark for an adding that begins now.
    pub fn mark(&self, now: Timestamp) -> Mark {
        Mark::new(token(), now)
    }

    /// Makes the user, marked as half-made, without a word to anybody.
    ///
    /// # Errors
    /// When there is one with that address, half-made ones among them; when Cognito does not take what is wished; when it
    /// does not answer.
    pub async fn create(&self, wish: &Wish, mark: &Mark) -> Result<Account, PoolError> {
        let request = self
            .client
            .admin_create_user()
            .user_pool_id(&self.id)
            .username(&wish.email)
            .user_attributes(attribute("email", &wish.email)?)
            .user_attributes(attribute("email_verified", "true")?)
            .user_attributes(attribute(DEVICES, &wish.devices)?)
            .user_attributes(attribute(ADDING, mark.text())?)
            .set_temporary_password(wish.temporary.clone())
            .message_action(MessageActionType::Suppress);
        let made = request.send().await.map_err(|error| failed("AdminCreateUser", error))?;
        let nobody = || PoolError::Aws(AwsError::corrupt("user pool", &wish.email, "made, but not described"));
        account(&made.user.ok_or_else(nobody)?)
    }

    /// Sends the invitation with a first password of Cognito's making.
    ///
    /// # Errors
    /// When it cannot be sent, or Cognito does not answer.
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

    /// Takes the mark off: the person is whole.
    ///
    /// # Errors
    /// When there is no such user any more, or Cognito does not answer.
    pub async fn unmark(&self, username: &Username) -> Result<(), PoolError> {
        // A blank value deletes an attribute (API reference of AdminUpdateUserAttributes).
        self.set_attributes(username, vec![attribute(ADDING, "")?]).await
    }

    /// Deletes the user; that there is none is as good.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub async fn delete(&self, person: &Person) -> Result<(), PoolError> {
        let request = self.client.admin_delete_user().user_pool_id(&self.id).username(person.username.as_str());
        match request.send().await.map_err(|error| failed("AdminDeleteUser", error)) {
            Ok(_) | Err(PoolError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
