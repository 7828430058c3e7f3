//! When an hour or a day of a series is closed, so that what its readings come to may be kept.
//!
//! What is kept of an hour must be thrown away when a reading is stored there later. Whoever stores readings looks at the
//! clock **after** storing: a reading whose hour has been closed for less than [`KEPT_OPEN`] needs nothing. Whoever keeps
//! sums does so only of hours that have been closed for [`KEPT_OPEN`] and [`APART`] more, so that each reading stored
//! without a word is in the table before anybody adds it up, as long as two clocks differ by less than [`APART`].

use super::Timestamp;
use super::every::Every;

/// So long after its end an hour or a day is still open to readings that come in time, in ms. An hour: a device that
/// saves its readings up and sends them once an hour costs nothing more than one that sends each at once.
pub const KEPT_OPEN: i64 = 60 * 60 * 1_000;
/// By so much the clocks of two machines may differ, in ms. Lambda's are kept to a few milliseconds by AWS.
pub const APART: i64 = 10 * 60 * 1_000;

/// Over what readings are rolled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// An hour.
    Hour,
    /// A day (UTC).
    Day,
}

/// An hour or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Which of the two.
    pub unit: Unit,
    /// When it begins.
    pub start: Timestamp,
}

impl Unit {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// Its width.
    pub const fn width(self) -> Every {
        match self {
            Unit::Hour => Every::hour(),
            Unit::Day => Every::day(),
        }
    }

    /// The largest unit that the intervals of this width are made of.
    pub const fn within(every: Every) -> Option<Self> {
        if every.millis() % Unit::Day.width().millis() == 0 {
            Some(Unit::Day)
        } else if every.millis() % Unit::Hour.width().millis() == 0 {
            Some(Unit::Hour)
        } else {
            None
        }
    }

    /// The instant up to which sums may be kept and used when it is `now`: cells that end there or earlier.
    pub const fn settled(self, now: Timestamp) -> Timestamp {
        self.width().floor(Timestamp::from_millis(now.millis().saturating_sub(KEPT_OPEN + APART)))
    }
}

/// The closed cells that hold the instant of a reading stored before `now`: what is kept of them is no longer right.
pub fn closed(at: Timestamp, now: Timestamp) -> impl Iterator<Item = Cell> {
    Unit::ALL.into_iter().filter_map(move |unit| {
        let start = unit.width().floor(at);
        let end = unit.width().after(start);
        (now.millis_since(end) > KEPT_OPEN).then_some(Cell { unit, start })
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
    fn a_reading_that_comes_within_an_hour_closes_nothing_up() {
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
        fn what_is_stored_without_a_word_is_there_before_it_is_added_up(
            reading in 0..200_000_000_i64, later in 0..400_000_000_i64, skew in 0..APART,
        ) {
            // Whoever stored it read `stored` from a clock that may be behind by `skew`.
            let (reading, stored) = (at(SIX + reading), at(SIX + reading + later));
            for unit in Unit::ALL {
                let cell = Cell { unit, start: unit.width().floor(reading) };
                let told = closed(reading, stored).any(|closed| closed == cell);
                let added_up = unit.settled(at(stored.millis() + skew)) >= unit.width().after(cell.start);
                prop_assert!(told || !added_up, "{:?}", cell);
            }
        }
    }
}
