//! The rows of people: their connections, whose number is bounded, and when they were signed out.

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::row::{n, s};
use super::super::{AwsError, WriteOutcome};
use super::{ALL, LiveTable, instant, key, outcome, texts};
use weir_core::domain::Timestamp;
use weir_core::domain::live::{CONNECTION_SECONDS, MOST_CONNECTIONS};

const ROW: &str = "person";
/// How long a sign-out is kept, in seconds: much longer than a token is valid or a connection lasts.
const STOPPED: i64 = 24 * 3_600;

impl LiveTable {
    /// Adds the connection to those of the person; overtaken when the person has [`MOST_CONNECTIONS`] already.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn count_in(&self, sub: &str, id: &str, now: Timestamp) -> Result<WriteOutcome, AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(&part(sub), ROW)))
            .update_expression("ADD connections :id SET expires_at = :expires")
            .condition_expression(
                "attribute_not_exists(connections) OR contains(connections, :one) OR size(connections) < :most",
            )
            .expression_attribute_values(":id", AttributeValue::Ss(vec![id.to_owned()]))
            .expression_attribute_values(":one", s(id))
            .expression_attribute_values(":most", n(MOST_CONNECTIONS))
            .expression_attribute_values(":expires", n(now.plus_seconds(2 * CONNECTION_SECONDS).seconds()))
            .send()
            .await;
        outcome(sent)
    }

    /// Removes connections from those of the person.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn count_out(&self, sub: &str, ids: &[String]) -> Result<(), AwsError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(&part(sub), ROW)))
            .update_expression("DELETE connections :ids")
            .condition_expression("attribute_exists(part)")
            .expression_attribute_values(":ids", AttributeValue::Ss(ids.to_vec()))
            .send()
            .await;
        outcome(sent).map(drop)
    }

    /// The ids of the person's connections; some may be gone.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn connections_of(&self, sub: &str) -> Result<Vec<String>, AwsError> {
        let item = self.get(&part(sub), ROW).await?;
        Ok(item.map(|item| texts(&item, "connections")).unwrap_or_default())
    }

    /// Records that the person was signed out, which invalidates everything that is based on tokens issued until now.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn stop(&self, sub: &str, now: Timestamp) -> Result<(), AwsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("part", s(ALL))
            .item("row", s(stopped(sub)))
            .item("at", n(now.millis()))
            .item("expires_at", n(now.seconds() + STOPPED));
        put.send().await.map(drop).map_err(|error| AwsError::call("PutItem live", error))
    }

    /// When the person was last signed out, if that was within a day.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn stopped_at(&self, sub: &str) -> Result<Option<Timestamp>, AwsError> {
        let item = self.get(ALL, &stopped(sub)).await?;
        Ok(item.and_then(|item| instant(&item, "at")))
    }
}

fn part(sub: &str) -> String {
    format!("person#{sub}")
}

fn stopped(sub: &str) -> String {
    format!("stopped#{sub}")
}
