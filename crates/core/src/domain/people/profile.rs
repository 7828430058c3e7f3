//! What people say about themselves.

use crate::domain::Timestamp;
use crate::domain::calibration::FieldError;
use crate::domain::settings::Group;
use crate::id::Sub;

const LONGEST: usize = 100;

/// All that a person, or an admin for them, can write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// What they are called.
    pub name: String,
    /// Where they can be called, E.164; empty when they do not say.
    pub phone: String,
    /// For whom they work.
    pub organisation: String,
    /// What they prefer; what it means is the apps' business.
    pub preferences: Group,
}

impl Profile {
    /// Accepts the profile, whose preferences are checked already.
    ///
    /// # Errors
    /// Every rule that is broken, with the pointer to the field.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        for (at, text) in [("/name", &self.name), ("/organisation", &self.organisation)] {
            if text.chars().count() > LONGEST {
                refused.push(FieldError::new(at, format!("has more than {LONGEST} characters")));
            } else if text.chars().any(char::is_control) {
                refused.push(FieldError::new(at, "has control characters"));
            }
        }
        if !self.phone.is_empty() && !is_phone(&self.phone) {
            refused.push(FieldError::new("/phone", "must be a number such as +431234567 (E.164), or empty"));
        }
        if refused.is_empty() { Ok(self) } else { Err(refused) }
    }
}

/// ITU-T E.164: a plus sign and up to 15 digits, the first of them no zero.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// A profile as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Whose it is.
    pub sub: Sub,
    /// What it says.
    pub profile: Profile,
    /// Counts the changes; it goes on when a profile is deleted and written again.
    pub version: u64,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
}

impl Record {
    /// A new profile; `before` is the last version that stood there.
    pub fn new(sub: Sub, profile: Profile, before: u64, by: String, at: Timestamp) -> Self {
        Self { sub, profile, version: before + 1, created_at: at, updated_at: at, updated_by: by }
    }

    /// The next version of it.
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
    fn a_phone_number_is_e164_or_nothing() {
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
