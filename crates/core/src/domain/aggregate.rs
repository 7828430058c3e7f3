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
    /// The aggregate of no values.
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

    /// The arithmetic mean, which is never below the minimum or above the maximum; `None` without values.
    ///
    /// ```
    /// use weir_core::domain::aggregate::Aggregate;
    ///
    /// let mut aggregate = Aggregate::NONE;
    /// [0.1, 0.1, 0.1].into_iter().for_each(|value| aggregate.add(value));
    /// // The sum of three doubles 0.1 is 0.30000000000000004.
    /// assert_eq!(aggregate.mean(), Some(0.1));
    /// ```
    pub fn mean(&self) -> Option<f64> {
        // The count is exact up to 2^53 values.
        let mean = self.sum / self.count as f64;
        // The sum is rounded, and of numbers beyond what can be stored it may overflow: both ways it is no number.
        let mean = if mean.is_nan() { self.min / 2.0 + self.max / 2.0 } else { mean };
        (self.count > 0).then(|| mean.max(self.min).min(self.max))
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
    /// The aggregate of the readings that count.
    pub aggregate: Aggregate,
    /// The quality of the readings that count.
    pub quality: Quality,
    /// The number of readings of other qualities in the interval.
    pub left_out: u64,
}

impl Aggregates {
    /// The aggregates of no readings.
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

    fn aggregate(values: &[f64]) -> Aggregate {
        let mut aggregate = Aggregate::NONE;
        values.iter().for_each(|value| aggregate.add(*value));
        aggregate
    }

    fn ordered(aggregate: &Aggregate) -> bool {
        aggregate.mean().is_none_or(|mean| aggregate.min <= mean && mean <= aggregate.max)
    }

    #[test]
    fn the_mean_is_between_the_minimum_and_the_maximum() {
        assert_eq!(aggregate(&[0.1, 0.1, 0.1]).mean(), Some(0.1));
        for values in [
            &[0.1, 0.1, 0.1][..],
            &[0.7, 0.7, 0.7],
            &[f64::MAX, f64::MAX],
            &[f64::MIN, f64::MIN, f64::MIN],
            &[f64::MAX, f64::MAX, f64::MIN, f64::MIN, f64::MIN],
            &[5e-324, 5e-324],
        ] {
            let whole = aggregate(values);
            assert!(ordered(&whole), "{values:?}: {whole:?} {:?}", whole.mean());
        }
        // The sum of the parts is infinity minus infinity.
        let mut parts = aggregate(&[f64::MAX, f64::MAX]);
        parts.merge(&aggregate(&[f64::MIN, f64::MIN]));
        assert!(ordered(&parts), "{parts:?} {:?}", parts.mean());
    }

    proptest! {
        #[test]
        fn the_mean_of_any_values_is_between_their_minimum_and_maximum(
            values in prop::collection::vec(prop_oneof![Just(0.1), -1e3..1e3_f64, any::<f64>().prop_filter("finite", |value| value.is_finite())], 1..40),
            same: f64, count in 1..60_usize, cut in 0..40_usize,
        ) {
            prop_assert!(ordered(&aggregate(&values)), "{:?}", aggregate(&values));
            let (first, second) = values.split_at(cut.min(values.len()));
            let mut merged = aggregate(first);
            merged.merge(&aggregate(second));
            prop_assert!(ordered(&merged), "{:?}", merged);
            prop_assume!(same.is_finite());
            prop_assert_eq!(aggregate(&vec![same; count]).mean(), Some(same));
        }

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
