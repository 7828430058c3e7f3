//! What goes wrong between a function and AWS, told apart by what the caller can do about it.

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};

/// A call to AWS that did not do what it was for. Whoever called the function has to call again.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// The call failed after the SDK's own retries; `detail` is for the log only.
    #[error("{operation}: {detail}")]
    Call {
        /// What was asked, e.g. `GetItem devices`.
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
}

impl AwsError {
    pub(super) fn call<E, R>(operation: &'static str, error: SdkError<E, R>) -> Self
    where
        E: std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        Self::Call { operation, detail: DisplayErrorContext(error).to_string() }
    }

    /// A request that could not even be made: a field that the SDK wants is missing.
    pub(super) fn request(operation: &'static str, detail: impl ToString) -> Self {
        Self::Call { operation, detail: detail.to_string() }
    }

    pub(super) fn corrupt(table: &'static str, key: impl ToString, detail: impl ToString) -> Self {
        Self::Corrupt { table, key: key.to_string(), detail: detail.to_string() }
    }
}
