//! The next step of a job, which its row determines. Every step may be repeated, even concurrently.
//!
//! | state | next step |
//! |---|---|
//! | `PREPARING` | gather the devices, make the job in AWS IoT (`prepare`) |
//! | `IN_PROGRESS` | ask AWS IoT whether it has ended, in case its message was lost; cancel it after 30 days |
//! | ended | cancel it in AWS IoT if it was cancelled here, and remove its group |

use weir_aws::event::WithEvents;
use weir_aws::job::{StoredJob, Work};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::job::{End, State, event};
use weir_core::id::FleetJobId;

use super::Parts;

/// Maximum attempts of a change. Each failed one means that another change succeeded.
pub(super) const ATTEMPTS: u32 = 10;
/// How often AWS IoT is asked about a job that goes on, in seconds.
pub(super) const LOOK_SECONDS: i64 = 300;
/// How long after its end a job is cleaned up once more, in seconds: longer than the function may run. An invocation that was preparing
/// the job when it was cancelled may create it in AWS IoT after the first cleanup.
const AGAIN_SECONDS: i64 = 60;
/// How long to wait after a step that failed, in seconds.
pub(super) const RETRY_SECONDS: i64 = 60;
/// The detail of a job that was open for 30 days.
const OVER: &str = "it was open for 30 days";

impl Parts {
    /// Does the next step of a job; returns whether that succeeded. Errors are only logged: the row says what is left, and the sweep
    /// does it.
    pub(super) async fn try_work(&self, id: &FleetJobId) -> bool {
        match self.work(id).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(job = %id, %error, "the job is left to the next sweep");
                false
            }
        }
    }

    async fn work(&self, id: &FleetJobId) -> Result<(), AwsError> {
        let Some(stored) = self.jobs.job(id).await? else { return Ok(()) };
        if stored.work.due.is_none() {
            return Ok(());
        }
        match stored.job.state {
            State::Preparing if !stored.job.is_over(self.clock.now()) => self.prepare(stored).await,
            State::Preparing => {
                let ended = self.end(stored, &over()).await?;
                self.tidy(ended).await
            }
            State::InProgress => self.look(stored).await,
            State::Completed | State::Aborted | State::Cancelled => self.tidy(stored).await,
        }
    }

    /// Asks AWS IoT about a job that goes on.
    async fn look(&self, stored: StoredJob) -> Result<(), AwsError> {
        let now = self.clock.now();
        let found = self.iot.find(&stored.job.id).await?;
        // A job that AWS IoT does not know was deleted there.
        let gone = || End { state: State::Cancelled, detail: Some("it no longer exists in AWS IoT".to_owned()) };
        let over = stored.job.is_over(now).then(over);
        let end = found.map_or_else(|| Some(gone()), |found| found.end);
        match end.or(over) {
            Some(end) => {
                let ended = self.end(stored, &end).await?;
                self.tidy(ended).await
            }
            None => {
                let work = Work { due: Some(now.plus_seconds(LOOK_SECONDS)), ..stored.work.clone() };
                // Overtaken: somebody else has looked, or it has ended.
                self.jobs.change(&stored, &stored.job, &work, WithEvents::NONE).await.map(drop)
            }
        }
    }

    /// Records that a job has ended; returns the job after that.
    pub(super) async fn end(&self, stored: StoredJob, end: &End) -> Result<StoredJob, AwsError> {
        let id = stored.job.id.clone();
        let mut attempts = Attempts::new("jobs", &id, ATTEMPTS);
        let mut before = stored;
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            let Some(after) = before.job.ended(end, now) else { return Ok(before) };
            let events = [event::ended(&before.job, &after, None)];
            let work = Work { due: Some(now), ..before.work.clone() };
            let written = self.jobs.change(&before, &after, &work, self.events.with(&events)).await?;
            let Some(read) = self.jobs.job(&id).await? else { return Ok(before) };
            if written == WriteOutcome::Done {
                return Ok(read);
            }
            before = read;
        }
    }

    /// Cancels the job in AWS IoT, if it was cancelled here, and removes its group.
    async fn tidy(&self, stored: StoredJob) -> Result<(), AwsError> {
        let (job, now) = (&stored.job, self.clock.now());
        if job.state == State::Cancelled {
            self.iot.cancel(&job.id).await?;
        }
        self.iot.remove_group(&job.id).await?;
        let again = job.ended_at.map(|ended| ended.plus_seconds(AGAIN_SECONDS)).filter(|again| now < *again);
        let work = Work { due: again.filter(|_| job.state == State::Cancelled), ..stored.work.clone() };
        // Overtaken: somebody else has done it.
        self.jobs.change(&stored, job, &work, WithEvents::NONE).await.map(drop)
    }
}

/// The end of a job that was open for too long.
fn over() -> End {
    End { state: State::Cancelled, detail: Some(OVER.to_owned()) }
}
