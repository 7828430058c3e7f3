//! A problem of flow sensors as the API and the live feed show it.

use serde::{Deserialize, Serialize};

use crate::domain::problem::{End, Kind, Problem, Status, Subject};
use crate::id::LevelId;

/// A problem between two neighbouring flow sensors, or the silence of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FlowProblem))]
pub struct ProblemJson {
    /// The ids of both sensors, joined by `-` when they differ in length; for a silence, the sensor's id and `-silent`.
    #[cfg_attr(feature = "schema", schema(example = "0102"))]
    pub problem_id: String,
    #[allow(missing_docs, reason = "the type says it")]
    pub problem: KindJson,
    /// When this episode began, in seconds since the epoch.
    pub problem_time: i64,
    #[allow(missing_docs, reason = "the type says it")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FlowProblemKind))]
#[serde(rename_all = "UPPERCASE")]
pub enum KindJson {
    /// The following sensor is lower.
    Obstruction,
    /// The following sensor is higher.
    Problem,
    /// The sensor has reported nothing for too long.
    Silent,
}

/// The status of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FlowProblemStatus))]
#[serde(rename_all = "UPPERCASE")]
pub enum StatusJson {
    /// Open and not acknowledged.
    Unresolved,
    /// Open and acknowledged.
    Acknowledged,
    /// Over.
    Resolved,
}

impl ProblemJson {
    /// The JSON of a problem; `None` when it has no episode, which is never stored.
    pub fn of(subject: &Subject, problem: &Problem) -> Option<Self> {
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
