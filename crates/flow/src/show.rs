//! The JSON of levels and problems.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_aws::level::LevelState;
use weir_aws::problem::StoredProblem;
use weir_core::domain::problem::{End, Kind, Status, Subject};
use weir_core::id::LevelId;

/// A flow sensor: its latest level and its recent measurements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Level)]
pub(super) struct LevelJson {
    pub id: LevelId,
    /// The latest level in percent, as text.
    #[schema(example = "100")]
    pub last_value: String,
    /// Seconds since the epoch.
    pub last_update: i64,
    /// The newest measurements, ascending.
    pub measurements: Vec<MeasurementJson>,
}

/// A level at an instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Measurement)]
pub(super) struct MeasurementJson {
    /// In percent, as text.
    #[schema(example = "72.5")]
    pub filling: String,
    /// Seconds since the epoch.
    pub dt: i64,
}

/// A problem between two neighbouring flow sensors, or the silence of one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowProblem)]
pub(super) struct ProblemJson {
    /// The ids of both sensors, joined by `-` when they differ in length; for a silence, the sensor's id and `-silent`.
    #[schema(example = "0102")]
    pub problem_id: String,
    pub problem: KindJson,
    /// When this episode began, in seconds since the epoch.
    pub problem_time: i64,
    pub problem_status: StatusJson,
    /// The sensor upstream, or the silent sensor.
    pub current: LevelId,
    /// The next sensor downstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<LevelId>,
    /// The level of `current` when the episode last changed, in percent, as text.
    pub current_value: String,
    /// The level of `following` at that time, in percent, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following_value: Option<String>,
    /// The time of the report that last changed the episode, in seconds since the epoch.
    pub updated_at: i64,
    /// The number of episodes, including this one.
    pub episodes: u32,
    /// The person who acknowledged this episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<i64>,
    /// The person who ended this episode; `auto` when it ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// The time of the report or of the person's change that ended it, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<i64>,
    /// The latest note, about this episode or an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The kind of a problem.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = FlowProblemKind)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum KindJson {
    /// The following sensor is lower.
    Obstruction,
    /// The following sensor is higher.
    Problem,
    /// The sensor has reported nothing for too long.
    Silent,
}

/// The status of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlowProblemStatus)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum StatusJson {
    /// Open and not acknowledged.
    Unresolved,
    /// Open and acknowledged.
    Acknowledged,
    /// Over.
    Resolved,
}

impl LevelJson {
    pub(super) fn of(id: LevelId, state: &LevelState) -> Self {
        let measurements = state.measurements.as_slice().iter();
        let last = state.measurements.last();
        Self {
            id,
            last_value: last.map(|last| last.level.to_string()).unwrap_or_default(),
            last_update: last.map_or(0, |last| last.at.seconds()),
            measurements: measurements
                .map(|m| MeasurementJson { filling: m.level.to_string(), dt: m.at.seconds() })
                .collect(),
        }
    }
}

impl ProblemJson {
    /// The JSON of a problem; `None` when it has no episode, which is never stored.
    pub(super) fn of(subject: &Subject, StoredProblem { problem, .. }: &StoredProblem) -> Option<Self> {
        let last = problem.last()?;
        let (current, following) = subject.sensors();
        let end = last.end.as_ref().map(End::shown);
        Some(Self {
            problem_id: subject.key(),
            problem: match last.kind {
                Kind::Obstruction => KindJson::Obstruction,
                Kind::Problem => KindJson::Problem,
                Kind::Silent => KindJson::Silent,
            },
            problem_time: last.began.seconds(),
            problem_status: match problem.status() {
                Status::Unresolved => StatusJson::Unresolved,
                Status::Acknowledged => StatusJson::Acknowledged,
                Status::Resolved => StatusJson::Resolved,
            },
            current: current.clone(),
            following: following.cloned(),
            current_value: last.current.to_string(),
            following_value: last.following.map(|level| level.to_string()),
            updated_at: last.changed_at.seconds(),
            episodes: problem.count(),
            acknowledged_by: problem.acknowledgement().map(|note| note.by.clone()),
            acknowledged_at: problem.acknowledgement().map(|note| note.at.seconds()),
            resolved_by: end.map(|(by, _)| by.to_owned()),
            resolved_at: end.map(|(_, at)| at.seconds()),
            note: problem.note.clone(),
        })
    }
}

impl From<StatusJson> for Status {
    fn from(status: StatusJson) -> Self {
        match status {
            StatusJson::Unresolved => Self::Unresolved,
            StatusJson::Acknowledged => Self::Acknowledged,
            StatusJson::Resolved => Self::Resolved,
        }
    }
}
