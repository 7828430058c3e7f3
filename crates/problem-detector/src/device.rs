//! Devices that are due for a check: those that may be silent, and those whose alerts were removed, so that open problems may have to
//! be ended.
//!
//! Such a device is in the index `watched` of the registry. One transaction sets when to check it next and writes its silence, so that
//! neither a killed function nor two concurrent ones can lose a device or report a silence twice. The last report of a device is read
//! from the time-series store only when the device is due, so its readings cost nothing more.

use futures_util::{StreamExt, stream};
use weir_aws::device::{DeviceDependency, Registration, Watch};
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::device::Device;
use weir_core::domain::problem::{DeviceSilence, Subject, Verdict, has_reason, judge_device_silence};
use weir_core::domain::reading::Series;
use weir_core::id::DeviceId;
use weir_runtime::Until;

use super::ProblemDetector;
use super::silence::{CONCURRENT, Swept};

impl ProblemDetector {
    /// Checks the devices that are due. What is not finished at `until` is left to the next sweep.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub(super) async fn sweep_devices(&self, until: Until) -> Result<Swept, AwsError> {
        let now = self.clock.now();
        let (mut swept, mut page) = (Swept::default(), None);
        loop {
            let due = until.finish(self.devices.due_for_look(now, page)).await.transpose()?;
            let Some(due) = due else { return Ok(Swept { more: true, ..swept }) };
            let look = async |(id, watch): (DeviceId, i64)| {
                let found = until.finish(self.look(&id, watch, now)).await?;
                Some(found.map_err(|error| tracing::error!(device = %id, %error, "not known whether it is silent")))
            };
            let devices = due.devices.clone();
            swept.add(stream::iter(devices.into_iter().map(look)).buffer_unordered(CONCURRENT).collect().await);
            if swept.more || due.is_last() {
                return Ok(swept);
            }
            page = Some(due);
        }
    }

    /// Checks one device: ends problems without an alert or `report_every`, judges its silence, and sets when to check next. Returns
    /// whether an open silence was written.
    async fn look(&self, id: &DeviceId, known: i64, now: Timestamp) -> Result<bool, AwsError> {
        let (device, version) = match self.devices.find(id).await? {
            Registration::Device(stored) => {
                let version = stored.device.versions.device;
                (Some(stored.device), version)
            }
            Registration::Deleted(versions) => (None, versions.device),
            Registration::None => return Ok(false),
        };
        let ended = self.problems.end_without_reason(id, |subject| has_reason(subject, device.as_ref()), now).await?;
        if ended > 0 {
            tracing::info!(device = %id, ended, "problems without a reason ended");
        }
        let watched = device.filter(|device| device.details.enabled).and_then(|device| {
            let report_every = device.details.report_every?;
            Some((device, report_every))
        });
        let Some((device, report_every)) = watched else {
            // Whatever somebody changes meanwhile sets it again.
            self.devices.watch(id, version, Watch { known, next: None }).await?;
            return Ok(false);
        };
        let last = self.last_report(&device, now).await?.max(device.created_at);
        let subject = Subject::Device(id.clone());
        let stored = self.problems.find(&subject).await?;
        let problem = stored.as_ref().map(|stored| &stored.problem);
        let silence = DeviceSilence { last, report_every, now }.after(problem);
        let verdict = judge_device_silence(problem, &silence);
        let watch = Watch { known, next: Some(silence.next_look().seconds()) };
        if verdict == Verdict::Unchanged {
            self.devices.watch(id, version, watch).await?;
            return Ok(false);
        }
        let dependency = DeviceDependency { devices: &self.devices, id, version, watch: Some(watch) };
        // One that was overtaken is still due.
        let written = self.problems.write_of_device(&subject, stored.as_ref(), &verdict, &dependency, now).await?;
        Ok(written == WriteOutcome::Done && silence.is_silent())
    }

    /// The instant of the newest reading of a device, its level included.
    async fn last_report(&self, device: &Device, now: Timestamp) -> Result<Timestamp, AwsError> {
        let series: Vec<Series> = device.details.series(&device.id).into_values().map(|(series, _)| series).collect();
        let latest = self.history.latest(&series, now).await?;
        // A reading may lie some minutes ahead of the clock.
        Ok(latest.into_iter().map(|reading| reading.at.min(now)).max().unwrap_or(Timestamp::from_millis(0)))
    }
}
