//! Messages of AWS IoT about jobs: two rules deliver each job, and each device of a job, that has ended.

use serde_json::Value;
use weir_core::domain::job::event;
use weir_core::wire::Envelope;
use weir_core::wire::job::{Told, told};
use weir_runtime::Retry;

use super::Parts;

impl Parts {
    /// Handles an event of a rule; returns what came of it.
    ///
    /// # Errors
    /// When it has to be delivered again: the tables do not answer, or the event is not one of the rules.
    pub(super) async fn told(&self, event: &Value) -> Result<&'static str, Retry> {
        let envelope = Envelope::open(event, self.clock.now());
        let told = told(&envelope.topic, &envelope.payload);
        let Some(told) = told.map_err(|why| {
            Retry::new(format!("the event is neither a request, nor a schedule's, nor of a job: {why}"))
        })?
        else {
            return Ok("ignored");
        };
        let (Told::Job(id, _) | Told::Device { job: id, .. }) = &told;
        // Jobs of other environments of the account are told here as well.
        let Some(stored) = self.jobs.job(id).await? else { return Ok("ignored") };
        match told {
            Told::Job(_, end) => {
                if !stored.job.state.is_open() {
                    return Ok("known");
                }
                let id = stored.job.id.clone();
                self.end(stored, &end).await?;
                self.try_work(&id).await;
                Ok("ended")
            }
            Told::Device { job, device, number, status, why, at } => {
                // AWS IoT's own instant: it is the same when it tells twice.
                let at = at.unwrap_or(envelope.received_at);
                let told = event::of_device(&device, &job, number, &status, why, at);
                self.events.put(&told).await?;
                Ok("told")
            }
        }
    }
}
