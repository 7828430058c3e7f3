//! Leases: rows of the table `users` that one process holds until they expire. No user id contains a `#`, so the keys of
//! leases do.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::super::AwsError;
use super::super::row::{n, s};
use super::ProfileTable;
use weir_core::domain::Timestamp;

impl ProfileTable {
    /// Takes the lease `key` until `until`, if nobody holds it at `now`; returns whether it was taken. `token` names the
    /// holder: a request that was sent twice recognizes its own lease.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn take_lease(&self, key: &str, token: &str, now: Timestamp, until: Timestamp) -> Result<bool, AwsError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("sub", s(key))
            .item("token", s(token))
            .item("until", n(until.millis()))
            // A lease that is never released is deleted by the table itself, some time after it has expired.
            .item("expires_at", n(until.seconds()))
            .condition_expression("attribute_not_exists(#sub) OR #until < :now")
            .expression_attribute_names("#sub", "sub")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", n(now.millis()))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                // Taken by a first attempt whose answer was lost.
                Ok(failed.item().and_then(|item| item.get("token")) == Some(&s(token)))
            }
            _ => Err(AwsError::call("PutItem users lease", error)),
        }
    }

    /// Releases the lease `key` that `token` holds.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or somebody else holds the lease.
    pub async fn release_lease(&self, key: &str, token: &str) -> Result<(), AwsError> {
        let request = self.client.delete_item().table_name(&self.name).key("sub", s(key));
        let request = request.condition_expression("#token = :token");
        let request = request.expression_attribute_names("#token", "token");
        let request = request.expression_attribute_values(":token", s(token));
        request.send().await.map(drop).map_err(|error| AwsError::call("DeleteItem users lease", error))
    }
}
