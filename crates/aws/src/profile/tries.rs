//! How often a person has tried claim codes: a row of the table `users` like the leases, in no index.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use super::super::AwsError;
use super::super::row::{n, s};
use super::ProfileTable;
use weir_core::domain::Timestamp;
use weir_core::domain::claim::{MOST_TRIES, TRIES_SECONDS};
use weir_core::id::Sub;

impl ProfileTable {
    /// Counts a try of this person; false when there were 10 in the hour that began with the first of them. Unsuccessful
    /// tries count too.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn count_try(&self, sub: &Sub, now: Timestamp) -> Result<bool, AwsError> {
        // Between the two requests another one may have begun a new hour.
        Ok(self.further_try(sub, now).await? || self.first_try(sub, now).await? || self.further_try(sub, now).await?)
    }

    async fn further_try(&self, sub: &Sub, now: Timestamp) -> Result<bool, AwsError> {
        let update = self
            .tries(sub)
            .update_expression("ADD tries :one")
            .condition_expression("begun > :before AND tries < :most")
            .expression_attribute_values(":before", n(now.plus_seconds(-TRIES_SECONDS).millis()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":most", n(MOST_TRIES));
        self.counted(update).await
    }

    async fn first_try(&self, sub: &Sub, now: Timestamp) -> Result<bool, AwsError> {
        let update = self
            .tries(sub)
            .update_expression("SET begun = :now, tries = :one, expires_at = :expires")
            .condition_expression("attribute_not_exists(begun) OR begun <= :before")
            .expression_attribute_values(":before", n(now.plus_seconds(-TRIES_SECONDS).millis()))
            .expression_attribute_values(":now", n(now.millis()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":expires", n(now.plus_seconds(2 * TRIES_SECONDS).seconds()));
        self.counted(update).await
    }

    fn tries(&self, sub: &Sub) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.name).key("sub", s(format!("tries#{sub}")))
    }

    async fn counted(
        &self,
        update: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    ) -> Result<bool, AwsError> {
        let Err(error) = update.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(AwsError::call("UpdateItem users tries", error)),
        }
    }
}
