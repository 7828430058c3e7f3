//! The sweep: ends expired commands, and delivers what is pending.

use futures_util::{StreamExt, stream};
use weir_aws::AwsError;
use weir_aws::lease::CONCURRENT;
use weir_core::id::DeviceId;
use weir_runtime::Until;

use super::Parts;

/// The result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The number of devices for which nothing is pending any more.
    pub settled: usize,
    /// The number of devices for which something is pending.
    pub pending: usize,
}

impl Parts {
    /// Handles every device whose commands are due. Those for which there is no time stay due; an attempt that is interrupted
    /// counts as one without an answer.
    ///
    /// # Errors
    /// When the due devices cannot be read.
    pub(super) async fn sweep(&self, until: Until) -> Result<Sweep, AwsError> {
        let (mut sweep, mut page) = (Sweep::default(), None);
        loop {
            let due = self.commands.due(self.clock.now(), page);
            let due = until.finish(due).await.ok_or(AwsError::OutOfTime("sweep"))??;
            let look = async |device: &DeviceId| until.finish(self.look(device)).await.unwrap_or(false);
            let looks = due.devices.iter().map(look);
            let settled: Vec<bool> = stream::iter(looks).buffer_unordered(CONCURRENT).collect().await;
            let done = settled.iter().filter(|settled| **settled).count();
            sweep.settled += done;
            sweep.pending += settled.len() - done;
            if due.is_last() || until.is_over() {
                return Ok(sweep);
            }
            page = Some(due);
        }
    }

    /// Ends the expired commands of a device and delivers what is pending.
    async fn look(&self, device: &DeviceId) -> bool {
        match self.settled(device, self.clock.now()).await {
            Ok(_) => self.deliver(device).await,
            Err(error) => {
                tracing::error!(%device, %error, "the commands of the device cannot be looked at");
                false
            }
        }
    }
}
