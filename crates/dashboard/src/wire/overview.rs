//! The states of devices: `GET /overview`.

use serde::Deserialize;
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::device::LocationJson;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

use super::reading::Reading;

/// The state of a device.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceState {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its position.
    #[serde(default)]
    pub location: Option<LocationJson>,
    /// Whether it is enabled; messages of a disabled device are quarantined.
    pub enabled: bool,
    /// Number of sensors.
    pub sensors: u32,
    /// The id of its flow sensor, if it is one.
    #[serde(default)]
    pub level_id: Option<String>,
    /// Its latest level, if it is a flow sensor.
    #[serde(default)]
    pub level: Option<LastLevel>,
    /// Its newest reading over all sensors; absent if there is none, and where readings are kept in Timestream.
    #[serde(default)]
    pub reading: Option<Reading>,
    /// Its connection; absent if it never connected.
    #[serde(default)]
    pub connection: Option<Connection>,
    /// Its open problems.
    pub problems: Vec<OpenProblem>,
}

/// The latest level of a flow sensor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LastLevel {
    /// In percent, as text.
    pub last_value: String,
    /// When it was measured, in seconds since the epoch.
    pub last_update: i64,
}

/// The connection of a device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connection {
    /// `connected` or `disconnected`.
    pub state: String,
    /// When it connected or disconnected.
    pub since: String,
    /// The reason of a disconnection, as named by AWS IoT.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Connection {
    /// Whether it is connected.
    pub fn is_up(&self) -> bool {
        self.state == "connected"
    }
}

/// A summary of an open problem.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OpenProblem {
    /// Its id.
    pub problem_id: String,
    /// Its kind.
    pub problem: KindJson,
    /// Its status.
    pub problem_status: StatusJson,
    /// When its episode began, in seconds since the epoch.
    pub problem_time: i64,
    /// The severity; absent for problems of flow sensors.
    #[serde(default)]
    pub severity: Option<SeverityJson>,
}

impl From<&ProblemJson> for OpenProblem {
    fn from(problem: &ProblemJson) -> Self {
        Self {
            problem_id: problem.problem_id.clone(),
            problem: problem.problem,
            problem_status: problem.problem_status,
            problem_time: problem.problem_time,
            severity: problem.severity,
        }
    }
}

/// A flow sensor: `GET /levels`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Level {
    /// Its id; the first character is the tube.
    pub id: String,
    /// Its latest level in percent, as text; empty when there is none.
    pub last_value: String,
    /// When that was measured, in seconds since the epoch.
    pub last_update: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn devices_and_levels_are_read_as_the_document_says() {
        holds::<DeviceState>("DeviceState");
        holds::<OpenProblem>("OpenProblem");
        holds::<Level>("Level");
    }
}
