//! By which status people are listed.

use serde::{Deserialize, Serialize};

use super::{Person, filter};

/// The status of a person in the user pool: Cognito's own words, and whether they are enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Can sign in, as far as the admins go.
    Enabled,
    /// Cannot sign in.
    Disabled,
    /// Has a password of their own.
    Confirmed,
    /// Has not confirmed the address.
    Unconfirmed,
    /// Has a temporary password.
    ForceChangePassword,
    /// Has to have a new password sent.
    ResetRequired,
}

impl Status {
    /// The status as the API writes it: Cognito's `UserStatus` in lower case, or `enabled` and `disabled`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Confirmed => "confirmed",
            Self::Unconfirmed => "unconfirmed",
            Self::ForceChangePassword => "force_change_password",
            Self::ResetRequired => "reset_required",
        }
    }

    /// Whether the person has this status.
    pub fn is_of(self, person: &Person) -> bool {
        match self {
            Self::Enabled => person.enabled,
            Self::Disabled => !person.enabled,
            Self::Confirmed | Self::Unconfirmed | Self::ForceChangePassword | Self::ResetRequired => {
                person.status == self.word()
            }
        }
    }

    /// The filter with which Cognito's `ListUsers` lists the users of this status.
    pub fn filter(self) -> String {
        match self {
            Self::Enabled => filter::equals("status", "Enabled"),
            Self::Disabled => filter::equals("status", "Disabled"),
            Self::Confirmed | Self::Unconfirmed | Self::ForceChangePassword | Self::ResetRequired => {
                filter::equals("cognito:user_status", &self.word().to_ascii_uppercase())
            }
        }
    }
}
