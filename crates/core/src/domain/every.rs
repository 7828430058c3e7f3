//! The width of the intervals that readings are aggregated over: `5m`, `1h`, `1d`.
//!
//! Intervals are aligned to 1970-01-01T00:00Z, a Thursday, whatever span is requested: `1d` begins at midnight UTC, `15m` at
//! the quarters of an hour, and `7d` on Thursdays.

use std::fmt;

use super::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day in milliseconds.
pub const DAY: i64 = 24 * HOUR;
/// The longest interval, in ms: a leap year.
const LONGEST: i64 = 366 * DAY;

/// The width of an interval: a whole number of seconds, minutes, hours or days, 366 days at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    count: i64,
    unit: char,
    millis: i64,
}

/// Why a text is not the width of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEvery {
    /// It is not a number with a unit.
    #[error("must be a whole number and a unit, `s`, `m`, `h` or `d`, such as 5m, 1h or 1d")]
    Unreadable,
    /// It is shorter or longer than allowed.
    #[error("must be 1s at least and 366d at most")]
    OutOfBounds,
}

impl Every {
    /// Reads a width such as `5m`.
    ///
    /// # Errors
    /// When it is not a number with a unit, is zero, or exceeds 366 days.
    pub fn parse(text: &str) -> Result<Self, BadEvery> {
        let unit = text.chars().next_back().ok_or(BadEvery::Unreadable)?;
        let one = match unit {
            's' => SECOND,
            'm' => MINUTE,
            'h' => HOUR,
            'd' => DAY,
            _ => return Err(BadEvery::Unreadable),
        };
        let digits = text.strip_suffix(unit).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadEvery::Unreadable);
        }
        // Digits that do not fit an i64 are too many.
        let count: i64 = digits.parse().map_err(|_| BadEvery::OutOfBounds)?;
        let millis = count.saturating_mul(one);
        if (SECOND..=LONGEST).contains(&millis) { Ok(Self { count, unit, millis }) } else { Err(BadEvery::OutOfBounds) }
    }

    /// One hour.
    pub const fn hour() -> Self {
        Self { count: 1, unit: 'h', millis: HOUR }
    }

    /// One day.
    pub const fn day() -> Self {
        Self { count: 1, unit: 'd', millis: DAY }
    }

    /// The width in milliseconds.
    pub const fn millis(self) -> i64 {
        self.millis
    }

    /// The start of the interval that contains the instant.
    pub const fn floor(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.millis().saturating_sub(at.millis().rem_euclid(self.millis)))
    }

    /// The first start of an interval at or after the instant.
    pub const fn ceil(self, at: Timestamp) -> Timestamp {
        let floor = self.floor(at);
        if floor.millis() == at.millis() { floor } else { self.after(floor) }
    }

    /// The end (exclusive) of the interval that starts at `start`.
    pub const fn after(self, start: Timestamp) -> Timestamp {
        Timestamp::from_millis(start.millis().saturating_add(self.millis))
    }

    /// The number of intervals that overlap the span from `from` (inclusive) to `to` (exclusive).
    pub const fn count(self, from: Timestamp, to: Timestamp) -> i64 {
        if to.millis() <= from.millis() {
            return 0;
        }
        self.ceil(to).millis().saturating_sub(self.floor(from).millis()) / self.millis
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_width_is_a_number_with_a_unit() {
        for (text, millis) in [("1s", 1_000), ("5m", 300_000), ("1h", HOUR), ("36h", 36 * HOUR), ("1d", DAY)] {
            let every = Every::parse(text).unwrap();
            assert_eq!((every.millis(), every.to_string().as_str()), (millis, text));
        }
        assert_eq!(Every::parse("007d").unwrap().to_string(), "7d");
        assert_eq!((Every::parse("1h"), Every::parse("1d")), (Ok(Every::hour()), Ok(Every::day())));
    }

    #[test]
    fn an_unreadable_width_is_told_from_one_out_of_bounds() {
        for text in ["", "m", "5", "5M", "5min", "-5m", "+5m", "1.5h", "5 m", " 5m", "1w", "٣m", "5µ", "1h1m"] {
            assert_eq!(Every::parse(text), Err(BadEvery::Unreadable), "{text}");
        }
        for text in ["0s", "0d", "367d", "99999999999d", "99999999999999999999s"] {
            assert_eq!(Every::parse(text), Err(BadEvery::OutOfBounds), "{text}");
        }
    }

    #[test]
    fn intervals_are_aligned_to_utc() {
        // 2026-11-20T06:24:44.123Z
        let instant = at(1_795_155_884_123);
        assert_eq!(Every::day().floor(instant), at(1_795_132_800_000));
        assert_eq!(Every::hour().floor(instant), at(1_795_154_400_000));
        assert_eq!(Every::hour().ceil(instant), at(1_795_158_000_000));
        assert_eq!(Every::hour().ceil(at(1_795_154_400_000)), at(1_795_154_400_000));
        assert_eq!(Every::day().floor(at(-1)), at(-DAY));
    }

    #[test]
    fn the_intervals_of_a_span_are_those_with_a_part_in_it() {
        let hour = Every::hour();
        for (from, to, count) in
            [(0, 0, 0), (0, 1, 1), (0, HOUR, 1), (0, HOUR + 1, 2), (HOUR - 1, HOUR + 1, 2), (9, 3, 0)]
        {
            assert_eq!(hour.count(at(from), at(to)), count, "{from} {to}");
        }
        for (from, to) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (i64::MAX, i64::MAX)] {
            let _ = hour.count(at(from), at(to));
        }
    }
}
