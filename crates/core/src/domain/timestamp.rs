//! An instant, in milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;

use super::{Reason, Refusal};

/// How far the instant of a message may be ahead of its reception, in ms.
const AHEAD_MS: i64 = 15 * 60 * 1000;
/// 2000-01-01T00:00:00Z. An earlier instant comes from a clock that was never set, or is given in seconds instead of
/// milliseconds (which makes it 1970).
const EARLIEST_MS: i64 = 946_684_800_000;

/// An instant in epoch milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant that a reading can have: 2000-01-01T00:00:00Z.
    pub const EARLIEST: Self = Self(EARLIEST_MS);

    /// From epoch milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From epoch seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Epoch milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Epoch seconds, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved by `seconds`.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Checks that a message received at `received` can be of this instant.
    ///
    /// # Errors
    /// `future_timestamp` more than 15 minutes ahead of `received`; `bad_timestamp` before the year 2000.
    pub fn plausible(self, received: Self) -> Result<Self, Refusal> {
        if self.millis_since(received) > AHEAD_MS {
            return Err(Refusal::new(
                Reason::FutureTimestamp,
                format!("instant {} lies {} s ahead of its reception", self.0, self.millis_since(received) / 1000),
            ));
        }
        if self.0 < EARLIEST_MS {
            return Err(Refusal::new(
                Reason::BadTimestamp,
                format!(
                    "instant {} lies before the year 2000: a clock not set, or seconds instead of milliseconds",
                    self.0
                ),
            ));
        }
        Ok(self)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; outside the calendar's range the milliseconds as a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => at.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

    #[test]
    fn a_quarter_of_an_hour_ahead_is_the_limit() {
        assert!(Timestamp(NOW.0 + AHEAD_MS).plausible(NOW).is_ok());
        let refusal = Timestamp(NOW.0 + AHEAD_MS + 1).plausible(NOW).unwrap_err();
        assert_eq!(refusal.reason, Reason::FutureTimestamp);
    }

    #[test]
    fn seconds_taken_for_milliseconds_are_found_out() {
        assert_eq!(Timestamp(1_795_155_884).plausible(NOW).unwrap_err().reason, Reason::BadTimestamp);
        assert!(Timestamp(EARLIEST_MS).plausible(NOW).is_ok());
    }

    #[test]
    fn extremes_do_not_overflow() {
        for at in [i64::MIN, i64::MAX, 0] {
            for received in [i64::MIN, i64::MAX, 0] {
                let _ = Timestamp(at).plausible(Timestamp(received));
                let _ = Timestamp(at).plus_seconds(i64::MAX).seconds();
            }
        }
    }
}
