//! A person of the user pool as JSON.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::access::Role;
use crate::domain::people::Person;
use crate::id::{Sub, Username};

/// A role as JSON: the name of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RoleJson {
    /// May do everything.
    Admin,
    /// Works with the devices in scope.
    User,
}

impl From<RoleJson> for Role {
    fn from(role: RoleJson) -> Self {
        match role {
            RoleJson::Admin => Self::Admin,
            RoleJson::User => Self::User,
        }
    }
}

impl RoleJson {
    /// The role; none of a person who is in neither group.
    pub fn of(role: Role) -> Option<Self> {
        match role {
            Role::Admin => Some(Self::Admin),
            Role::User => Some(Self::User),
            Role::None => None,
        }
    }
}

/// A person of the user pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonJson {
    /// The name in the pool.
    pub username: Username,
    /// Cognito's id, the key of the profile.
    pub sub: Sub,
    /// The address they sign in with.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// Who is not enabled cannot sign in.
    pub enabled: bool,
    /// Cognito's word for how far they have come, in small letters, e.g. `confirmed`, `force_change_password`.
    pub status: String,
    /// The role; `null` of a person who is in neither group.
    pub role: Option<RoleJson>,
    /// The device scope as the token will say it: ids parted by blanks, or `*`. An admin sees every device all the same.
    pub devices: String,
    /// When they were added.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// When Cognito last noted a change.
    #[serde(with = "super::time")]
    pub updated_at: Timestamp,
}

impl PersonJson {
    /// The person as shown.
    pub fn of(person: &Person) -> Self {
        Self {
            username: person.username.clone(),
            sub: person.sub.clone(),
            email: person.email.clone(),
            email_verified: person.email_verified,
            enabled: person.enabled,
            status: person.status.clone(),
            role: RoleJson::of(person.role),
            devices: person.devices.clone(),
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}
