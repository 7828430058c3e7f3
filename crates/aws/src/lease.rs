//! The lock lease of a delivery: a row is an outbox, and the process that delivers it holds the lease in the row, so that attempts
//! never overlap. An attempt without an answer leaves its lease to expire, so that a late request cannot arrive after a newer one.

use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::ReturnValue::AllNew;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::AwsError;
use super::device::token;
use super::row::Item;

/// How long a lease lasts, in seconds. An attempt makes at most 7 requests to AWS IoT of at most 2 s each, so the last one has
/// 16 s to arrive or be lost. Work that takes longer (certificates take up to 14 s) acquires the
/// lease again afterwards.
pub const LEASE_SECONDS: i64 = 30;
/// When to try again after AWS IoT refused an attempt, in seconds.
pub const RETRY_SECONDS: i64 = 60;
/// Maximum rounds of one delivery when the row changes meanwhile; after that the sweep continues.
pub const MAX_ROUNDS: usize = 6;
/// Maximum concurrent deliveries of a sweep.
pub const CONCURRENT: usize = 10;

/// Identifies the holder of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseToken(String);

impl LeaseToken {
    /// A unique token.
    pub fn random() -> Self {
        Self(token())
    }

    /// The token of the holder who lends the lease to another function.
    pub fn lent(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The outcome of a conditional update.
pub(super) enum Update {
    /// The row after it.
    Done(Item),
    /// The condition does not hold; the row is unchanged.
    Refused(Item),
}

/// Changes a row if the condition holds.
pub(super) async fn update_if(
    client: &Client,
    table: &str,
    operation: &'static str,
    key: Item,
    change: &str,
    condition: &str,
    values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Result<Update, AwsError> {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let sent = client
        .update_item()
        .table_name(table)
        .set_key(Some(key))
        .update_expression(change)
        .condition_expression(condition)
        .set_expression_attribute_values(Some(values))
        .return_values(AllNew)
        .return_values_on_condition_check_failure(AllOld)
        .send()
        .await;
    match sent {
        Ok(changed) => Ok(Update::Done(changed.attributes.unwrap_or_default())),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Update::Refused(failed.item.clone().unwrap_or_default()))
            }
            _ => Err(AwsError::call(operation, error)),
        },
    }
}
