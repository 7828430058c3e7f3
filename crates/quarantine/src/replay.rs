//! Replaying one entry.

use serde_json::Value;
use weir_aws::invoke::InvokeError;
use weir_aws::quarantine::{EntryWithPayload, StoredEntry};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Quarantined;
use weir_core::wire::replay;
use weir_http::ApiError;

use super::Parts;
use super::event::{self, Outcome};

/// Attempts to write how a replay ended while others replay the entry.
const ATTEMPTS: u32 = 5;

/// How a replay ended.
#[derive(Debug)]
pub(super) enum ReplayOutcome {
    /// Each value was stored, was a duplicate, or was refused and now has its own entry: these. The replayed entry is deleted.
    Accepted(Vec<Quarantined>),
    /// It was refused again. The entry stays, with the new reason.
    Refused(Box<StoredEntry>),
    /// The entry was deleted, or accepted by another replay, in the meantime.
    Gone,
}

/// Why the outcome of a replay is not known. The entry stays as it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    #[error("the function {0} accepts no replays")]
    UnknownFunction(String),
    #[error("the answer {0} of the function does not list quarantined entries")]
    UnexpectedAnswer(Value),
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Aws(error) | ReplayError::Invoke(InvokeError::Aws(error)) => error.into(),
            // A function that fails asks to be called again.
            ReplayError::Invoke(InvokeError::Failed { .. }) => ApiError::unavailable(error.to_string()),
            ReplayError::UnknownFunction(_) | ReplayError::UnexpectedAnswer(_) => ApiError::internal(error.to_string()),
        }
    }
}

impl Parts {
    /// Sends the message to its function, and then updates or deletes the entry according to the answer.
    ///
    /// Nothing is written before the function has answered. Two concurrent replays have the same result as one: the second
    /// message is a duplicate.
    pub(super) async fn replay(
        &self,
        stored: &EntryWithPayload,
        by: Option<&str>,
    ) -> Result<ReplayOutcome, ReplayError> {
        let entry = &stored.entry;
        let function = match entry.function.as_str() {
            "calibration" => &self.functions.calibration,
            "organizer" => &self.functions.organizer,
            "twin" => &self.functions.twin,
            other => return Err(ReplayError::UnknownFunction(other.to_owned())),
        };
        let event = replay::event(&entry.id, &entry.topic, entry.received_at, &stored.payload);
        let answer = self.invoker.invoke(function, &event).await?;
        let quarantined = replay::quarantined(&answer).ok_or(ReplayError::UnexpectedAnswer(answer))?;
        let own = quarantined.iter().find(|part| part.id == entry.id.as_str());
        let outcome = own.map_or(Outcome::Accepted, |own| Outcome::Refused(&own.refusal));
        let mut entry = entry.clone();
        let mut attempts = Attempts::new("quarantine", &stored.entry.id, ATTEMPTS);
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            let events = [event::of(&entry, outcome, by, now)];
            let events = self.events.with(&events);
            let written = match outcome {
                Outcome::Refused(refusal) => self.quarantine.record_refusal(&entry, refusal, now, events).await?,
                Outcome::Accepted | Outcome::Deleted => self.quarantine.delete(&entry, events).await?,
            };
            // Another replay was refused, or accepted, or the entry was deleted meanwhile.
            let now_stored = match (written, outcome) {
                (WriteOutcome::Done, Outcome::Accepted | Outcome::Deleted) => None,
                _ => self.quarantine.get(&entry.id).await?,
            };
            match (written, now_stored, outcome) {
                (WriteOutcome::Overtaken, Some(found), _) => entry = found.entry,
                (WriteOutcome::Done, Some(found), _) => return Ok(ReplayOutcome::Refused(Box::new(found.entry))),
                (_, None, Outcome::Refused(_)) => return Ok(ReplayOutcome::Gone),
                (_, None, Outcome::Accepted | Outcome::Deleted) => break,
            }
        }
        tracing::info!(id = %entry.id, topic = entry.topic, parts = quarantined.len(), "replay accepted");
        Ok(ReplayOutcome::Accepted(quarantined))
    }
}
