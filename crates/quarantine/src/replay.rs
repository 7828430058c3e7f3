//! One entry, delivered again.

use serde_json::Value;
use weir_aws::AwsError;
use weir_aws::invoke::Undone;
use weir_aws::quarantine::{Entry, Original};
use weir_core::domain::Kept;
use weir_core::wire::replay;
use weir_http::ApiError;

use super::Parts;

/// How a replay ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything it says is stored, was there already, or now stands in quarantine under ids of its own, these. The entry is
    /// gone.
    Accepted(Vec<Kept>),
    /// It was refused again. The entry stays, and is this now.
    Refused(Box<Entry>),
    /// Somebody else has deleted it, or replayed it, meanwhile.
    Gone,
}

/// Why nobody can say how it ended. The entry stays as it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error(transparent)]
    Undone(#[from] Undone),
    #[error("the function {0} takes no messages")]
    Nobody(String),
    #[error("the function answered {0}, which does not say what it set aside")]
    Silent(Value),
}

impl From<Failed> for ApiError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Aws(error) | Failed::Undone(Undone::Aws(error)) => error.into(),
            // It says "call again", and so do we.
            Failed::Undone(Undone::Failed { .. }) => ApiError::unavailable(failed.to_string()),
            Failed::Nobody(_) | Failed::Silent(_) => ApiError::internal(failed.to_string()),
        }
    }
}

impl Parts {
    /// Hands the message to its function and keeps or deletes the entry by what that answers.
    ///
    /// Nothing is done before the function has answered. Two replays at once are the same as one: the function knows the
    /// second message as a duplicate.
    pub(super) async fn replay(&self, original: &Original) -> Result<Outcome, Failed> {
        let entry = &original.entry;
        let function = match entry.function.as_str() {
            "calibration" => &self.functions.calibration,
            "organizer" => &self.functions.organizer,
            other => return Err(Failed::Nobody(other.to_owned())),
        };
        let event = replay::event(&entry.id, &entry.topic, entry.received_at, &original.payload);
        let answer = self.invoker.invoke(function, &event).await?;
        let kept = replay::kept(&answer).ok_or(Failed::Silent(answer))?;
        if let Some(own) = kept.iter().find(|kept| kept.id == entry.id.as_str()) {
            let refused = self.quarantine.refused(entry, &own.refusal, self.clock.now()).await?;
            return Ok(refused.map_or(Outcome::Gone, |entry| Outcome::Refused(Box::new(entry))));
        }
        self.quarantine.delete(&entry.id, None).await?;
        tracing::info!(id = %entry.id, topic = entry.topic, parts = kept.len(), "accepted after all");
        Ok(Outcome::Accepted(kept))
    }
}
