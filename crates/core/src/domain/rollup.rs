//! Rollups: stored aggregates of whole hours and days of a series, and when such an hour or day counts as closed.
//!
//! A rollup must be invalidated when a reading is stored in its hour or day later. A writer reads the clock **after**
//! storing: a reading whose hour ended at most [`CLOSING_DELAY`] ago invalidates nothing. A reader stores a rollup only for
//! hours that ended more than [`CLOSING_DELAY`] plus [`MAX_CLOCK_SKEW`] ago. So every reading that was stored without an
//! invalidation is in the table before it is aggregated, as long as two clocks differ by less than [`MAX_CLOCK_SKEW`].

use super::Timestamp;
use super::every::Every;

/// How long after its end an hour or a day stays open, in ms: readings stored until then need no invalidation. It is one
/// hour, so that a device that sends its readings once an hour costs no more than one that sends each at once.
pub const CLOSING_DELAY: i64 = 60 * 60 * 1_000;
/// The difference between the clocks of two machines that is tolerated, in ms. AWS synchronises Lambda's clocks to within a
/// few milliseconds.
pub const MAX_CLOCK_SKEW: i64 = 10 * 60 * 1_000;

/// The width of a rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// An hour.
    Hour,
    /// A day (UTC).
    Day,
}

/// One hour or one day (UTC): the readings of a series in it make one rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Hour or day.
    pub unit: Unit,
    /// When it begins.
    pub start: Timestamp,
}

impl Unit {
    /// Both units.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// The unit as the width of an interval.
    pub const fn width(self) -> Every {
        match self {
            Unit::Hour => Every::hour(),
            Unit::Day => Every::day(),
        }
    }

    /// The largest unit of which intervals of width `every` are whole multiples; `None` if they are multiples of neither.
    pub const fn within(every: Every) -> Option<Self> {
        if every.millis() % Unit::Day.width().millis() == 0 {
            Some(Unit::Day)
        } else if every.millis() % Unit::Hour.width().millis() == 0 {
            Some(Unit::Hour)
        } else {
            None
        }
    }

    /// The instant until which rollups may be stored and used at the time `now`: those of cells that end there or earlier.
    pub const fn closed_until(self, now: Timestamp) -> Timestamp {
        self.width().floor(Timestamp::from_millis(now.millis().saturating_sub(CLOSING_DELAY + MAX_CLOCK_SKEW)))
    }
}

/// The closed cells that contain `at`. Their rollups must be invalidated when a reading of that instant was stored before
/// `now`.
pub fn closed(at: Timestamp, now: Timestamp) -> impl Iterator<Item = Cell> {
    Unit::ALL.into_iter().filter_map(move |unit| {
        let start = unit.width().floor(at);
        let end = unit.width().after(start);
        (now.millis_since(end) > CLOSING_DELAY).then_some(Cell { unit, start })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-20T06:00Z
    const SIX: i64 = 1_795_154_400_000;
    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_reading_that_comes_within_an_hour_invalidates_nothing() {
        for reading in [SIX, SIX + 1, SIX + HOUR - 1] {
            assert_eq!(closed(at(reading), at(reading + HOUR)).count(), 0, "{reading}");
        }
        let hour = Cell { unit: Unit::Hour, start: at(SIX) };
        assert_eq!(closed(at(SIX + 5), at(SIX + 2 * HOUR)).count(), 0);
        assert_eq!(closed(at(SIX + 5), at(SIX + 2 * HOUR + 1)).collect::<Vec<_>>(), [hour]);
        let day = Cell { unit: Unit::Day, start: at(SIX - 6 * HOUR) };
        assert_eq!(closed(at(SIX + 5), at(SIX + 19 * HOUR + 1)).collect::<Vec<_>>(), [hour, day]);
    }

    #[test]
    fn intervals_are_made_of_the_largest_unit_that_fits() {
        let within = |text| Unit::within(Every::parse(text).unwrap());
        for text in ["1d", "7d", "48h", "86400s"] {
            assert_eq!(within(text), Some(Unit::Day), "{text}");
        }
        for text in ["1h", "36h", "60m", "3600s"] {
            assert_eq!(within(text), Some(Unit::Hour), "{text}");
        }
        assert_eq!((within("5m"), within("90m"), within("1s")), (None, None, None));
    }

    proptest! {
        #[test]
        fn what_is_stored_without_invalidation_is_there_before_it_is_aggregated(
            reading in 0..200_000_000_i64, later in 0..400_000_000_i64, skew in 0..MAX_CLOCK_SKEW,
        ) {
            // The writer read `stored` from a clock that may be behind by `skew`.
            let (reading, stored) = (at(SIX + reading), at(SIX + reading + later));
            for unit in Unit::ALL {
                let cell = Cell { unit, start: unit.width().floor(reading) };
                let invalidated = closed(reading, stored).any(|closed| closed == cell);
                let aggregated = unit.closed_until(at(stored.millis() + skew)) >= unit.width().after(cell.start);
                prop_assert!(invalidated || !aggregated, "{:?}", cell);
            }
        }
    }
}
