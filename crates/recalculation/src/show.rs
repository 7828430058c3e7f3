//! A recalculation as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::domain::Timestamp;
use weir_core::domain::recalculation::{Job, State};
use weir_core::id::JobId;

/// How far a recalculation is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateJson {
    /// Until every function uses the newest calibration: the time that functions remember it, and half a minute.
    Waiting,
    /// Slice by slice.
    Running,
    /// To the end of its span.
    Done,
    /// Another one, over all that was left of it, began later.
    Cancelled,
    /// It cannot go on; `reason` says why.
    Failed,
}

/// A recalculation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecalculationJson {
    /// Its name.
    pub job: JobId,
    /// How far it is.
    pub state: StateJson,
    /// The first instant in its span.
    #[serde(with = "weir_core::wire::time")]
    pub from: Timestamp,
    /// The first instant after its span.
    #[serde(with = "weir_core::wire::time")]
    pub to: Timestamp,
    /// The first instant that is not done.
    #[serde(with = "weir_core::wire::time")]
    pub done_until: Timestamp,
    /// How many readings were looked at.
    pub seen: u64,
    /// How many have another calibration now. When work was cut off in the middle of a slice and done again, those that
    /// were changed the first time are not counted.
    pub changed: u64,
    /// How many have a raw number that the calibration in force refuses; they stay as they are.
    pub refused: u64,
    /// It begins not before this.
    #[serde(with = "weir_core::wire::time")]
    pub begins_at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// When.
    #[serde(with = "weir_core::wire::time")]
    pub created_at: Timestamp,
    /// When it last went on.
    #[serde(with = "weir_core::wire::time")]
    pub updated_at: Timestamp,
    /// Why it failed, or the first of what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RecalculationJson {
    /// The job as it is shown.
    pub(super) fn of(job: &Job) -> Self {
        let state = match job.state {
            State::Waiting => StateJson::Waiting,
            State::Running => StateJson::Running,
            State::Done => StateJson::Done,
            State::Cancelled => StateJson::Cancelled,
            State::Failed => StateJson::Failed,
        };
        Self {
            job: job.id.clone(),
            state,
            from: job.from,
            to: job.to,
            done_until: job.cursor,
            seen: job.count.seen,
            changed: job.count.changed,
            refused: job.count.refused,
            begins_at: job.begins_at,
            by: job.by.clone(),
            created_at: job.created_at,
            updated_at: job.updated_at,
            reason: job.reason.clone(),
        }
    }
}
