//! Profiles: what users write about themselves.

use crate::domain::settings::Group;
use crate::domain::text::{Lines, unfit};
use crate::domain::{FieldError, Timestamp};
use crate::id::Sub;

/// Maximum length of `name` and `organisation` in characters.
const MAX_LENGTH: usize = 100;

/// The part of a profile that the user, or an admin, can write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// The full name; at most 100 characters.
    pub name: String,
    /// The phone number in E.164 form, or empty.
    pub phone: String,
    /// The organisation the user works for; at most 100 characters.
    pub organisation: String,
    /// Preferences of the apps; Weir does not interpret them.
    pub preferences: Group,
}

impl Profile {
    /// Checks the profile, except its preferences, which are already checked.
    ///
    /// # Errors
    /// Every violated rule, with the pointer to the field.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        for (at, text) in [("/name", &self.name), ("/organisation", &self.organisation)] {
            refused.extend(unfit(text, MAX_LENGTH, Lines::One).map(|detail| FieldError::new(at, detail)));
        }
        if !self.phone.is_empty() && !is_phone(&self.phone) {
            refused.push(FieldError::new("/phone", "must be a number such as +431234567 (E.164), or empty"));
        }
        if refused.is_empty() { Ok(self) } else { Err(refused) }
    }
}

/// ITU-T E.164: a plus sign and 3 to 15 digits, the first of which is not zero.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// A stored profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRecord {
    /// The user's id.
    pub sub: Sub,
    /// The content.
    pub profile: Profile,
    /// Counts the changes from 1; it continues when a profile is deleted and written again.
    pub version: u64,
    /// When the profile was first written.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
    /// The e-mail address or name of the person who changed it last.
    pub updated_by: String,
}

impl ProfileRecord {
    /// A new profile; `before` is the last version of a deleted one, or 0.
    pub fn new(sub: Sub, profile: Profile, before: u64, by: String, at: Timestamp) -> Self {
        Self { sub, profile, version: before + 1, created_at: at, updated_at: at, updated_by: by }
    }

    /// The next version, with this content.
    pub fn rewritten(&self, profile: Profile, by: String, at: Timestamp) -> Self {
        Self { profile, version: self.version + 1, updated_at: at, updated_by: by, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_refused_field_by_field() {
        let good = Profile { name: "Ann".into(), phone: "+4312345".into(), ..Profile::default() };
        assert_eq!(good.clone().checked(), Ok(good));
        let bad =
            Profile { name: "x".repeat(101), phone: "012".into(), organisation: "a\nb".into(), ..Profile::default() };
        let pointers: Vec<_> = bad.checked().unwrap_err().into_iter().map(|invalid| invalid.pointer).collect();
        assert_eq!(pointers, ["/name", "/organisation", "/phone"]);
    }

    #[test]
    fn a_phone_number_is_e164() {
        for (text, good) in [
            ("+431", true),
            ("+431234567890123", true),
            ("+4312345678901234", false),
            ("+0431", false),
            ("431", false),
            ("+43 1", false),
            ("+", false),
        ] {
            assert_eq!(is_phone(text), good, "{text}");
        }
    }
}
