//! The user pool: which users exist and what they may do. The only module that calls Cognito.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::operation::admin_get_user::AdminGetUserOutput;
use aws_sdk_cognitoidentityprovider::primitives::DateTime;
use aws_sdk_cognitoidentityprovider::types::{AttributeType, UserType};
use futures_util::future::try_join;

use super::AwsError;
use crate::config::variable;
use weir_core::domain::Timestamp;
use weir_core::domain::people::Person;
use weir_core::domain::people::creation::CreationFlag;
use weir_core::id::{Sub, Username};

mod error;
mod list;
mod roles;
mod start;
mod write;

pub use error::PoolError;
pub use list::UserFilter;
pub use start::PoolSettings;
pub use write::{NewAccount, Password};

use error::failed;

/// The attribute with the device scope.
const DEVICES: &str = "custom:devices";
/// The attribute that flags users being created.
const CREATING: &str = "custom:adding";
/// Maximum number of users or groups in one answer of Cognito.
pub const MAX_PAGE: usize = 60;

/// The user pool.
#[derive(Debug, Clone)]
pub struct Pool {
    client: Client,
    id: String,
}

/// A user of the pool, complete or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user. The role is always `None`, because Cognito returns groups separately.
    pub person: Person,
    /// The flag of a user who is being created, or whose creation was interrupted.
    pub creating: Option<CreationFlag>,
    /// Whether the user signs in with one-time codes. Lists do not tell, and have `false`.
    pub mfa: bool,
}

/// A client of Cognito.
pub fn client(config: &SdkConfig) -> Client {
    let mut own = aws_sdk_cognitoidentityprovider::config::Builder::from(config);
    if let Some(url) = variable("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

impl Pool {
    /// The pool with this id.
    pub fn new(client: Client, id: impl Into<String>) -> Self {
        Self { client, id: id.into() }
    }

    /// Finds a complete user with the role, by user name, id or e-mail address: two requests at the same time. Users being
    /// created are not found.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub async fn find(&self, username: &Username) -> Result<Option<Person>, PoolError> {
        Ok(self.find_with_mfa(username).await?.map(|(person, _)| person))
    }

    /// The same, and whether the user signs in with one-time codes.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub async fn find_with_mfa(&self, username: &Username) -> Result<Option<(Person, bool)>, PoolError> {
        match try_join(self.get(username), self.role(username)).await {
            Ok((Account { person, creating: None, mfa }, role)) => Ok(Some((Person { role, ..person }, mfa))),
            Ok(_) | Err(PoolError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Finds a user by user name, id or e-mail address, including users being created. Does not read the role.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub async fn account(&self, username: &Username) -> Result<Option<Account>, PoolError> {
        match self.get(username).await {
            Ok(account) => Ok(Some(account)),
            Err(PoolError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the connection by reading a user who does not exist.
    pub async fn warm_up(&self) {
        let _ = self.client.admin_get_user().user_pool_id(&self.id).username("0").send().await;
    }

    async fn get(&self, username: &Username) -> Result<Account, PoolError> {
        let request = self.client.admin_get_user().user_pool_id(&self.id).username(username.as_str());
        request.send().await.map_err(|error| failed("AdminGetUser", error)).and_then(of_answer)
    }
}

fn of_answer(user: AdminGetUserOutput) -> Result<Account, PoolError> {
    let mfa = !user.user_mfa_setting_list().is_empty();
    let listed = UserType::builder()
        .username(user.username)
        .set_attributes(user.user_attributes)
        .enabled(user.enabled)
        .set_user_status(user.user_status)
        .set_user_create_date(user.user_create_date)
        .set_user_last_modified_date(user.user_last_modified_date);
    Ok(Account { mfa, ..account(&listed.build())? })
}

fn account(user: &UserType) -> Result<Account, PoolError> {
    let attribute = |name: &str| user.attributes().iter().find(|given| given.name() == name).and_then(|it| it.value());
    let corrupt =
        |detail: String| PoolError::Aws(AwsError::corrupt("user pool", user.username().unwrap_or("?"), detail));
    let username: Username = user.username().unwrap_or_default().parse().map_err(|bad| corrupt(format!("{bad}")))?;
    let sub: Sub = attribute("sub").unwrap_or_default().parse().map_err(|bad| corrupt(format!("{bad}")))?;
    let person = Person {
        username,
        sub,
        email: attribute("email").map(str::to_owned),
        email_verified: attribute("email_verified") == Some("true"),
        enabled: user.enabled(),
        status: user.user_status().map_or("unknown", |status| status.as_str()).to_ascii_lowercase(),
        role: None,
        devices: attribute(DEVICES).unwrap_or_default().to_owned(),
        created_at: instant(user.user_create_date()),
        updated_at: instant(user.user_last_modified_date()),
    };
    Ok(Account { person, creating: attribute(CREATING).and_then(CreationFlag::parse), mfa: false })
}

fn instant(at: Option<&DateTime>) -> Timestamp {
    Timestamp::from_millis(at.and_then(|at| at.to_millis().ok()).unwrap_or(0))
}

fn attribute(name: &str, value: impl Into<String>) -> Result<AttributeType, PoolError> {
    let built = AttributeType::builder().name(name).value(value).build();
    built.map_err(|error| PoolError::Aws(AwsError::request("attribute", error)))
}
