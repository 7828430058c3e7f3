//! The sizes of the tables of a stack. DynamoDB updates them about every six hours; reading them costs nothing.

use aws_sdk_dynamodb::Client;

use super::AwsError;

const OPERATION: &str = "DescribeTable";

/// How large a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Number of rows.
    pub items: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Bytes of its indexes.
    pub index_bytes: u64,
}

/// Reads the sizes of tables.
#[derive(Debug, Clone)]
pub struct TableSizes {
    client: Client,
}

impl TableSizes {
    /// With this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The size of the table called `name`.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or there is no such table.
    pub async fn of(&self, name: &str) -> Result<Size, AwsError> {
        let answer = self.client.describe_table().table_name(name).send().await;
        let answer = answer.map_err(|error| AwsError::call(OPERATION, error))?;
        let table = answer.table.ok_or_else(|| AwsError::request(OPERATION, format!("nothing is said of {name}")))?;
        // A table that was made just now has not been counted.
        let number = |number: Option<i64>| u64::try_from(number.unwrap_or(0)).unwrap_or(0);
        let indexes = table.global_secondary_indexes();
        Ok(Size {
            items: number(table.item_count),
            bytes: number(table.table_size_bytes),
            index_bytes: indexes.iter().map(|index| number(index.index_size_bytes)).sum(),
        })
    }
}
