//! The status by which lists of users are filtered.

use serde::{Deserialize, Serialize};

use super::{Person, filter};

/// The status of a user: Cognito's `UserStatus`, or whether the user is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Not disabled by an admin.
    Enabled,
    /// Disabled by an admin: cannot sign in.
    Disabled,
    /// Has chosen a password.
    Confirmed,
    /// Has not confirmed the e-mail address.
    Unconfirmed,
    /// Has a temporary password.
    ForceChangePassword,
    /// Must request a new password before signing in.
    ResetRequired,
}

impl Status {
    /// The status as the API writes it: Cognito's `UserStatus` in lower case, or `enabled` and `disabled`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the person has this status.
    pub fn is_of(self, person: &Person) -> bool {
        match self {
            Self::Enabled => person.enabled,
            Self::Disabled => !person.enabled,
            Self::Confirmed | Self::Unconfirmed | Self::ForceChangePassword | Self::ResetRequired => {
                person.status == self.name()
            }
        }
    }

    /// The filter for Cognito's `ListUsers` that selects the users of this status.
    pub fn filter(self) -> String {
        match self {
            Self::Enabled => filter::equals("status", "Enabled"),
            Self::Disabled => filter::equals("status", "Disabled"),
            Self::Confirmed | Self::Unconfirmed | Self::ForceChangePassword | Self::ResetRequired => {
                filter::equals("cognito:user_status", &self.name().to_ascii_uppercase())
            }
        }
    }
}
