//! The level of a flow sensor, and its recent measurements.

use std::fmt;

use super::number::round;
use super::{Reason, Refusal, Timestamp};

/// A flow level in percent, from 0 (no flow) to 100 (the intended flow), rounded to 0.01.
///
/// Two decimal places are more than such a sensor resolves. They bound the length of a measurement as text, so that a row
/// with 24 measurements stays below 1 KB, which is one write unit. The number as it was sent is in the time-series store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u16);

impl Level {
    /// The level of `filling` percent.
    ///
    /// # Errors
    /// `number_out_of_range` outside 0..100, `bad_value` when it is not a number.
    pub fn new(filling: f64) -> Result<Self, Refusal> {
        if filling.is_nan() {
            return Err(Refusal::new(Reason::BadValue, "the level is not a number"));
        }
        if !(0.0..=100.0).contains(&filling) {
            return Err(Refusal::new(Reason::NumberOutOfRange, format!("the level {filling} lies outside 0 to 100")));
        }
        let hundredths = round(filling, 2) * 100.0;
        // In 0..=10000 by the check above, so the cast loses nothing.
        Ok(Self(hundredths.round() as u16))
    }

    /// In percent.
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// The absolute difference to another level, in percent. It is counted in hundredths: as doubles, 8.3 - 3.3 is more
    /// than 5.
    pub fn difference(self, other: Self) -> f64 {
        f64::from(self.0.abs_diff(other.0)) / 100.0
    }
}

impl fmt::Display for Level {
    /// The shortest text of the number: `100`, `72.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.percent())
    }
}

/// One level at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// When it was measured.
    pub at: Timestamp,
    /// The level.
    pub level: Level,
}

impl Measurement {
    /// Of two measurements in the same second the greater precedence is kept: the later one, and of two in the same
    /// millisecond the higher one.
    fn precedence(&self) -> (Timestamp, Level) {
        (self.at, self.level)
    }
}

/// The newest measurements of one flow sensor, ascending, at most one per second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measurements(Vec<Measurement>);

/// The effect of a report on the measurements of its sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// The sensor's first report.
    Registered,
    /// It is the newest measurement now.
    Newest,
    /// It was inserted before newer ones.
    Late,
    /// It was known already.
    Duplicate,
    /// It is older than all the measurements kept; only the history has it.
    TooOld,
}

impl Reported {
    /// The code used in answers and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Reported::Registered => "registered",
            Reported::Newest => "newest",
            Reported::Late => "late",
            Reported::Duplicate => "duplicate",
            Reported::TooOld => "too_old",
        }
    }

    /// Whether the measurements have changed.
    pub const fn changed(self) -> bool {
        !matches!(self, Reported::Duplicate | Reported::TooOld)
    }
}

impl Measurements {
    /// From measurements in any order. Of several in one second the later one is kept.
    pub fn of(measurements: impl IntoIterator<Item = Measurement>) -> Self {
        let mut all = Self::default();
        for measurement in measurements {
            all.report(measurement, usize::MAX);
        }
        all
    }

    /// Ascending by instant.
    pub fn as_slice(&self) -> &[Measurement] {
        &self.0
    }

    /// The newest one.
    pub fn last(&self) -> Option<&Measurement> {
        self.0.last()
    }

    /// Inserts a report and keeps the newest `keep` measurements. The result does not depend on the order of the reports,
    /// nor on repetitions.
    pub fn report(&mut self, new: Measurement, keep: usize) -> Reported {
        let second = new.at.seconds();
        let place = self.0.partition_point(|known| known.at.seconds() < second);
        let (length, newest) = (self.0.len(), place + 1 >= self.0.len());
        match self.0.get_mut(place) {
            Some(known) if known.at.seconds() == second => {
                if known.precedence() >= new.precedence() {
                    return Reported::Duplicate;
                }
                *known = new;
                return if newest { Reported::Newest } else { Reported::Late };
            }
            Some(_) if place == 0 && length >= keep => return Reported::TooOld,
            _ => self.0.insert(place, new),
        }
        self.0.drain(..self.0.len().saturating_sub(keep));
        match (length, place) {
            (0, _) => Reported::Registered,
            (length, place) if place == length => Reported::Newest,
            _ => Reported::Late,
        }
    }
}

