//! What goes wrong with the user pool, told apart by who can do something about it. Cognito's own text goes to the log only.

use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};

use super::super::AwsError;
use weir_core::domain::people::password::Rule;

/// Why something was not done in the user pool.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// A user with that address is there already.
    #[error("there is such a user already")]
    Exists,
    /// The address is another user's.
    #[error("the address is another user's")]
    EmailTaken,
    /// The password breaks these rules.
    #[error("the password is refused: {0:?}")]
    Password(Vec<Rule>),
    /// The invitation cannot be sent to the address.
    #[error("the invitation cannot be sent")]
    Undeliverable,
    /// Cognito takes no address like this one.
    #[error("this is no address to Cognito")]
    BadEmail,
    /// The list does not go on there: the place is too old.
    #[error("the list does not go on there")]
    BadPlace,
    /// What nobody who asks can do anything about, or what may pass.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl PoolError {
    /// Whether nothing was done: Cognito said no. Otherwise it may be done, or still be under way.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Aws(AwsError::Call { .. }) => true,
            Self::Aws(_) => false,
            Self::NotFound
            | Self::Exists
            | Self::EmailTaken
            | Self::Password(_)
            | Self::Undeliverable
            | Self::BadEmail
            | Self::BadPlace => true,
        }
    }
}

/// What an operation's error means, by the code that Cognito's API reference lists for it.
pub(super) fn failed<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> PoolError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let (code, text) = match &error {
        SdkError::ServiceError(refusal) => {
            (refusal.err().code().unwrap_or_default(), refusal.err().message().unwrap_or_default().to_owned())
        }
        _ => ("", String::new()),
    };
    let meant = match code {
        "UserNotFoundException" => Some(PoolError::NotFound),
        "UsernameExistsException" => Some(PoolError::Exists),
        "AliasExistsException" => Some(PoolError::EmailTaken),
        "InvalidPasswordException" => Some(PoolError::Password(Rule::of_refusal(&text))),
        "PasswordHistoryPolicyViolationException" => Some(PoolError::Password(vec![Rule::Reused])),
        "CodeDeliveryFailureException" => Some(PoolError::Undeliverable),
        "InvalidParameterException" => parameter(operation, &text.to_ascii_lowercase()),
        _ => None,
    };
    match meant {
        Some(meant) => {
            tracing::debug!(operation, code, text, "the user pool refuses");
            meant
        }
        None => AwsError::call(operation, error).into(),
    }
}

/// A parameter that Cognito does not take. Which one only its text says; what a caller cannot have caused is ours.
fn parameter(operation: &str, text: &str) -> Option<PoolError> {
    match operation {
        "ListUsers" | "ListUsersInGroup" if text.contains("token") => Some(PoolError::BadPlace),
        "AdminCreateUser" | "AdminUpdateUserAttributes" | "AdminSetUserPassword" if text.contains("password") => {
            Some(PoolError::Password(vec![Rule::Other]))
        }
        "AdminCreateUser" | "AdminUpdateUserAttributes" if text.contains("email") => Some(PoolError::BadEmail),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cognitoidentityprovider::error::ErrorMetadata;
    use aws_sdk_cognitoidentityprovider::operation::admin_create_user::AdminCreateUserError;

    fn said(operation: &'static str, status: u16, code: &str, text: &str) -> PoolError {
        let error = AdminCreateUserError::generic(ErrorMetadata::builder().code(code).message(text).build());
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        failed(operation, SdkError::service_error(error, response))
    }

    #[test]
    fn every_error_that_a_caller_can_cause_is_known() {
        let create = |code, text| said("AdminCreateUser", 400, code, text);
        assert!(matches!(create("UsernameExistsException", "User account already exists"), PoolError::Exists));
        assert!(matches!(create("AliasExistsException", "x"), PoolError::EmailTaken));
        assert!(matches!(create("UserNotFoundException", "User does not exist."), PoolError::NotFound));
        assert!(matches!(create("CodeDeliveryFailureException", "x"), PoolError::Undeliverable));
        assert!(matches!(create("InvalidParameterException", "FieldError email address format."), PoolError::BadEmail));
        let short =
            create("InvalidPasswordException", "Password did not conform with policy: Password not long enough");
        assert!(matches!(short, PoolError::Password(rules) if rules == [Rule::Length]));
        let list = said("ListUsers", 400, "InvalidParameterException", "FieldError pagination token.");
        assert!(matches!(list, PoolError::BadPlace));
    }

    #[test]
    fn a_busy_pool_is_told_from_one_that_may_not_be_asked() {
        for (status, code, temporary) in [
            (400, "TooManyRequestsException", true),
            (400, "LimitExceededException", true),
            (500, "InternalErrorException", true),
            (400, "NotAuthorizedException", false),
            (400, "ResourceNotFoundException", false),
            (400, "InvalidParameterException", false),
        ] {
            let PoolError::Aws(error) = said("AdminGetUser", status, code, "x") else { panic!("{code}") };
            assert_eq!(error.is_temporary(), temporary, "{code}");
            assert_eq!(PoolError::Aws(error).is_refusal(), !temporary, "{code}");
        }
    }
}
