//! Prepares a job: gathers its devices in a thing group, page by page, and then creates the job in AWS IoT.
//!
//! The progress is in the row, which is written after each page on condition that it has not changed. So an attempt that is killed, or
//! runs out of time, is continued by the next one, and no device is counted twice.

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::device::{DeviceFilter, DeviceKey};
use weir_aws::event::WithEvents;
use weir_aws::iot_jobs::IotJobs;
use weir_aws::job::{StoredJob, Work};
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::device::Device;
use weir_core::domain::firmware::Firmware;
use weir_core::domain::job::{Gathered, Job, State, Target, event};
use weir_core::wire::job::document;

use super::Parts;
use super::work::{LOOK_SECONDS, RETRY_SECONDS};

/// Devices of a page.
const PAGE: usize = 50;
/// Devices that are added concurrently. AWS IoT accepts 100 a second.
const CONCURRENT: usize = 5;

impl Parts {
    /// Continues preparing a job, until it is created or has changed.
    pub(super) async fn prepare(&self, stored: StoredJob) -> Result<(), AwsError> {
        let group = self.iot.make_group(&stored.job.id).await?;
        let mut before = stored;
        loop {
            let (devices, next) = self.page(&before.job, before.work.position.as_deref()).await?;
            let page = self.gather(&before.job, &devices).await?;
            let gathered = before.job.gathered(page);
            let now = self.clock.now();
            if let Some(next) = next {
                let work = Work { position: Some(next), due: Some(now.plus_seconds(RETRY_SECONDS)) };
                if self.jobs.change(&before, &gathered, &work, WithEvents::NONE).await? == WriteOutcome::Overtaken {
                    // Somebody else goes on with it, or it was cancelled.
                    return Ok(());
                }
                let Some(read) = self.jobs.job(&before.job.id).await? else { return Ok(()) };
                if read.job.state != State::Preparing {
                    return Ok(());
                }
                before = read;
                continue;
            }
            return self.begin(&before, &gathered, &group).await;
        }
    }

    /// Creates the job in AWS IoT, once all its devices are gathered.
    async fn begin(&self, before: &StoredJob, gathered: &Job, group: &str) -> Result<(), AwsError> {
        // With no device it may still be there: a preparation that was interrupted made it, and its devices have the firmware by now.
        let made = gathered.devices == 0 && self.iot.find(&gathered.id).await?.is_some();
        let begun = gathered.begun(made, self.clock.now());
        let mut events = Vec::new();
        if made {
            tracing::info!(job = %begun.id, "the job was made before, and goes on");
        } else if begun.state == State::InProgress {
            let url = IotJobs::address_of(&self.bucket.file(&firmware_of(&begun)));
            self.iot.make(&begun, group, &document(&begun, &url).to_string()).await?;
        } else {
            events.push(event::ended(&before.job, &begun, None));
        }
        let now = self.clock.now();
        let due = if begun.state == State::InProgress { now.plus_seconds(LOOK_SECONDS) } else { now };
        let work = Work { position: None, due: Some(due) };
        // Overtaken: it was cancelled meanwhile, and whoever tidies up after that cancels it in AWS IoT too.
        self.jobs.change(before, &begun, &work, self.events.with(&events)).await.map(drop)
    }

    /// Adds those devices to the group of the job that get the firmware and have a thing.
    async fn gather(&self, job: &Job, devices: &[Device]) -> Result<Gathered, AwsError> {
        let add = async |device: &Device| {
            if job.takes(device).is_err() { Ok::<_, AwsError>(false) } else { self.iot.add(&job.id, &device.id).await }
        };
        let adds = devices.iter().map(add);
        let added: Vec<bool> = stream::iter(adds).buffer_unordered(CONCURRENT).try_collect().await?;
        let (devices, all) = (added.iter().filter(|added| **added).count() as u64, added.len() as u64);
        Ok(Gathered { devices, skipped: all - devices })
    }

    /// The next devices of the target, and where the page after them begins.
    async fn page(&self, job: &Job, position: Option<&str>) -> Result<(Vec<Device>, Option<String>), AwsError> {
        let corrupt = |error: serde_json::Error| AwsError::request("read where the gathering goes on", error);
        let tube = match &job.order.target {
            // A page of them at most, which the row has.
            Target::Devices(ids) => return Ok((self.devices.of_ids(ids).await?, None)),
            Target::Tube(tube) => Some(tube.to_string()),
            Target::All => None,
        };
        let filter = DeviceFilter { enabled: None, tube };
        let after: Option<DeviceKey> = position.map(serde_json::from_str).transpose().map_err(corrupt)?;
        let (devices, next) = self.devices.list(&filter, PAGE, after).await?;
        let next = next.map(|next| serde_json::to_string(&next)).transpose().map_err(corrupt)?;
        Ok((devices.into_iter().map(|(_, device)| device).collect(), next))
    }
}

/// The firmware of a job, with what the key of its file needs.
fn firmware_of(job: &Job) -> Firmware {
    Firmware {
        version: job.order.firmware,
        sha256: job.sha256.clone(),
        size: job.size,
        by: String::new(),
        created_at: job.created_at,
        uploaded_at: None,
    }
}
