//! What the readings of an interval come to: how many, their mean, the smallest and the largest.

use super::reading::Quality;

/// Count, sum and extremes of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Tally {
    /// Of no values.
    pub const NONE: Self = Self { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.merge(&Self { count: 1, sum: value, min: value, max: value });
    }

    /// Adds what others come to.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The mean; none of no values.
    pub fn mean(&self) -> Option<f64> {
        // Exact up to 2^53 values.
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// What the readings of an interval come to, apart by how far they can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sums {
    /// Of the good ones.
    pub good: Tally,
    /// Of those stored before there was a calibration: raw numbers.
    pub uncalibrated: Tally,
    /// Of those outside the sensor's limits or the calibration's valid interval.
    pub out_of_range: Tally,
}

/// What is shown of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Of the readings that count.
    pub tally: Tally,
    /// What kind of readings counts.
    pub quality: Quality,
    /// How many readings of other kinds lie in the interval.
    pub left_out: u64,
}

impl Sums {
    /// Of no readings.
    pub const NONE: Self = Self { good: Tally::NONE, uncalibrated: Tally::NONE, out_of_range: Tally::NONE };

    /// Those of a quality.
    pub fn of(&mut self, quality: Quality) -> &mut Tally {
        match quality {
            Quality::Good => &mut self.good,
            Quality::Uncalibrated => &mut self.uncalibrated,
            Quality::OutOfRange => &mut self.out_of_range,
        }
    }

    /// Adds what another part of the interval comes to.
    pub fn merge(&mut self, other: &Self) {
        self.good.merge(&other.good);
        self.uncalibrated.merge(&other.uncalibrated);
        self.out_of_range.merge(&other.out_of_range);
    }

    /// How many readings there are in all.
    pub fn count(&self) -> u64 {
        self.good.count + self.uncalibrated.count + self.out_of_range.count
    }

    /// What is shown: the good readings alone when there are any, else the uncalibrated ones. Raw numbers and calibrated
    /// values have no common mean, and a value outside the limits of what can be says nothing about what was; such ones
    /// are counted as left out. Where there are only such ones nothing counts.
    pub fn shown(&self) -> Shown {
        let (tally, quality) = if self.good.count > 0 {
            (self.good, Quality::Good)
        } else if self.uncalibrated.count > 0 {
            (self.uncalibrated, Quality::Uncalibrated)
        } else {
            (Tally::NONE, Quality::OutOfRange)
        };
        Shown { tally, quality, left_out: self.count() - tally.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sums(readings: &[(Quality, f64)]) -> Sums {
        let mut sums = Sums::NONE;
        readings.iter().for_each(|(quality, value)| sums.of(*quality).add(*value));
        sums
    }

    #[test]
    fn good_readings_count_and_others_are_left_out() {
        use Quality::{Good, OutOfRange, Uncalibrated};
        let shown = sums(&[(Good, 7.0), (OutOfRange, 99.0), (Good, 8.0), (Uncalibrated, 412.0)]).shown();
        assert_eq!((shown.quality, shown.left_out), (Good, 2));
        assert_eq!(shown.tally, Tally { count: 2, sum: 15.0, min: 7.0, max: 8.0 });
        assert_eq!(shown.tally.mean(), Some(7.5));
    }

    #[test]
    fn raw_numbers_count_only_among_themselves() {
        let shown = sums(&[(Quality::Uncalibrated, 412.0), (Quality::OutOfRange, -1.0)]).shown();
        assert_eq!((shown.quality, shown.tally.mean(), shown.left_out), (Quality::Uncalibrated, Some(412.0), 1));
    }

    #[test]
    fn of_nothing_but_impossible_values_there_is_no_mean() {
        let shown = sums(&[(Quality::OutOfRange, 99.0)]).shown();
        assert_eq!((shown.quality, shown.tally.mean(), shown.left_out), (Quality::OutOfRange, None, 1));
        assert_eq!(Sums::NONE.shown().left_out, 0);
    }

    proptest! {
        #[test]
        fn parts_come_to_the_same_as_the_whole(values in prop::collection::vec((0..3_u8, -1000..1000_i32), 0..50), cut in 0..50_usize) {
            let quality = |kind| [Quality::Good, Quality::Uncalibrated, Quality::OutOfRange][usize::from(kind)];
            // Eighths add up exactly, so that the order of adding cannot show.
            let readings: Vec<_> = values.iter().map(|(kind, eighths)| (quality(*kind), f64::from(*eighths) / 8.0)).collect();
            let (first, second) = readings.split_at(cut.min(readings.len()));
            let mut merged = sums(first);
            merged.merge(&sums(second));
            prop_assert_eq!(merged, sums(&readings));
        }
    }
}
