//! How errors of the user pool are answered. Each error that a caller can cause has a kind of its own.

use super::{ApiError, ErrorKind};
use weir_aws::people::PoolError;
use weir_core::domain::FieldError;
use weir_core::domain::people::guard::Guarded;
use weir_core::domain::people::password::Rule;

/// The pointer to a password in a body.
const PASSWORD: &str = "/password/value";

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        let email = |kind, detail| Self::of_fields(kind, vec![FieldError::new("/email", detail)]);
        match error {
            PoolError::NotFound => Self::not_found(),
            PoolError::Exists => email(ErrorKind::UserExists, "a user with this address already exists"),
            PoolError::EmailTaken => email(ErrorKind::EmailTaken, "belongs to another user"),
            PoolError::Password(rules) => {
                let reused = rules.as_slice() == [Rule::Reused];
                let kind = if reused { ErrorKind::PasswordReused } else { ErrorKind::PasswordPolicy };
                Self::of_fields(kind, rules.iter().map(|rule| FieldError::new(PASSWORD, rule.detail())).collect())
            }
            PoolError::Undeliverable => {
                email(ErrorKind::Undeliverable, "the invitation cannot be sent to this address")
            }
            PoolError::BadEmail => email(ErrorKind::Invalid, "the user pool does not accept this address"),
            PoolError::BadPageToken => Self::bad_page(),
            PoolError::Aws(error) => error.into(),
        }
    }
}

impl From<Guarded> for ApiError {
    fn from(guarded: Guarded) -> Self {
        match guarded {
            Guarded::SelfDelete => Self::new(ErrorKind::SelfDelete, "ask another admin to delete you"),
            Guarded::LastAdmin => Self::new(
                ErrorKind::LastAdmin,
                "this is the last admin with a password of their own: add another admin first",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_password_names_each_violated_rule() {
        let error = ApiError::from(PoolError::Password(vec![Rule::Length, Rule::Digit]));
        assert_eq!(error.kind(), ErrorKind::PasswordPolicy);
        let details: Vec<_> =
            error.errors().iter().map(|field| (field.pointer.as_deref(), field.detail.as_str())).collect();
        let at = Some("/password/value");
        assert_eq!(details, [(at, "must have at least 12 characters"), (at, "must have a digit")]);
        assert_eq!(ApiError::from(PoolError::Password(vec![Rule::Reused])).kind(), ErrorKind::PasswordReused);
    }
}
