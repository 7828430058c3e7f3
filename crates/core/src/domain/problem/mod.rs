//! Problems between a flow sensor and one that follows it.
//!
//! What is known of a pair is the merged timeline of both sensors' measurements, and a problem is a stretch of that
//! timeline ([`Episode`]). It is worked out anew from the timeline each time ([`judge`]), never from the report that
//! happened to come last: so late, repeated and reordered reports end in the same problems. One sensor's silence is a
//! problem too ([`hear`]): a gap in its measurements that the clock has found.

use std::cmp::Ordering;

use super::Timestamp;
use super::level::Level;

mod life;
mod silence;
mod subject;
mod timeline;
mod verdict;

pub use life::{Acknowledgement, Change, NoSense, Problem, Status};
pub use silence::{Heard, Listening, hear};
pub use subject::{Subject, apart};
pub use verdict::{Verdict, judge};

/// Who closed a problem when nobody did.
const AUTO: &str = "auto";

/// What is wrong with a pair, or with one sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The following sensor is lower: something holds the flow back between the two.
    Obstruction,
    /// The following sensor is higher, which flow alone cannot explain.
    Problem,
    /// A sensor has reported nothing for too long.
    Silent,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Obstruction, Self::Problem, Self::Silent];

    /// The word that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Obstruction => "OBSTRUCTION",
            Kind::Problem => "PROBLEM",
            Kind::Silent => "SILENT",
        }
    }
}

/// Compares two neighbours: lower after the first is an obstruction, higher a problem, equal within `tolerance`
/// (percent) is nothing.
pub fn compare(current: Level, following: Level, tolerance: f64) -> Option<Kind> {
    match following.cmp(&current) {
        _ if current.apart(following) <= tolerance => None,
        Ordering::Equal => None,
        Ordering::Less => Some(Kind::Obstruction),
        Ordering::Greater => Some(Kind::Problem),
    }
}

/// The parameters of judging.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Levels this close, in percent, count as equal.
    pub tolerance: f64,
    /// So many consecutive reports must find something before a problem opens; at least 1.
    pub open_after: u32,
    /// So many consecutive reports must find nothing before it closes; at least 1.
    pub close_after: u32,
    /// A neighbour whose last report is older than this many seconds is not compared.
    pub silent_after_seconds: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { tolerance: 0.0, open_after: 1, close_after: 1, silent_after_seconds: 3 * 3600 }
    }
}

/// One stretch of time in which something was wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// What was wrong, last.
    pub kind: Kind,
    /// The first report that found it; of a silence the report before it.
    pub began: Timestamp,
    /// Set when it is over.
    pub end: Option<End>,
    /// The current sensor's level when the episode last changed.
    pub current: Level,
    /// The following sensor's level then; a silence has no following sensor.
    pub following: Option<Level>,
    /// The report that last changed kind, level or end.
    pub changed_at: Timestamp,
}

/// How an episode ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The report that closed it or, if a person did, the last report that person could know of.
    pub at: Timestamp,
    /// Who; `None` when the pair came back to OK, or the sensor spoke again, by itself.
    pub by: Option<Person>,
}

impl End {
    /// Who closed it, in a word, and when: a person by the clock, the reports by their own time.
    pub fn told(&self) -> (&str, Timestamp) {
        self.by.as_ref().map_or((AUTO, self.at), |by| (&by.name, by.at))
    }
}

/// Somebody who did something with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub name: String,
    /// When, by the clock.
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