/// Whether a report can change the problems of its sensor, so that the problem detector has to judge: a first or a late
/// report, a new level, or the first report after a silence. `before` is the newest measurement before the report.
pub fn needs_detector(
    outcome: Reported,
    before: Option<Measurement>,
    new: Measurement,
    silent_after_seconds: i64,
) -> bool {
    match (outcome, before) {
        (Reported::Duplicate | Reported::TooOld, _) => false,
        (Reported::Registered | Reported::Late, _) | (Reported::Newest, None) => true,
        (Reported::Newest, Some(before)) => {
            before.level != new.level || new.at.millis_since(before.at) > silent_after_seconds.saturating_mul(1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64, filling: f64) -> Measurement {
        Measurement { at: Timestamp::from_seconds(seconds), level: Level::new(filling).unwrap() }
    }

    #[test]
    fn levels_are_hundredths_between_nothing_and_correct() {
        for (filling, text) in [(100.0, "100"), (0.0, "0"), (72.5, "72.5"), (33.333_333, "33.33"), (0.005, "0.01")] {
            assert_eq!(Level::new(filling).unwrap().to_string(), text);
        }
        for bad in [-0.01, 100.01, f64::INFINITY, -1e300] {
            assert_eq!(Level::new(bad).unwrap_err().reason, Reason::NumberOutOfRange, "{bad}");
        }
        assert_eq!(Level::new(f64::NAN).unwrap_err().reason, Reason::BadValue);
    }

    #[test]
    fn a_report_is_registered_then_newest_late_duplicate_or_too_old() {
        let mut state = Measurements::default();
        assert_eq!(state.report(at(100, 100.0), 3), Reported::Registered);
        assert_eq!(state.report(at(300, 50.0), 3), Reported::Newest);
        assert_eq!(state.report(at(300, 50.0), 3), Reported::Duplicate);
        assert_eq!(state.report(at(200, 0.0), 3), Reported::Late);
        assert_eq!(state.last(), Some(&at(300, 50.0)), "a late report does not touch the latest");
        assert_eq!(state.report(at(50, 0.0), 3), Reported::TooOld);
        assert_eq!(state.report(at(400, 50.0), 3), Reported::Newest);
        assert_eq!(state.as_slice(), [at(200, 0.0), at(300, 50.0), at(400, 50.0)]);
    }

    #[test]
    fn within_one_second_the_later_report_counts() {
        let mut state = Measurements::default();
        let later = Measurement { at: Timestamp::from_millis(100_900), level: Level::new(50.0).unwrap() };
        assert_eq!(state.report(later, 3), Reported::Registered);
        assert_eq!(state.report(at(100, 100.0), 3), Reported::Duplicate);
        assert_eq!(state.as_slice(), [later]);
    }

    #[test]
    fn only_a_report_that_can_change_a_problem_needs_the_detector() {
        let mut state = Measurements::default();
        for (seconds, filling, expected, why) in [
            (1000, 100.0, true, "first"),
            (2000, 100.0, false, "same level"),
            (3000, 50.0, true, "new level"),
            (2500, 50.0, true, "late"),
            (2500, 50.0, false, "duplicate"),
            (99_000, 50.0, true, "after a silence"),
        ] {
            let (new, before) = (at(seconds, filling), state.last().copied());
            let outcome = state.report(new, 24);
            assert_eq!(needs_detector(outcome, before, new, 10_800), expected, "{why}");
        }
    }

    #[test]
    fn a_level_replaced_within_its_second_needs_the_detector() {
        let mut state = Measurements::of([at(99, 100.0), at(100, 50.0)]);
        let (new, before) =
            (Measurement { at: Timestamp::from_millis(100_900), ..at(0, 100.0) }, state.last().copied());
        let outcome = state.report(new, 24);
        assert_eq!(outcome, Reported::Newest);
        assert!(needs_detector(outcome, before, new, 10_800));
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_end_in_the_same_measurements(
            reports in prop::collection::vec((0i64..60_000, 0u8..3), 1..80),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
            keep in 1usize..30,
        ) {
            let report = |(millis, half): &(i64, u8)| Measurement {
                at: Timestamp::from_millis(*millis),
                level: Level::new(f64::from(*half) * 50.0).unwrap(),
            };
            let mut once = Measurements::default();
            for r in &reports {
                once.report(report(r), keep);
            }
            let mut shuffled = Measurements::default();
            for index in &order {
                shuffled.report(report(index.get(&reports)), keep);
            }
            for r in reports.iter().rev() {
                shuffled.report(report(r), keep);
            }
            prop_assert_eq!(&once, &shuffled);
            prop_assert!(once.as_slice().len() <= keep);
            prop_assert!(once.as_slice().is_sorted_by(|a, b| a.at.seconds() < b.at.seconds()));
        }
    }
}
