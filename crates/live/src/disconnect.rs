//! `$disconnect`: the rows of a connection are removed. Rows that an interrupted run leaves behind expire, or are removed when sending
//! to the connection fails.

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::AwsError;

use super::Parts;

/// Rows that are removed concurrently.
const CONCURRENT: usize = 8;

impl Parts {
    /// Removes the rows of the connection.
    ///
    /// # Errors
    /// When the table does not answer.
    pub(super) async fn disconnect(&self, id: &str) -> Result<(), AwsError> {
        let Some(connection) = self.live.connection(id).await? else { return Ok(()) };
        let unwatch = async |topic| self.live.unwatch(&topic, id).await;
        stream::iter(connection.topics).map(unwatch).buffer_unordered(CONCURRENT).try_collect::<()>().await?;
        self.live.count_out(&connection.session.sub, &[id.to_owned()]).await?;
        // Last: it names what is to be removed before.
        self.live.close(id).await
    }
}
