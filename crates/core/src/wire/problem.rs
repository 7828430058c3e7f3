//! A problem as the API and the live feed show it.

use serde::{Deserialize, Serialize};

use super::alert::SeverityJson;
use crate::domain::alert::Breach;
use crate::domain::problem::{End, Evidence, Kind, Problem, Status, Subject};
use crate::id::{AlertId, DeviceId, LevelId, SensorCode};

/// A problem between two neighbouring flow sensors, the silence of a flow sensor or a device, or readings that breach the limit of
/// an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FlowProblem))]
pub struct ProblemJson {
    /// For a pair of flow sensors their ids, joined by `-` when they differ in length; for a silent sensor its id and `-silent`; for
    /// an alert `device:sensor:alert`; for a silent device `device:silent`.
    #[cfg_attr(feature = "schema", schema(example = "0102"))]
    pub problem_id: String,
    #[allow(missing_docs, reason = "the type says it")]
    pub problem: KindJson,
    /// When this episode began, in seconds since the epoch.
    pub problem_time: i64,
    #[allow(missing_docs, reason = "the type says it")]
    pub problem_status: StatusJson,
    /// The flow sensor upstream, or the silent flow sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<LevelId>,
    /// The next sensor downstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<LevelId>,
    /// The level of `current` when the episode last changed, in percent, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_value: Option<String>,
    /// The level of `following` at that time, in percent, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following_value: Option<String>,
    /// The device of the alert, or the silent device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The sensor of the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<SensorCode>,
    /// The alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertId>,
    /// The value that opened the episode or, once it is over, that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit that was breached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// The unit of `value` and `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How urgent it is. Problems of flow sensors have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityJson>,
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
    /// The person who ended this episode; `auto` when it ended by itself, `removed` when its alert, sensor or device was removed or
    /// disabled.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FlowProblemKind))]
#[serde(rename_all = "UPPERCASE")]
pub enum KindJson {
    /// The following sensor is lower.
    Obstruction,
    /// The following sensor is higher.
    Problem,
    /// The flow sensor or the device has reported nothing for too long.
    Silent,
    /// Readings breach the limit of an alert.
    Limit,
}

impl From<Kind> for KindJson {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Obstruction => Self::Obstruction,
            Kind::Problem => Self::Problem,
            Kind::Silent => Self::Silent,
            Kind::Limit => Self::Limit,
        }
    }
}

impl From<KindJson> for Kind {
    fn from(kind: KindJson) -> Self {
        match kind {
            KindJson::Obstruction => Self::Obstruction,
            KindJson::Problem => Self::Problem,
            KindJson::Silent => Self::Silent,
            KindJson::Limit => Self::Limit,
        }
    }
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
        let mut levels = subject.levels().cloned();
        let (current_value, following_value) = match &last.evidence {
            Evidence::Levels { current, following } => {
                (Some(current.to_string()), following.map(|level| level.to_string()))
            }
            Evidence::Breach(_) | Evidence::None => (None, None),
        };
        let key = match subject {
            Subject::Alert(key) => Some(key),
            Subject::Pair(_) | Subject::Sensor(_) | Subject::Device(_) => None,
        };
        let breach = last.breach();
        let end = last.end.as_ref().map(End::shown);
        Some(Self {
            problem_id: subject.key(),
            problem: last.kind.into(),
            problem_time: last.began.seconds(),
            problem_status: match problem.status() {
                Status::Unresolved => StatusJson::Unresolved,
                Status::Acknowledged => StatusJson::Acknowledged,
                Status::Resolved => StatusJson::Resolved,
            },
            current: levels.next(),
            following: levels.next(),
            current_value,
            following_value,
            device: subject.device().cloned(),
            sensor: key.map(|key| key.sensor.clone()),
            alert: key.map(|key| key.alert.clone()),
            value: breach.map(Breach::shown),
            limit: breach.map(|breach| breach.limit),
            unit: breach.map(|breach| breach.unit.clone()),
            severity: problem.severity().map(Into::into),
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
