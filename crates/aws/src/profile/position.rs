//! How far the sweep for orphans has got: a row of the table `users` like the leases, in no index.

use super::super::AwsError;
use super::super::row::s;
use super::{ProfileTable, TABLE};
use weir_core::id::Sub;

/// The key of the row. No user id contains a `#`.
const KEY: &str = "sweep#profiles";

impl ProfileTable {
    /// The last profile that the sweep has checked; `None` when it begins anew.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn sweep_position(&self) -> Result<Option<Sub>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("sub", s(KEY)).consistent_read(true);
        let item = request.send().await.map_err(|error| AwsError::call("GetItem users sweep", error))?.item;
        let after = item.and_then(|item| item.get("after").and_then(|after| after.as_s().ok()).cloned());
        after.map(|after| after.parse()).transpose().map_err(|bad| AwsError::corrupt(TABLE, KEY, bad))
    }

    /// Remembers the last profile that the sweep has checked; `None` for the end of the list.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn set_sweep_position(&self, after: Option<&Sub>) -> Result<(), AwsError> {
        let request = self.client.put_item().table_name(&self.name).item("sub", s(KEY));
        let request = match after {
            Some(after) => request.item("after", s(after.as_str())),
            None => request,
        };
        request.send().await.map(drop).map_err(|error| AwsError::call("PutItem users sweep", error))
    }
}
