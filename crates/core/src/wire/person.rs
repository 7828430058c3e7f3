//! A user of the user pool as JSON.

use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::access::Role;
use crate::domain::people::Person;
use crate::id::{Sub, Username};

/// A user of the user pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonJson {
    /// The user name in the pool.
    pub username: Username,
    /// Cognito's id of the user, which is also the key of the profile.
    pub sub: Sub,
    /// The e-mail address the user signs in with.
    pub email: Option<String>,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// Whether the user can sign in.
    pub enabled: bool,
    /// Cognito's status of the user in lower case, e.g. `confirmed` or `force_change_password`.
    pub status: String,
    /// The role; `null` when the user is in neither group.
    pub role: Option<Role>,
    /// The device scope as in the token: space-separated device ids, or `*`. Admins see every device regardless.
    pub devices: String,
    /// When the user was created.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// When Cognito last recorded a change of the user.
    #[serde(with = "super::time")]
    pub updated_at: Timestamp,
}

impl PersonJson {
    /// Shows the person.
    pub fn of(person: &Person) -> Self {
        Self {
            username: person.username.clone(),
            sub: person.sub.clone(),
            email: person.email.clone(),
            email_verified: person.email_verified,
            enabled: person.enabled,
            status: person.status.clone(),
            role: person.role,
            devices: person.devices.clone(),
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}
