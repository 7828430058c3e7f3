//! Ticks of a time axis: full seconds, minutes, hours, days, months and years of a time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::span::Span;
use crate::ticks::usize_f64;

/// The unit of time that begins at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// A tick of a time axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeTick {
    /// The instant, in ms since the epoch.
    pub at: f64,
    /// The same in the calendar of the time zone.
    pub civil: DateTime,
    /// The largest unit that begins there: midnight is a `Day` on an axis of hours.
    pub unit: Unit,
}

/// Distances of ticks: a number of units, and its minimum length in seconds.
const STEPS: [(i64, Unit, f64); 24] = [
    (1, Unit::Second, 1.0),
    (2, Unit::Second, 2.0),
    (5, Unit::Second, 5.0),
    (10, Unit::Second, 10.0),
    (30, Unit::Second, 30.0),
    (1, Unit::Minute, 60.0),
    (2, Unit::Minute, 120.0),
    (5, Unit::Minute, 300.0),
    (10, Unit::Minute, 600.0),
    (30, Unit::Minute, 1_800.0),
    (1, Unit::Hour, 3_600.0),
    (2, Unit::Hour, 7_200.0),
    (6, Unit::Hour, 21_600.0),
    (12, Unit::Hour, 43_200.0),
    (1, Unit::Day, 86_400.0),
    (2, Unit::Day, 172_800.0),
    (7, Unit::Day, 604_800.0),
    (14, Unit::Day, 1_209_600.0),
    (1, Unit::Month, 2_678_400.0),
    (3, Unit::Month, 7_862_400.0),
    (6, Unit::Month, 15_724_800.0),
    (1, Unit::Year, 31_536_000.0),
    (2, Unit::Year, 63_072_000.0),
    (5, Unit::Year, 157_680_000.0),
];

/// The ticks within a span, in ascending order: about `most` at most, at round times of the time zone.
pub fn time_ticks(span: Span, zone: &TimeZone, most: usize) -> Vec<TimeTick> {
    let least = span.length() / 1_000.0 / usize_f64(most.max(1));
    let step = STEPS.into_iter().find(|(_, _, seconds)| *seconds >= least);
    let (count, unit, _) = step.unwrap_or((10, Unit::Year, 0.0));
    let Some(mut civil) = instant(span.from()).map(|at| floor(at.to_zoned(zone.clone()).datetime(), count, unit))
    else {
        return Vec::new();
    };
    let mut found: Vec<TimeTick> = Vec::new();
    // Never more than twice as many as wanted: the step is chosen so, and the first ones may lie before the span.
    for _ in 0..most.saturating_mul(2).saturating_add(4) {
        let Some(at) = zone.to_ambiguous_timestamp(civil).compatible().ok().map(millis) else { break };
        if at > span.until() {
            break;
        }
        // A local time that the change to summer time skips becomes the next one, which may already be there.
        if at >= span.from() && found.last().is_none_or(|last| last.at < at) {
            found.push(TimeTick { at, civil, unit: begins(civil, unit) });
        }
        let Some(next) = next(civil, count, unit) else { break };
        civil = next;
    }
    found
}

fn instant(ms: f64) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "instants are far below 2^63 ms; a greater one saturates and is refused"
    )]
    Timestamp::from_millisecond(ms as i64).ok()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of the years 0 to 9999 are below 2^53")]
fn millis(at: Timestamp) -> f64 {
    at.as_millisecond() as f64
}

/// The last multiple of the step at or before a local time.
fn floor(civil: DateTime, count: i64, unit: Unit) -> DateTime {
    let date = civil.date();
    let down = |number: i8| i8::try_from(i64::from(number) / count * count).unwrap_or(0);
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    let midnight = |date: Date| date.at(0, 0, 0, 0);
    match unit {
        Unit::Second => date.at(hour, minute, down(second), 0),
        Unit::Minute => date.at(hour, down(minute), 0, 0),
        Unit::Hour => date.at(down(hour), 0, 0, 0),
        Unit::Day => {
            // Weeks begin on Mondays; the epoch was a Thursday, three days after one.
            let day = days(date) + 3;
            midnight(date.checked_sub(day.rem_euclid(count).days()).unwrap_or(date))
        }
        Unit::Month => {
            let month = i64::from(date.month() - 1) / count * count + 1;
            midnight(Date::new(date.year(), i8::try_from(month).unwrap_or(1), 1).unwrap_or(date))
        }
        Unit::Year => {
            let year = i64::from(date.year()).div_euclid(count) * count;
            midnight(Date::new(i16::try_from(year).unwrap_or(date.year()), 1, 1).unwrap_or(date))
        }
    }
}

