//! Errors of the user pool. Cognito's own text goes to the log only.

use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};

use super::super::AwsError;
use weir_core::domain::people::password::Rule;

/// Why a request to the user pool failed.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// A user with this e-mail address already exists.
    #[error("the user already exists")]
    Exists,
    /// The e-mail address belongs to another user.
    #[error("the address belongs to another user")]
    EmailTaken,
    /// The password violates these rules.
    #[error("the password is refused: {0:?}")]
    Password(Vec<Rule>),
    /// The invitation cannot be sent to the e-mail address.
    #[error("the invitation cannot be sent")]
    Undeliverable,
    /// Cognito does not accept the e-mail address.
    #[error("Cognito does not accept the address")]
    BadEmail,
    /// The pagination token is invalid or has expired.
    #[error("the pagination token is invalid or has expired")]
    BadPageToken,
    /// An error that the caller did not cause.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl PoolError {
    /// Whether Cognito refused the request, so that nothing was changed. Otherwise the change may have been made.
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
            | Self::BadPageToken => true,
        }
    }
}

/// Converts an error of `operation` by its code (API reference of Cognito user pools).
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
    let known = match code {
        "UserNotFoundException" => Some(PoolError::NotFound),
        "UsernameExistsException" => Some(PoolError::Exists),
        "AliasExistsException" => Some(PoolError::EmailTaken),
        "InvalidPasswordException" => Some(PoolError::Password(Rule::of_refusal(&text))),
        "PasswordHistoryPolicyViolationException" => Some(PoolError::Password(vec![Rule::Reused])),
        "CodeDeliveryFailureException" => Some(PoolError::Undeliverable),
        "InvalidParameterException" => parameter(operation, &text.to_ascii_lowercase()),
        _ => None,
    };
    match known {
        Some(error) => {
            tracing::debug!(operation, code, text, "the user pool refused a request");
            error
        }
        None => AwsError::call(operation, error).into(),
    }
}

/// The meaning of `InvalidParameterException`. Only the text says which parameter; `None` when the caller cannot have caused it.
fn parameter(operation: &str, text: &str) -> Option<PoolError> {
    match operation {
        "ListUsers" | "ListUsersInGroup" if text.contains("token") => Some(PoolError::BadPageToken),
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

    fn error_of(operation: &'static str, status: u16, code: &str, text: &str) -> PoolError {
        let error = AdminCreateUserError::generic(ErrorMetadata::builder().code(code).message(text).build());
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        failed(operation, SdkError::service_error(error, response))
    }

    #[test]
    fn errors_that_a_caller_can_cause_have_a_variant() {
        let create = |code, text| error_of("AdminCreateUser", 400, code, text);
        assert!(matches!(create("UsernameExistsException", "User account already exists"), PoolError::Exists));
        assert!(matches!(create("AliasExistsException", "x"), PoolError::EmailTaken));
        assert!(matches!(create("UserNotFoundException", "User does not exist."), PoolError::NotFound));
        assert!(matches!(create("CodeDeliveryFailureException", "x"), PoolError::Undeliverable));
        assert!(matches!(create("InvalidParameterException", "FieldError email address format."), PoolError::BadEmail));
        let short =
            create("InvalidPasswordException", "Password did not conform with policy: Password not long enough");
        assert!(matches!(short, PoolError::Password(rules) if rules == [Rule::Length]));
        let list = error_of("ListUsers", 400, "InvalidParameterException", "FieldError pagination token.");
        assert!(matches!(list, PoolError::BadPageToken));
    }

    #[test]
    fn throttling_is_temporary_and_missing_rights_are_not() {
        for (status, code, temporary) in [
            (400, "TooManyRequestsException", true),
            (400, "LimitExceededException", true),
            (500, "InternalErrorException", true),
            (400, "NotAuthorizedException", false),
            (400, "ResourceNotFoundException", false),
            (400, "InvalidParameterException", false),
        ] {
            let PoolError::Aws(error) = error_of("AdminGetUser", status, code, "x") else { panic!("{code}") };
            assert_eq!(error.is_temporary(), temporary, "{code}");
            assert_eq!(PoolError::Aws(error).is_refusal(), !temporary, "{code}");
        }
    }
}
