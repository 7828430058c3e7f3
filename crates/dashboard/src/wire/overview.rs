//! How devices are: `GET /overview`.

use serde::Deserialize;
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::device::LocationJson;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

/// How a device is.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceState {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Where it is.
    #[serde(default)]
    pub location: Option<LocationJson>,
    /// Messages of a disabled device are quarantined.
    pub enabled: bool,
    /// How many sensors it has.
    pub sensors: u32,
    /// The flow sensor that it is.
    #[serde(default)]
    pub level_id: Option<String>,
    /// Its latest level.
    #[serde(default)]
    pub level: Option<LastLevel>,
    /// Whether it is connected; absent if it never was.
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
    /// When, in seconds since the epoch.
    pub last_update: i64,
}

/// Whether a device is connected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connection {
    /// `connected` or `disconnected`.
    pub state: String,
    /// Since when.
    pub since: String,
    /// Why it ended, in AWS IoT's words.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Connection {
    /// Whether it is connected.
    pub fn is_up(&self) -> bool {
        self.state == "connected"
    }
}

/// An open problem, in short.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OpenProblem {
    /// Its id.
    pub problem_id: String,
    /// Its kind.
    pub problem: KindJson,
    /// Its status.
    pub problem_status: StatusJson,
    /// When it began, in seconds since the epoch.
    pub problem_time: i64,
    /// How urgent it is.
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
