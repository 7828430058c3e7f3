//! People: users of the user pool, the changes that are allowed, and their profiles.

pub mod creation;
pub mod email;
pub mod filter;
pub mod guard;
pub mod orphan;
pub mod password;
pub mod profile;
pub mod scope;

mod status;

pub use status::Status;

use super::Timestamp;
use super::access::Role;
use crate::id::{Sub, Username};

/// A person in the user pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user name in the pool: an id made by Cognito, because users sign in with their e-mail address.
    pub username: Username,
    /// Cognito's id of the user (`sub`), which never changes.
    pub sub: Sub,
    /// The e-mail address the person signs in with.
    pub email: Option<String>,
    /// Whether the person has confirmed the address, or an admin has vouched for it.
    pub email_verified: bool,
    /// Whether the person can sign in.
    pub enabled: bool,
    /// Cognito's `UserStatus` in lower case, e.g. `confirmed` or `force_change_password`.
    pub status: String,
    /// The role; `None` when the person is in neither group.
    pub role: Option<Role>,
    /// The attribute `custom:devices`: space-separated device ids, or `*`.
    pub devices: String,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When Cognito last recorded a change of the user.
    pub updated_at: Timestamp,
}
