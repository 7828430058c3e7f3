//! Aggregates of the readings of one interval: count, mean, minimum and maximum.

use super::reading::Quality;

/// Count, sum, minimum and maximum of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// The number of values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The minimum; infinity without values.
    pub min: f64,
    /// The maximum; minus infinity without values.
    pub max: f64,
}

impl Aggregate {
    /// Of no values.
    pub const NONE: Self = Self { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.merge(&Self { count: 1, sum: value, min: value, max: value });
    }

    /// Adds the values of another aggregate.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The arithmetic mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        // Exact up to 2^53 values.
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// The aggregates of one interval, separate for each [`Quality`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregates {
    /// Of the readings of quality `good`.
    pub good: Aggregate,
    /// Of the readings stored without a calibration: raw numbers.
    pub uncalibrated: Aggregate,
    /// Of the readings outside the sensor's limits or the calibration's valid interval.
    pub out_of_range: Aggregate,
}

/// The aggregate that represents an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Of the readings that count.
    pub aggregate: Aggregate,
    /// The quality of the readings that count.
    pub quality: Quality,
    /// The number of readings of other qualities in the interval.
    pub left_out: u64,
}

impl Aggregates {
    /// Of no readings.
    pub const NONE: Self = Self { good: Aggregate::NONE, uncalibrated: Aggregate::NONE, out_of_range: Aggregate::NONE };

    /// The aggregate of one quality.
    pub fn of(&mut self, quality: Quality) -> &mut Aggregate {
        match quality {
            Quality::Good => &mut self.good,
            Quality::Uncalibrated => &mut self.uncalibrated,
            Quality::OutOfRange => &mut self.out_of_range,
        }
    }

    /// Adds the aggregates of another part of the interval.
    pub fn merge(&mut self, other: &Self) {
        self.good.merge(&other.good);
        self.uncalibrated.merge(&other.uncalibrated);
        self.out_of_range.merge(&other.out_of_range);
    }

    /// The number of readings of all qualities.
    pub fn count(&self) -> u64 {
        self.good.count + self.uncalibrated.count + self.out_of_range.count
    }

    /// The aggregate to show: of the good readings if there are any, else of the uncalibrated ones. Raw numbers and
    /// calibrated values have no common mean, and a value out of range says nothing about the true one: such readings are
    /// only counted as left out. If there are no others, the aggregate is empty.
    pub fn summary(&self) -> Summary {
        let (aggregate, quality) = if self.good.count > 0 {
            (self.good, Quality::Good)
        } else if self.uncalibrated.count > 0 {
            (self.uncalibrated, Quality::Uncalibrated)
        } else {
            (Aggregate::NONE, Quality::OutOfRange)
        };
        Summary { aggregate, quality, left_out: self.count() - aggregate.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn aggregates(readings: &[(Quality, f64)]) -> Aggregates {
        let mut aggregates = Aggregates::NONE;
        readings.iter().for_each(|(quality, value)| aggregates.of(*quality).add(*value));
        aggregates
    }

    #[test]
    fn good_readings_count_and_others_are_left_out() {
        use Quality::{Good, OutOfRange, Uncalibrated};
        let summary = aggregates(&[(Good, 7.0), (OutOfRange, 99.0), (Good, 8.0), (Uncalibrated, 412.0)]).summary();
        assert_eq!((summary.quality, summary.left_out), (Good, 2));
        assert_eq!(summary.aggregate, Aggregate { count: 2, sum: 15.0, min: 7.0, max: 8.0 });
        assert_eq!(summary.aggregate.mean(), Some(7.5));
    }

    #[test]
    fn raw_numbers_count_only_among_themselves() {
        let summary = aggregates(&[(Quality::Uncalibrated, 412.0), (Quality::OutOfRange, -1.0)]).summary();
        assert_eq!(
            (summary.quality, summary.aggregate.mean(), summary.left_out),
            (Quality::Uncalibrated, Some(412.0), 1)
        );
    }

    #[test]
    fn of_nothing_but_impossible_values_there_is_no_mean() {
        let summary = aggregates(&[(Quality::OutOfRange, 99.0)]).summary();
        assert_eq!((summary.quality, summary.aggregate.mean(), summary.left_out), (Quality::OutOfRange, None, 1));
        assert_eq!(Aggregates::NONE.summary().left_out, 0);
    }

    proptest! {
        #[test]
        fn the_aggregates_of_parts_merge_to_those_of_the_whole(values in prop::collection::vec((0..3_u8, -1000..1000_i32), 0..50), cut in 0..50_usize) {
            let quality = |kind| [Quality::Good, Quality::Uncalibrated, Quality::OutOfRange][usize::from(kind)];
            // Eighths add up exactly, so that the order of adding cannot show.
            let readings: Vec<_> = values.iter().map(|(kind, eighths)| (quality(*kind), f64::from(*eighths) / 8.0)).collect();
            let (first, second) = readings.split_at(cut.min(readings.len()));
            let mut merged = aggregates(first);
            merged.merge(&aggregates(second));
            prop_assert_eq!(merged, aggregates(&readings));
        }
    }
}
