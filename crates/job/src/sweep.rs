//! The sweep: does what is due.

use futures_util::{StreamExt, stream};
use weir_aws::AwsError;
use weir_core::id::FleetJobId;
use weir_runtime::Until;

use super::Parts;

/// Jobs of a sweep.
const MOST: i32 = 50;
/// Jobs that are handled concurrently. One that is being prepared makes several concurrent requests itself.
const CONCURRENT: usize = 4;

/// The result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Jobs that were handled.
    pub looked: usize,
    /// Those with something left that could not be done.
    pub failed: usize,
}

impl Parts {
    /// Handles the jobs that are due. Those for which there is no time stay due.
    ///
    /// # Errors
    /// When the due jobs cannot be read.
    pub(super) async fn sweep(&self, until: Until) -> Result<Sweep, AwsError> {
        let due = self.jobs.due(self.clock.now(), MOST);
        let due = until.finish(due).await.ok_or(AwsError::OutOfTime("sweep"))??;
        let look = async |id: &FleetJobId| until.finish(self.try_work(id)).await.unwrap_or(false);
        let looks = due.iter().map(look);
        let done: Vec<bool> = stream::iter(looks).buffer_unordered(CONCURRENT).collect().await;
        Ok(Sweep { looked: done.len(), failed: done.iter().filter(|done| !**done).count() })
    }
}
