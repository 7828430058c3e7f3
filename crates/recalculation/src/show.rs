//! Recalculations as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::domain::Timestamp;
use weir_core::domain::recalculation::{Job, State};
use weir_core::id::JobId;

/// The state of a recalculation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateJson {
    /// It waits until every function uses the newest calibration: the time for which functions cache it, and half a minute.
    Waiting,
    /// It recalculates slice by slice.
    Running,
    /// It reached the end of its span.
    Done,
    /// A later recalculation, whose span includes the rest of this one, replaced it.
    Cancelled,
    /// It cannot continue; `reason` says why.
    Failed,
}

/// A recalculation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecalculationJson {
    /// Its id.
    pub job: JobId,
    /// The state.
    pub state: StateJson,
    /// The first instant of the span.
    #[serde(with = "weir_core::wire::time")]
    pub from: Timestamp,
    /// The first instant after the span.
    #[serde(with = "weir_core::wire::time")]
    pub to: Timestamp,
    /// The first instant that is not yet recalculated.
    #[serde(with = "weir_core::wire::time")]
    pub done_until: Timestamp,
    /// The number of readings read.
    pub seen: u64,
    /// The number of readings that have a newer calibration now. If a slice was cut off and repeated, the readings that were
    /// changed the first time are not counted.
    pub changed: u64,
    /// The number of readings whose raw number the calibration in force refuses; they stay as they are.
    pub refused: u64,
    /// The earliest time at which it begins.
    #[serde(with = "weir_core::wire::time")]
    pub begins_at: Timestamp,
    /// Who requested it.
    pub by: String,
    /// When it was requested.
    #[serde(with = "weir_core::wire::time")]
    pub created_at: Timestamp,
    /// When it last advanced.
    #[serde(with = "weir_core::wire::time")]
    pub updated_at: Timestamp,
    /// Why it failed, or the first refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RecalculationJson {
    /// The JSON of a job.
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
