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
    /// Cognito's word for it in small letters, where it is one of how far they have come.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Enabled | Self::Disabled => None,
            Self::Confirmed => Some("confirmed"),
            Self::Unconfirmed => Some("unconfirmed"),
            Self::ForceChangePassword => Some("force_change_password"),
            Self::ResetRequired => Some("reset_required"),
        }
    }

    /// Whether the person is one of these.
    pub fn is_of(self, person: &Person) -> bool {
        match self.word() {
            Some(word) => person.status == word,
            None => person.enabled == (self == Self::Enabled),
        }
    }

    /// The filter by which Cognito lists people of this status.
    pub fn filter(self) -> String {
        match self.word() {
            Some(word) => filter::equals("cognito:user_status", &word.to_ascii_uppercase()),
            None => filter::equals("status", if self == Self::Enabled { "Enabled" } else { "Disabled" }),
        }
    }
}
