//! The people: who they are, what may be done to them, and what they say about themselves.

pub mod email;
pub mod filter;
pub mod guard;
pub mod mark;
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
    /// The name in the pool: an id, where people sign in by e-mail.
    pub username: Username,
    /// Cognito's id, for ever the same.
    pub sub: Sub,
    /// The address they sign in with.
    pub email: Option<String>,
    /// Whether they have shown that the address is theirs, or an admin has vouched for it.
    pub email_verified: bool,
    /// Who is not enabled cannot sign in.
    pub enabled: bool,
    /// Cognito's word for how far they have come, in small letters: `confirmed`, `force_change_password` …
    pub status: String,
    /// The role that the groups give.
    pub role: Role,
    /// The device scope, as the attribute says it.
    pub devices: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// When Cognito last noted a change of them.
    pub updated_at: Timestamp,
}
