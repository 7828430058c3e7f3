//! What goes wrong between a function and AWS, told apart by what the caller can do about it.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use weir_runtime::Retry;

/// What AWS's services say with a 4xx when they only have too much to do.
const BUSY: [&str; 7] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// A call to AWS that did not do what it was for. Whoever called the function has to call again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AwsError {
    /// The call failed after the SDK's own retries; `detail` is for the log only.
    #[error("{operation}: {detail}")]
    Call {
        /// What was asked, e.g. `GetItem devices`.
        operation: &'static str,
        /// The SDK's account of it, with its causes.
        detail: String,
    },
    /// The service could not be reached, took too long, was busy or at fault itself, in all of the SDK's attempts: the
    /// same call may succeed later.
    #[error("{operation}: {detail}")]
    Unavailable {
        /// What was asked.
        operation: &'static str,
        /// The SDK's account of it, with its causes.
        detail: String,
    },
    /// A stored row cannot be understood.
    #[error("row {key} of {table}: {detail}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// The field and what is wrong with it.
        detail: String,
    },
    /// The row would be larger than DynamoDB takes: what is to be written has to become less.
    #[error("row {key} of {table} would have {bytes} bytes, more than DynamoDB takes")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// How large it would be.
        bytes: usize,
    },
    /// Others kept changing the row; the attempts are used up.
    #[error("row {key} of {table} was changed by others on every attempt")]
    Contended {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// The service took part of a batch and, asked again, would not take the rest.
    #[error("{operation}: {left} left over after all attempts")]
    Leftover {
        /// What was asked.
        operation: &'static str,
        /// How many items.
        left: usize,
    },
    /// There was no time left to do it, or to find out whether it was done.
    #[error("{0}: out of time")]
    Late(&'static str),
}

impl AwsError {
    pub(super) fn call<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let temporary = temporary(&error);
        let detail = DisplayErrorContext(error).to_string();
        if temporary { Self::Unavailable { operation, detail } } else { Self::Call { operation, detail } }
    }

    /// A call of which only the operation knows that it may succeed later.
    pub(super) fn unavailable<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        Self::Unavailable { operation, detail: DisplayErrorContext(error).to_string() }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Contended { .. } | Self::Leftover { .. } | Self::Late(_) => true,
            Self::Call { .. } | Self::Corrupt { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// A request that could not even be made: a field that the SDK wants is missing.
    pub(super) fn request(operation: &'static str, detail: impl ToString) -> Self {
        Self::Call { operation, detail: detail.to_string() }
    }

    pub(super) fn corrupt(table: &'static str, key: impl ToString, detail: impl ToString) -> Self {
        Self::Corrupt { table, key: key.to_string(), detail: detail.to_string() }
    }
}

impl From<AwsError> for Retry {
    fn from(error: AwsError) -> Self {
        Self::new(error)
    }
}

fn temporary<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let overloaded = |status: u16| status >= 500 || status == 429;
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(refusal) => {
            let code = refusal.err().code();
            overloaded(refusal.raw().status().as_u16()) || code.is_some_and(|code| BUSY.contains(&code))
        }
        // What cannot be sent now cannot be sent later; nor is anything known of what the SDK may add.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::get_item::GetItemError;

    fn refused(status: u16, code: &str) -> AwsError {
        let error = GetItemError::generic(ErrorMetadata::builder().code(code).build());
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        AwsError::call("GetItem devices", SdkError::service_error(error, response))
    }

    #[test]
    fn a_busy_service_is_told_from_a_wrong_request() {
        for (status, code, temporary) in [
            (400, "ProvisionedThroughputExceededException", true),
            (400, "ThrottlingException", true),
            (429, "Whatever", true),
            (500, "InternalServerError", true),
            (503, "", true),
            (400, "ValidationException", false),
            (400, "AccessDeniedException", false),
            (404, "ResourceNotFoundException", false),
        ] {
            let error = refused(status, code);
            assert_eq!(error.is_temporary(), temporary, "{status} {code}: {error}");
        }
        let timeout: SdkError<GetItemError, HttpResponse> = SdkError::timeout_error("too slow");
        assert!(AwsError::call("GetItem devices", timeout).is_temporary());
        let unbuilt: SdkError<GetItemError, HttpResponse> = SdkError::construction_failure("no key");
        assert!(!AwsError::call("GetItem devices", unbuilt).is_temporary());
    }

    #[test]
    fn what_others_hold_up_may_pass_and_what_is_corrupt_stays() {
        assert!(AwsError::Contended { table: "devices", key: "a".into() }.is_temporary());
        assert!(AwsError::Leftover { operation: "write", left: 1 }.is_temporary());
        assert!(!AwsError::corrupt("devices", "a", "no id").is_temporary());
        assert!(!AwsError::request("PutItem", "no table").is_temporary());
    }
}
