//! What is answered when the user pool does not do what it should: each thing a caller can cause is a problem of its own,
//! in words of our own.

use super::{ApiError, ErrorKind};
use weir_aws::people::PoolError;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::people::guard::Guarded;
use weir_core::domain::people::password::Rule;

/// The field of a body that holds a password.
const PASSWORD: &str = "/password/value";

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        let email = |kind, detail| Self::of_fields(kind, vec![FieldError::new("/email", detail)]);
        match error {
            PoolError::NotFound => Self::not_found(),
            PoolError::Exists => email(ErrorKind::UserExists, "a user with this address is there already"),
            PoolError::EmailTaken => email(ErrorKind::EmailTaken, "is the address of another user"),
            PoolError::Password(rules) => {
                let reused = rules.as_slice() == [Rule::Reused];
                let kind = if reused { ErrorKind::PasswordReused } else { ErrorKind::PasswordPolicy };
                Self::of_fields(kind, rules.iter().map(|rule| FieldError::new(PASSWORD, rule.detail())).collect())
            }
            PoolError::Undeliverable => email(ErrorKind::Undeliverable, "no invitation can be sent to this address"),
            PoolError::BadEmail => email(ErrorKind::Invalid, "is no address that the user pool takes"),
            PoolError::BadPlace => Self::bad_page(),
            PoolError::Aws(error) => error.into(),
        }
    }
}

impl From<Guarded> for ApiError {
    fn from(guarded: Guarded) -> Self {
        match guarded {
            Guarded::Oneself => Self::new(ErrorKind::SelfDelete, "ask another admin to delete you"),
            Guarded::LastAdmin => Self::new(
                ErrorKind::LastAdmin,
                "this is the last admin with a password of their own: make another first",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_password_names_each_rule_it_breaks() {
        let problem = ApiError::from(PoolError::Password(vec![Rule::Length, Rule::Digit]));
        assert_eq!(problem.kind(), ErrorKind::PasswordPolicy);
        let told: Vec<_> =
            problem.errors().iter().map(|error| (error.pointer.as_deref(), error.detail.as_str())).collect();
        let at = Some("/password/value");
        assert_eq!(told, [(at, "must have at least 12 characters"), (at, "must have a digit")]);
        assert_eq!(ApiError::from(PoolError::Password(vec![Rule::Reused])).kind(), ErrorKind::PasswordReused);
    }
}
