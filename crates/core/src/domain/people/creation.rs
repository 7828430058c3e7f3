//! Users being created are flagged: the call that creates a user also sets the flag, and the last step removes it. A user
//! with the flag is therefore incomplete, and one without it is complete.

use crate::domain::Timestamp;

/// How long a creation may take, in seconds: longer than a function may run (30 s), so that no request is still
/// creating a user whom another request removes as incomplete.
const SECONDS: i64 = 45;

/// The flag of a user who is being created, kept in the attribute `custom:adding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationFlag {
    token: String,
    until: Timestamp,
}

impl CreationFlag {
    /// The flag of a creation that begins at `now`. `token` must be unique.
    pub fn new(token: String, now: Timestamp) -> Self {
        Self { token, until: now.plus_seconds(SECONDS) }
    }

    /// Reads the attribute: the token, a space, and the expiry in milliseconds since the epoch (UTC). `None` when it is
    /// empty. A flag that cannot be read counts as expired.
    pub fn parse(text: &str) -> Option<Self> {
        let (token, until) = text.split_once(' ').unwrap_or((text, ""));
        let until = Timestamp::from_millis(until.parse().unwrap_or(0));
        (!text.is_empty()).then(|| Self { token: token.to_owned(), until })
    }

    /// The text of the attribute.
    pub fn text(&self) -> String {
        format!("{} {}", self.token, self.until.millis())
    }

    /// Until when the creation may be running.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether both flags belong to the same creation.
    pub fn is_same_creation(&self, other: &Self) -> bool {
        self.token == other.token
    }

    /// Whether the creation can no longer be running at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.until < now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_read_as_it_was_written_and_expires() {
        let now = Timestamp::from_millis(1_000);
        let flag = CreationFlag::new("t".into(), now);
        let read = CreationFlag::parse(&flag.text()).unwrap();
        assert_eq!(read, flag);
        assert!(!read.is_expired(now.plus_seconds(45)) && read.is_expired(now.plus_seconds(46)));
        assert!(read.is_same_creation(&flag) && !read.is_same_creation(&CreationFlag::new("u".into(), now)));
    }

    #[test]
    fn an_empty_text_is_no_flag_and_an_unreadable_one_is_expired() {
        assert_eq!(CreationFlag::parse(""), None);
        assert!(CreationFlag::parse("x").unwrap().is_expired(Timestamp::from_millis(1)));
    }
}
