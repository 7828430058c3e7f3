//! A job goes on, slice after slice, for a few seconds; then the next call does, woken by the row's last move.
//!
//! Each slice moves the row on condition of where it stood, so of two calls at one job only one goes on. Only the last
//! move of a call wakes another one. A call that is killed is delivered again with the same record, and begins with the
//! slice that the row says.

use weir_core::aws::AwsError;
use weir_core::aws::recalculation::RecalculationTable;
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Job, State};
use weir_core::id::JobId;

use super::Parts;
use super::slice::{Sources, Stop};

/// So many readings make a slice: 40 requests to DynamoDB, or 10 to Timestream.
pub(super) const SLICE: usize = 1_000;
/// A call begins no slice later than this, in ms: a slice takes a second, and one that takes longer than the function
/// may run is broken off by whoever called.
const LONGEST: i64 = 8_000;

impl Parts {
    /// Goes on with the job as it stands now.
    ///
    /// # Errors
    /// When AWS fails for now: then the job goes on from where it stands when the record comes again.
    pub(super) async fn work(&self, series: &Series, id: &JobId) -> Result<(), AwsError> {
        let Some(mut job) = self.jobs.get(series, id).await?.filter(|job| job.state == State::Running) else {
            return Ok(());
        };
        let begun = self.clock.now();
        let run = RecalculationTable::new_id()?;
        let sources = match Sources::of(self, series).await {
            Ok(sources) => sources,
            Err(stop) => return self.stop(&job, stop, run.as_str()).await,
        };
        loop {
            let after = match self.slice(&job, &sources).await {
                Ok(after) => after,
                Err(stop) => return self.stop(&job, stop, run.as_str()).await,
            };
            let open = after.state.open();
            let late = self.clock.now().millis_since(begun) > LONGEST;
            if !self.jobs.advance(&job, &after, open && late, run.as_str()).await? || !open || late {
                return Ok(());
            }
            job = after;
        }
    }

    async fn stop(&self, job: &Job, stop: Stop, run: &str) -> Result<(), AwsError> {
        let reason = match stop {
            Stop::Aws(error) if error.is_temporary() => return Err(error),
            Stop::Aws(error) => {
                tracing::error!(device = %job.series.device, sensor = %job.series.sensor, job = %job.id, %error, "failed");
                "something that is stored cannot be used; the log says what".to_owned()
            }
            Stop::Gone(what) => what,
        };
        let now = self.clock.now();
        let failed = Job { state: State::Failed, reason: Some(reason), updated_at: now, ..job.clone() };
        self.jobs.advance(job, &failed, false, run).await.map(drop)
    }
}
