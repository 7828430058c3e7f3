//! The age of an instant, and durations, in words.

use crate::messages as m;
use crate::text::{Text, fill, t};

/// The age of an instant, in words: `12 s ago`. Both arguments are in ms since the epoch; an instant in the future is `now`, since clocks
/// differ.
pub fn ago(at: f64, now: f64) -> String {
    let seconds = (now - at) / 1_000.0;
    let (text, length): (Text, f64) = match seconds {
        seconds if seconds < 2.0 || !seconds.is_finite() => return t(m::NOW).to_owned(),
        seconds if seconds < 100.0 => (m::SECONDS_AGO, 1.0),
        seconds if seconds < 100.0 * 60.0 => (m::MINUTES_AGO, 60.0),
        seconds if seconds < 48.0 * 3_600.0 => (m::HOURS_AGO, 3_600.0),
        _ => (m::DAYS_AGO, 86_400.0),
    };
    fill(text, &[("count", &format!("{:.0}", (seconds / length).floor()))])
}

/// A duration in ms, in short: `2 h`.
pub fn length(ms: f64) -> String {
    let (unit, length) = match ms {
        ms if ms < 60_000.0 => ("s", 1_000.0),
        ms if ms < 3_600_000.0 => ("min", 60_000.0),
        ms if ms < 48.0 * 3_600_000.0 => ("h", 3_600_000.0),
        _ => ("d", 86_400_000.0),
    };
    format!("{:.0} {unit}", ms / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_the_unit_that_one_can_read() {
        let now = 1e12;
        for (seconds, words) in [
            (-3.0, "now"),
            (1.0, "now"),
            (12.0, "12 s ago"),
            (99.0, "99 s ago"),
            (100.0, "1 min ago"),
            (5_999.0, "99 min ago"),
            (7_200.0, "2 h ago"),
            (172_800.0, "2 d ago"),
        ] {
            assert_eq!(ago(now - seconds * 1e3, now), words);
        }
        assert_eq!((length(30_000.0), length(5_400_000.0)), ("30 s".to_owned(), "2 h".to_owned()));
    }
}
