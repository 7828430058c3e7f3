//! Errors of calls to AWS, classified by what the caller can do about them.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use weir_runtime::Retry;

/// Error codes with a 4xx status that mean the service is only busy.
const BUSY: [&str; 7] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// A failed call to AWS.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AwsError {
    /// The service rejected the call, and will reject it again.
    #[error("{operation}: {detail}")]
    Call {
        /// The operation, e.g. `GetItem devices`.
        operation: &'static str,
        /// The SDK's error with its causes.
        detail: String,
    },
    /// The service could not be reached, timed out, was busy or had an internal error, in all of the SDK's attempts. The same
    /// call may succeed later.
    #[error("{operation}: {detail}")]
    Unavailable {
        /// The operation.
        operation: &'static str,
        /// The SDK's error with its causes.
        detail: String,
    },
    /// A stored row cannot be read.
    #[error("row {key} of {table}: {detail}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// The field and what is wrong with it.
        detail: String,
    },
    /// The row to write is larger than DynamoDB accepts.
    #[error("row {key} of {table} would have {bytes} bytes, more than DynamoDB accepts")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// The size of the row.
        bytes: usize,
    },
    /// Another writer changed the row during every attempt.
    #[error("row {key} of {table} was changed by another writer on every attempt")]
    Contended {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// The service processed only a part of a batch, in all attempts.
    #[error("{operation}: {left} items unprocessed after all attempts")]
    Leftover {
        /// The operation.
        operation: &'static str,
        /// The number of unprocessed items.
        left: usize,
    },
    /// There was not enough time left for the call, or to wait for its result.
    #[error("{0}: out of time")]
    OutOfTime(&'static str),
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

    /// A failed call that may succeed later, although its error code does not say so.
    pub(super) fn unavailable<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        Self::Unavailable { operation, detail: DisplayErrorContext(error).to_string() }
    }

    /// Whether the same call may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Contended { .. } | Self::Leftover { .. } | Self::OutOfTime(_) => true,
            Self::Call { .. } | Self::Corrupt { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// A request that could not be built, because a field is missing.
    pub fn request(operation: &'static str, detail: impl ToString) -> Self {
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
        // A request that cannot be built now cannot be built later; other variants are unknown.
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
    fn a_busy_service_is_temporary_and_a_wrong_request_is_not() {
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
    fn contention_is_temporary_and_corruption_is_not() {
        assert!(AwsError::Contended { table: "devices", key: "a".into() }.is_temporary());
        assert!(AwsError::Leftover { operation: "write", left: 1 }.is_temporary());
        assert!(!AwsError::corrupt("devices", "a", "no id").is_temporary());
        assert!(!AwsError::request("PutItem", "no table").is_temporary());
    }
}
