//! Counts work that waits for functions that look for it each minute, with one bounded query of an index for each kind.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::Select;

use super::AwsError;
use super::keys::{FLEET_JOBS, JOBS, PENDING};
use super::row::s;
use weir_core::domain::system::Waiting;

/// Maximum rows that are counted. They contain only keys, so counting costs a read unit or two.
const MOST: i32 = 100;

/// The number of waiting items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many were counted.
    pub count: u64,
    /// Whether there are more.
    pub more: bool,
}

/// Counts waiting work.
#[derive(Debug, Clone)]
pub struct WaitingCounts {
    client: Client,
    /// The table `devices`.
    devices: String,
    /// The table `recalculations`.
    recalculations: String,
    /// The table `jobs`.
    jobs: String,
}

impl WaitingCounts {
    /// In the tables with these names: devices, recalculations and jobs.
    pub fn new(client: Client, [devices, recalculations, jobs]: [String; 3]) -> Self {
        Self { client, devices, recalculations, jobs }
    }

    /// The number of waiting items of this kind.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn of(&self, what: Waiting) -> Result<Count, AwsError> {
        let (table, index, attribute, partition) = match what {
            Waiting::Deliveries => (&self.devices, "pending", "pending", PENDING),
            Waiting::Recalculations => (&self.recalculations, "due", "open", JOBS),
            Waiting::Jobs => (&self.jobs, "due", "open", FLEET_JOBS),
        };
        let query = self.client.query().table_name(table).index_name(index).select(Select::Count).limit(MOST);
        let query = query
            .key_condition_expression("#p = :p")
            .expression_attribute_names("#p", attribute)
            .expression_attribute_values(":p", s(partition));
        let page = query.send().await.map_err(|error| AwsError::call("Query what waits", error))?;
        Ok(Count { count: u64::try_from(page.count).unwrap_or(0), more: page.last_evaluated_key.is_some() })
    }
}
