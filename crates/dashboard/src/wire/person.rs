//! People: `GET /cognito/users`.

use serde::Deserialize;
use weir_core::domain::access::Role;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PersonJson {
    /// The name in the user pool.
    pub username: String,
    /// The id, which stays the same for ever.
    pub sub: String,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the person can sign in.
    pub enabled: bool,
    /// Cognito's word for how far the person has come: `confirmed`, `force_change_password`, …
    pub status: String,
    /// The role; absent when the person is in neither group.
    #[serde(default)]
    pub role: Option<Role>,
    /// The ids of the devices that the person may see, or `*`.
    pub devices: String,
    /// When the person was added.
    pub created_at: String,
}

impl PersonJson {
    /// What the person is called on the page: the address, or the name in the pool.
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
