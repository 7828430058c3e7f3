//! The effect of a device's change on its problems: problems whose alert, sensor or device was removed or disabled end.
//!
//! The row of the device says that this is due, in the same write as the change. So the sweep of `problem-detector` completes
//! what a killed request left undone.

use weir_core::domain::device::Device;
use weir_core::domain::problem::has_reason;
use weir_core::id::DeviceId;

use super::Parts;

impl Parts {
    /// Ends the open problems that the device (`None` if it was deleted) no longer has an alert or `report_every` for. Errors are
    /// only logged: the sweep repeats this.
    pub(super) async fn end_problems(&self, id: &DeviceId, device: Option<&Device>) {
        let now = self.clock.now();
        match self.problems.end_without_reason(id, |subject| has_reason(subject, device), now).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(device = %id, ended, "problems without a reason ended"),
            Err(error) => tracing::warn!(device = %id, %error, "its problems are left to the sweep"),
        }
    }
}
