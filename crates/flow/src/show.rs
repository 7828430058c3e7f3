//! How levels and problems are shown: the items of the tables, without what the functions keep for themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_aws::level::LevelState;
use weir_aws::problem::Stored;
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
    /// Epoch seconds.
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
    /// Epoch seconds.
    pub dt: i64,
}

/// A problem between two neighbouring flow sensors, or the silence of one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowProblem)]
pub(super) struct ProblemJson {
    /// The two sensors' ids one after the other, parted by `-` where they differ in length; of a silence the sensor's
    /// id and `-silent`.
    #[schema(example = "0102")]
    pub problem_id: String,
    pub problem: KindJson,
    /// Epoch seconds: when this episode began.
    pub problem_time: i64,
    pub problem_status: StatusJson,
    /// The sensor upstream, or the silent one.
    pub current: LevelId,
    /// The sensor after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<LevelId>,
    /// The level upstream when the episode last changed, in percent.
    pub current_value: String,
    /// The level after it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following_value: Option<String>,
    /// Epoch seconds of the report that last changed the episode.
    pub updated_at: i64,
    /// How many episodes there were, this one included.
    pub episodes: u32,
    /// Who has taken note of this episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// Epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<i64>,
    /// Who has ended this episode; `auto`: it ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// Epoch seconds: of the report that ended it, or of the person's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<i64>,
    /// The latest remark, whichever episode it was made about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What is wrong.
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

/// Where a problem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlowProblemStatus)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum StatusJson {
    /// Open, and nobody has taken note.
    Unresolved,
    /// Open, and somebody has.
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
    /// The problem as it is shown; `None` for one without an episode, which is never stored.
    pub(super) fn of(subject: &Subject, Stored { problem, .. }: &Stored) -> Option<Self> {
        let last = problem.last()?;
        let (current, following) = subject.sensors();
        let end = last.end.as_ref().map(End::told);
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
            acknowledged_by: problem.noticed().map(|note| note.by.clone()),
            acknowledged_at: problem.noticed().map(|note| note.at.seconds()),
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
