//! When a failed delivery is tried again.

use crate::domain::Timestamp;

/// How long the delivery of a notice is tried, in seconds.
pub const GIVE_UP_SECONDS: i64 = 24 * 3_600;
/// The pause after the first failure, in seconds. It doubles with each further one.
const FIRST: i64 = 30;
/// The longest pause, in seconds.
const LONGEST: i64 = 3_600;

/// What to do after a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try again at this time.
    At(Timestamp),
    /// Give up.
    GiveUp,
}

/// What to do when the delivery of a notice due at `since` has failed `failures` times in a row, the last time at `now`:
/// pauses of 30 s, 1, 2, 4, … minutes and at most an hour, for 24 hours.
///
/// ```
/// use weir_core::domain::Timestamp;
/// use weir_core::domain::notice::{Retry, retry};
///
/// let at = Timestamp::from_seconds;
/// assert_eq!(retry(at(0), 1, at(5)), Retry::At(at(35)));
/// assert_eq!(retry(at(0), 40, at(86_400)), Retry::GiveUp);
/// ```
pub fn retry(since: Timestamp, failures: u32, now: Timestamp) -> Retry {
    let end = since.plus_seconds(GIVE_UP_SECONDS);
    if now >= end {
        return Retry::GiveUp;
    }
    let pause = FIRST.checked_shl(failures.saturating_sub(1).min(10)).unwrap_or(LONGEST).min(LONGEST);
    // The last attempt is at the end itself.
    Retry::At(now.plus_seconds(pause).min(end))
}
