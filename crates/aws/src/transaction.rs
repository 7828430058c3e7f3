//! Transactions, and what it means when DynamoDB cancels one.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use super::{AwsError, WriteOutcome};

/// Why DynamoDB cancelled a transaction. The exception is the same for all of them, and the SDK retries none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancellation {
    /// A condition no longer holds, or another request is changing one of the rows at this moment.
    Overtaken,
    /// There is no capacity now; the same transaction may succeed later.
    Busy,
    /// The same transaction will never succeed.
    Wrong,
}

impl Cancellation {
    /// By the codes of its items (API reference of `TransactWriteItems`, "Cancellation reasons"). If there are
    /// several, `Overtaken` wins: the caller reads again in any case.
    fn of(reasons: &[CancellationReason]) -> Self {
        let any =
            |codes: [&str; 2]| reasons.iter().filter_map(|reason| reason.code()).any(|code| codes.contains(&code));
        if any(["ConditionalCheckFailed", "TransactionConflict"]) {
            Self::Overtaken
        } else if any(["ProvisionedThroughputExceeded", "ThrottlingError"]) {
            Self::Busy
        } else {
            Self::Wrong
        }
    }
}

/// Writes all of 1 to 100 items, or none. `operation` names the request in errors.
///
/// The SDK gives the transaction a token of its own, by which DynamoDB recognises it when the SDK sends it again.
///
/// # Errors
/// When DynamoDB does not take it: [`AwsError::Unavailable`] when it is only busy.
pub(crate) async fn transact(
    client: &Client,
    operation: &'static str,
    items: Vec<TransactWriteItem>,
) -> Result<WriteOutcome, AwsError> {
    let sent = client.transact_write_items().set_transact_items(Some(items)).send().await;
    let Err(error) = sent else { return Ok(WriteOutcome::Done) };
    let cancellation = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            Some(Cancellation::of(cancelled.cancellation_reasons()))
        }
        _ => None,
    };
    match cancellation {
        Some(Cancellation::Overtaken) => Ok(WriteOutcome::Overtaken),
        Some(Cancellation::Busy) => Err(AwsError::unavailable(operation, error)),
        Some(Cancellation::Wrong) | None => Err(AwsError::call(operation, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancellation_is_classified_by_the_codes_of_its_items() {
        for (codes, meaning) in [
            (&["None", "ConditionalCheckFailed"][..], Cancellation::Overtaken),
            (&["TransactionConflict"], Cancellation::Overtaken),
            (&["None", "ThrottlingError"], Cancellation::Busy),
            (&["ProvisionedThroughputExceeded", "None"], Cancellation::Busy),
            (&["ThrottlingError", "ConditionalCheckFailed"], Cancellation::Overtaken),
            (&["ValidationError"], Cancellation::Wrong),
            (&["ItemCollectionSizeLimitExceeded"], Cancellation::Wrong),
            (&[], Cancellation::Wrong),
        ] {
            let reason = |code: &&str| CancellationReason::builder().code(*code).build();
            let reasons: Vec<_> = codes.iter().map(reason).collect();
            assert_eq!(Cancellation::of(&reasons), meaning, "{codes:?}");
        }
    }
}
