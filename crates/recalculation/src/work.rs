//! A job goes on, slice after slice, for a few seconds; then the next call does, woken by the row's last move.
//!
//! Each slice moves the row on condition of where it stood, so of two calls at one job only one goes on. Only the last
//! move of a call wakes another one. A call that is killed is delivered again with the same record, and begins with the
//! slice that the row says. Also when the job was ended meanwhile: of the slice that was under way some readings may be
//! replaced, and then what was kept of their hours and days is no longer right.

use weir_aws::AwsError;
use weir_aws::recalculation::RecalculationTable;
use weir_aws::time_series::{Span, TimeSeries};
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
        let Some(mut job) = self.jobs.get(series, id).await? else { return Ok(()) };
        match job.state {
            State::Running => {}
            State::Cancelled | State::Failed => return self.forget(&job).await,
            State::Waiting | State::Done => return Ok(()),
        }
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
        self.forget(job).await?;
        let now = self.clock.now();
        let failed = Job { state: State::Failed, reason: Some(reason), updated_at: now, ..job.clone() };
        self.jobs.advance(job, &failed, false, run).await.map(drop)
    }

    /// Makes invalid what is kept of the slice that the job has not gone beyond, for a call that was killed may have
    /// replaced readings of it, and nobody looks at them again for this job. As long again is looked at, since readings
    /// that came meanwhile may lie before those.
    async fn forget(&self, job: &Job) -> Result<(), AwsError> {
        if job.cursor >= job.to || matches!(self.store.as_ref(), TimeSeries::Timestream(_)) {
            return Ok(());
        }
        let (series, span) = (std::slice::from_ref(&job.series), Span { from: job.cursor, to: job.to });
        let found = self.history.points(series, span, None, self.slice.saturating_mul(2), self.clock.now()).await;
        let forgotten = match found {
            Ok(found) => self.store.replace(&found.items, &[], self.clock.as_ref()).await,
            Err(error) => Err(error),
        };
        match forgotten {
            Err(error) if error.is_temporary() => Err(error),
            // A slice that cannot be read could not be read by whoever was killed either.
            Err(error) => {
                tracing::error!(device = %job.series.device, sensor = %job.series.sensor, job = %job.id, %error, "not forgotten");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
