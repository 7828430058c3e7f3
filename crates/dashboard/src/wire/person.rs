//! People: `GET /cognito/users`.

use serde::Deserialize;
use weir_core::domain::access::Role;

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PersonJson {
    /// The user name in the pool.
    pub username: String,
    /// The id, which never changes.
    pub sub: String,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the person can sign in.
    pub enabled: bool,
    /// The status in Cognito: `confirmed`, `force_change_password`, …
    pub status: String,
    /// The role; absent when the person is in neither group.
    #[serde(default)]
    pub role: Option<Role>,
    /// The ids of the devices that the person may see, or `*`.
    pub devices: String,
    /// When the person was created.
    pub created_at: String,
}

impl PersonJson {
    /// The display name: the e-mail address, or else the user name.
    pub fn name(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.username)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn people_are_read_as_the_document_says() {
        holds::<PersonJson>("PersonJson");
    }
}
