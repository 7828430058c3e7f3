//! Judges the alerts that a change may affect, and writes the verdicts.

use weir_aws::device::{DeviceDependency, Registration};
use weir_aws::problem::StoredProblem;
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::alert::{self, Rule, judge_alert};
use weir_core::domain::device::Device;
use weir_core::domain::problem::{AlertKey, Subject, Verdict};
use weir_core::domain::reading::Series;

use super::Alert;

/// Attempts to judge an alert while others write its problem or its device.
const ATTEMPTS: u32 = 10;

/// An alert that changed readings may affect.
pub(super) struct Concern {
    /// The alert's problem.
    pub subject: Subject,
    /// As it was read.
    pub stored: Option<StoredProblem>,
    /// The first instant whose reading has changed; `None`: only the newest one is judged.
    pub from: Option<Timestamp>,
    /// How many readings have changed.
    pub changes: usize,
}

impl Alert {
    /// Judges these alerts of one series.
    pub(super) async fn judge(&self, of: &Series, concerned: Vec<Concern>) -> Result<(), AwsError> {
        for concern in concerned {
            self.judge_one(of, concern).await?;
        }
        Ok(())
    }

    /// Judges one alert by what is registered and stored now, and again when another writer was faster. The device is read
    /// consistently, and the write is on condition that it has not changed since: nothing is opened for an alert that was removed.
    async fn judge_one(&self, of: &Series, concern: Concern) -> Result<(), AwsError> {
        let Concern { subject, mut stored, from, changes } = concern;
        let mut attempts = Attempts::new("problems", &subject, ATTEMPTS);
        loop {
            attempts.next().await?;
            let Registration::Device(device) = self.devices.find(&of.device).await? else { return Ok(()) };
            let device = device.device;
            let Some((alert, unit, calibrated)) = active(&device, &subject) else { return Ok(()) };
            let problem = stored.as_ref().map(|stored| &stored.problem);
            let from = from.map(|from| alert::starts_at(problem, from));
            let timeline = self.timeline(of, from, alert::context(alert), changes, calibrated).await?;
            let Some(from) = timeline.from else { return Ok(()) };
            let verdict = judge_alert(problem, &Rule { alert, unit }, &timeline.points, from);
            if verdict == Verdict::Unchanged {
                return Ok(());
            }
            let version = device.versions.device;
            let dependency = DeviceDependency { devices: &self.devices, id: &of.device, version, watch: None };
            let now = self.clock.now();
            let written = self.problems.write_of_device(&subject, stored.as_ref(), &verdict, &dependency, now).await?;
            if written == WriteOutcome::Done {
                tracing::info!(problem = %subject, withdrawn = verdict == Verdict::Withdraw, "judged");
                return Ok(());
            }
            // The same request as for the batch: the role needs no further action for this rare case.
            stored = self.problems.rows([&subject]).await?.problem(&subject)?;
        }
    }
}

/// The alert of a subject with the unit of its sensor, and whether that has a calibration; `None` when it is not active.
fn active<'a>(device: &'a Device, subject: &Subject) -> Option<(&'a alert::Alert, &'a str, bool)> {
    let Subject::Alert(AlertKey { sensor, alert, .. }) = subject else { return None };
    let sensor = device.sensor(sensor).filter(|_| device.details.enabled)?;
    let alert = sensor.active_alerts().find(|known| known.id == *alert)?;
    Some((alert, &sensor.unit, sensor.calibrations.is_some()))
}
