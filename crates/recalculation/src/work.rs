//! Running a job: slice by slice for a few seconds; then the last update of the row invokes the function again.
//!
//! Each slice updates the row only if its cursor is unchanged, so of two concurrent invocations only one continues. Only the
//! last update of an invocation wakes the next one. After an invocation is killed, its record is delivered again, and the job
//! continues with the slice at its cursor. If the job was ended in the meantime, some readings of that slice may be replaced,
//! and their rollups have to be invalidated.

use weir_aws::recalculation::RecalculationTable;
use weir_aws::time_series::{Span, TimeSeries};
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Job, State};
use weir_core::id::JobId;

use super::Parts;
use super::slice::{Sources, Stop};

/// Readings per slice: 40 requests to DynamoDB, or 10 to Timestream.
pub(super) const SLICE: usize = 1_000;
/// No slice begins later than this in an invocation, in ms. A slice usually takes a second; one that exceeds the deadline is cut
/// off by the caller.
const LONGEST: i64 = 8_000;

impl Parts {
    /// Continues a job from its current state.
    ///
    /// # Errors
    /// When AWS fails temporarily: the job continues from its row when the record is delivered again.
    pub(super) async fn work(&self, series: &Series, id: &JobId) -> Result<(), AwsError> {
        let Some(mut job) = self.jobs.get(series, id).await? else { return Ok(()) };
        match job.state {
            State::Running => {}
            State::Cancelled | State::Failed => return self.invalidate_rollups(&job).await,
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
            let advanced = self.jobs.advance(&job, &after, open && late, run.as_str()).await?;
            if advanced == WriteOutcome::Overtaken || !open || late {
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
                "stored data is corrupt; the log has the details".to_owned()
            }
            Stop::Gone(what) => what,
        };
        self.invalidate_rollups(job).await?;
        let now = self.clock.now();
        let failed = Job { state: State::Failed, reason: Some(reason), updated_at: now, ..job.clone() };
        self.jobs.advance(job, &failed, false, run).await.map(drop)
    }

    /// Invalidates the rollups of the slice at the cursor: an invocation that was killed may have replaced readings of it, and
    /// this job does not process them again. It looks at twice the slice, since readings that were stored in the meantime may
    /// lie before those.
    async fn invalidate_rollups(&self, job: &Job) -> Result<(), AwsError> {
        if job.cursor >= job.to || matches!(self.store.as_ref(), TimeSeries::Timestream(_)) {
            return Ok(());
        }
        let (series, span) = (std::slice::from_ref(&job.series), Span { from: job.cursor, to: job.to });
        let found = self.history.points(series, span, None, self.slice.saturating_mul(2), self.clock.now()).await;
        let invalidated = match found {
            Ok(found) => self.store.replace(&found.items, &[], self.clock.as_ref()).await,
            Err(error) => Err(error),
        };
        match invalidated {
            Err(error) if error.is_temporary() => Err(error),
            // The invocation that was killed could not read this slice either.
            Err(error) => {
                tracing::error!(device = %job.series.device, sensor = %job.series.sensor, job = %job.id, %error, "rollups are not invalidated");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
