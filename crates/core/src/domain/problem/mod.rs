//! Problems: level differences between a flow sensor and the next one downstream, silent sensors and devices, and readings beyond the
//! limit of an alert.
//!
//! The problem of a pair consists of periods ([`Episode`]) of the merged timeline of both sensors' measurements. [`judge_pair`]
//! recomputes it from the whole timeline each time, never from the report that happened to arrive last, so late, repeated
//! and reordered reports lead to the same problems. A sensor's silence is a problem too ([`judge_silence`]): a gap in its
//! measurements. The rule for readings is in [`alert`](super::alert).

use std::cmp::Ordering;

use super::Timestamp;
use super::alert::Breach;
use super::level::Level;

mod device_silence;
mod life;
mod pair;
mod removal;
mod silence;
mod subject;
mod verdict;

pub use device_silence::{DeviceSilence, judge_device_silence, silent_after};
pub use life::{Acknowledgement, Change, InvalidTransition, Problem, Status};
pub use pair::judge_pair;
pub use removal::{has_reason, removed};
pub use silence::{SilenceRule, SilenceVerdict, judge_silence};
pub use subject::{AlertKey, Subject, disjoint_groups};
pub use verdict::Verdict;

/// Shown in place of a person's name when an episode ended by itself.
const AUTO: &str = "auto";
/// Shown in place of a person's name when an episode ended because its alert, sensor or device was removed or disabled.
pub const REMOVED: &str = "removed";

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The following sensor is lower: something obstructs the flow between the two.
    Obstruction,
    /// The following sensor is higher, which flow alone cannot explain.
    Problem,
    /// The flow sensor or the device has reported nothing for too long.
    Silent,
    /// Readings of a sensor breach the limit of an alert.
    Limit,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Obstruction, Self::Problem, Self::Silent, Self::Limit];

    /// The code in the table and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Obstruction => "OBSTRUCTION",
            Kind::Problem => "PROBLEM",
            Kind::Silent => "SILENT",
            Kind::Limit => "LIMIT",
        }
    }
}

/// Compares two neighbours: a lower level downstream is an obstruction, a higher one a problem. Levels that differ by no
/// more than `tolerance` percent are equal.
pub fn compare(current: Level, following: Level, tolerance: f64) -> Option<Kind> {
    match following.cmp(&current) {
        _ if current.difference(following) <= tolerance => None,
        Ordering::Equal => None,
        Ordering::Less => Some(Kind::Obstruction),
        Ordering::Greater => Some(Kind::Problem),
    }
}

/// The parameters of judging.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Levels that differ by no more than this count as equal, in percent.
    pub tolerance: f64,
    /// Number of consecutive reports with a finding that open a problem; at least 1.
    pub open_after: u32,
    /// Number of consecutive reports without a finding that close it; at least 1.
    pub close_after: u32,
    /// A sensor without a report for more than this many seconds is silent, and is not compared with its neighbours.
    pub silent_after_seconds: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { tolerance: 0.0, open_after: 1, close_after: 1, silent_after_seconds: 3 * 3600 }
    }
}

/// One period of a problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The kind, which can change during an episode.
    pub kind: Kind,
    /// The time of the first report that found it; for a silence, of the last report before it.
    pub began: Timestamp,
    /// Set when the episode is over.
    pub end: Option<End>,
    /// What was measured when the episode last changed.
    pub evidence: Evidence,
    /// The time of the report that last changed the kind, the evidence or the end.
    pub changed_at: Timestamp,
}

impl Episode {
    /// The readings behind an episode of an alert; `None` for other problems.
    pub fn breach(&self) -> Option<&Breach> {
        match &self.evidence {
            Evidence::Breach(breach) => Some(breach),
            Evidence::Levels { .. } | Evidence::None => None,
        }
    }
}

/// What was measured when an episode last changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// The levels of a pair of flow sensors, or of a silent one.
    Levels {
        /// The current sensor's level.
        current: Level,
        /// The following sensor's level; `None` for a silence.
        following: Option<Level>,
    },
    /// The readings of an alert.
    Breach(Breach),
    /// Nothing: the problem is the silence of a device.
    None,
}

/// How an episode ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The time of the report that ended it or, if a person did, of the last report that the person could know of.
    pub at: Timestamp,
    /// The person who ended it; `None` when the levels became equal again, or the sensor reported again.
    pub by: Option<Person>,
}

impl End {
    /// Who ended it (`auto` for nobody) and when, as shown: a person's decision by the clock, otherwise the time of the
    /// report.
    pub fn shown(&self) -> (&str, Timestamp) {
        self.by.as_ref().map_or((AUTO, self.at), |by| (&by.name, by.at))
    }
}

/// A person who changed a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's name.
    pub name: String,
    /// The time of the change.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nine_rows_of_the_pair_table_hold() {
        let table = [
            (100, 100, None),
            (100, 50, Some(Kind::Obstruction)),
            (100, 0, Some(Kind::Obstruction)),
            (50, 100, Some(Kind::Problem)),
            (50, 50, None),
            (50, 0, Some(Kind::Obstruction)),
            (0, 100, Some(Kind::Problem)),
            (0, 50, Some(Kind::Problem)),
            (0, 0, None),
        ];
        for (current, following, expected) in table {
            let level = |percent: i32| Level::new(f64::from(percent)).unwrap();
            assert_eq!(compare(level(current), level(following), 0.0), expected, "{current} then {following}");
        }
    }

    #[test]
    fn within_the_tolerance_levels_count_as_equal() {
        let level = |percent: f64| Level::new(percent).unwrap();
        assert_eq!(compare(level(100.0), level(95.0), 5.0), None);
        assert_eq!(compare(level(8.3), level(3.3), 5.0), None, "8.3 - 3.3 is more than 5 in binary");
        assert_eq!(compare(level(50.1), level(50.0), 0.1), None);
        assert_eq!(compare(level(50.11), level(50.0), 0.1), Some(Kind::Obstruction));
        assert_eq!(compare(level(100.0), level(94.99), 5.0), Some(Kind::Obstruction));
        assert_eq!(compare(level(94.99), level(100.0), 5.0), Some(Kind::Problem));
    }
}
