//! What is answered when the user pool does not do what it should: each thing a caller can cause is a problem of its own,
//! in words of our own.

use super::{Kind, Problem};
use weir_aws::people::PoolError;
use weir_core::domain::calibration::Invalid;
use weir_core::domain::people::guard::Guarded;
use weir_core::domain::people::password::Rule;

/// The field of a body that holds a password.
const PASSWORD: &str = "/password/value";

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        let email = |kind, detail| Self::of_fields(kind, vec![Invalid::new("/email", detail)]);
        match error {
            PoolError::NotFound => Self::not_found(),
            PoolError::Exists => email(Kind::UserExists, "a user with this address is there already"),
            PoolError::EmailTaken => email(Kind::EmailTaken, "is the address of another user"),
            PoolError::Password(rules) => {
                let reused = rules.as_slice() == [Rule::Reused];
                let kind = if reused { Kind::PasswordReused } else { Kind::PasswordPolicy };
                Self::of_fields(kind, rules.iter().map(|rule| Invalid::new(PASSWORD, rule.detail())).collect())
            }
            PoolError::Undeliverable => email(Kind::Undeliverable, "no invitation can be sent to this address"),
            PoolError::BadEmail => email(Kind::Invalid, "is no address that the user pool takes"),
            PoolError::BadPlace => Self::bad_page(),
            PoolError::Aws(error) => error.into(),
        }
    }
}

impl From<Guarded> for Problem {
    fn from(guarded: Guarded) -> Self {
        match guarded {
            Guarded::Oneself => Self::new(Kind::SelfDelete, "ask another admin to delete you"),
            Guarded::LastAdmin => {
                Self::new(Kind::LastAdmin, "this is the last admin with a password of their own: make another first")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_password_names_each_rule_it_breaks() {
        let problem = Problem::from(PoolError::Password(vec![Rule::Length, Rule::Digit]));
        assert_eq!(problem.kind(), Kind::PasswordPolicy);
        let told: Vec<_> =
            problem.errors().iter().map(|error| (error.pointer.as_deref(), error.detail.as_str())).collect();
        let at = Some("/password/value");
        assert_eq!(told, [(at, "must have at least 12 characters"), (at, "must have a digit")]);
        assert_eq!(Problem::from(PoolError::Password(vec![Rule::Reused])).kind(), Kind::PasswordReused);
    }
}