/// Days since 1970-01-01.
fn days(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    i64::from(epoch.until(date).map_or(0, |span| span.get_days()))
}

fn next(civil: DateTime, count: i64, unit: Unit) -> Option<DateTime> {
    match unit {
        Unit::Second => civil.checked_add(SignedDuration::from_secs(count)),
        Unit::Minute => civil.checked_add(SignedDuration::from_mins(count)),
        Unit::Hour => civil.checked_add(SignedDuration::from_hours(count)),
        Unit::Day => civil.checked_add(count.days()),
        Unit::Month => civil.checked_add(count.months()),
        Unit::Year => civil.checked_add(count.years()),
    }
    .ok()
}

/// The largest unit that begins at a local time, on an axis with this unit.
fn begins(civil: DateTime, unit: Unit) -> Unit {
    let found = match (civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second()) {
        (1, 1, 0, 0, 0) => Unit::Year,
        (_, 1, 0, 0, 0) => Unit::Month,
        (_, _, 0, 0, 0) => Unit::Day,
        (_, _, _, 0, 0) => Unit::Hour,
        (_, _, _, _, 0) => Unit::Minute,
        _ => Unit::Second,
    };
    found.max(unit)
}

/// The label of a tick: `14:05`, `14:05:30`, `20 Nov`, `Nov`, `2026`. `months` are the twelve short names of months, January first.
pub fn time_label(tick: &TimeTick, months: &[&str]) -> String {
    let civil = tick.civil;
    let month =
        usize::try_from(civil.month() - 1).ok().and_then(|index| months.get(index)).copied().unwrap_or_default();
    match tick.unit {
        Unit::Second => format!("{:02}:{:02}:{:02}", civil.hour(), civil.minute(), civil.second()),
        Unit::Minute | Unit::Hour => format!("{:02}:{:02}", civil.hour(), civil.minute()),
        Unit::Day => format!("{} {month}", civil.day()),
        Unit::Month => month.to_owned(),
        Unit::Year => civil.year().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    fn at(text: &str) -> f64 {
        millis(text.parse::<Timestamp>().unwrap())
    }

    fn labels(from: &str, until: &str, zone: &str) -> Vec<String> {
        let ticks = time_ticks(Span::new(at(from), at(until)), &TimeZone::get(zone).unwrap(), 8);
        ticks.iter().map(|tick| time_label(tick, &MONTHS)).collect()
    }

    #[test]
    fn ticks_stand_at_rounded_times_of_the_zone() {
        let day = labels("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "Europe/Berlin");
        assert_eq!(day, ["06:00", "12:00", "18:00", "21 Nov"]);
        let hour = labels("2026-11-20T06:02:00Z", "2026-11-20T06:35:00Z", "UTC");
        assert_eq!(hour, ["06:05", "06:10", "06:15", "06:20", "06:25", "06:30", "06:35"]);
        assert_eq!(labels("2026-11-20T00:00:10Z", "2026-11-20T00:00:13Z", "UTC").len(), 4);
        let weeks = labels("2026-11-01T12:00:00Z", "2026-12-13T12:00:00Z", "UTC");
        assert_eq!(weeks, ["2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov", "7 Dec"]);
        let months = labels("2026-10-15T00:00:00Z", "2027-04-15T00:00:00Z", "UTC");
        assert_eq!(months, ["Nov", "Dec", "2027", "Feb", "Mar", "Apr"]);
    }

    #[test]
    fn days_have_23_and_25_hours_when_the_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (from, until) in
            [("2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z"), ("2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z")]
        {
            let ticks = time_ticks(Span::new(at(from), at(until)), &zone, 10);
            assert!(ticks.iter().all(|tick| tick.civil.hour() % 6 == 0), "{ticks:?}");
            assert!(ticks.iter().filter(|tick| tick.unit == Unit::Day).count() >= 2);
        }
        // An hour that the change to summer time skips has one tick, not two.
        let spring = time_ticks(Span::new(at("2026-03-28T23:00:00Z"), at("2026-03-29T05:00:00Z")), &zone, 8);
        assert!(spring.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    proptest! {
        #[test]
        fn ticks_are_inside_distinct_and_not_too_many(
            from in 0.0..4e12, length in 3.0..13.0, most in 2_usize..14,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"]),
        ) {
            let span = Span::new(from, from + 10_f64.powf(length));
            let ticks = time_ticks(span, &TimeZone::get(zone).unwrap(), most);
            prop_assert!(ticks.iter().all(|tick| span.contains(tick.at)));
            prop_assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at));
            prop_assert!(ticks.len() <= most + 2, "{} of {}", ticks.len(), most);
        }
    }
}
