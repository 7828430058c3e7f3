//! Quiet hours, in the time zone of the person.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::domain::Timestamp;

/// A time zone of the IANA database, such as `Europe/Vienna`.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The local time there; `None` outside the calendar's range.
    pub fn wall(&self, at: Timestamp) -> Option<jiff::civil::DateTime> {
        let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        Some(self.0.to_datetime(at))
    }

    /// The abbreviation of the zone at that time, such as `CET`.
    pub fn abbreviation(&self, at: Timestamp) -> String {
        jiff::Timestamp::from_millisecond(at.millis())
            .map(|at| self.0.to_offset_info(at).abbreviation().to_owned())
            .unwrap_or_default()
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let zone = TimeZone::get(text).ok().filter(|zone| zone.iana_name().is_some());
        zone.map(Self).ok_or_else(|| "must be a time zone of the IANA database, such as Europe/Vienna".to_owned())
    }
}

/// A time of day, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(Time);

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<i8>().ok()).flatten()
        };
        let parsed = text.split_once(':').and_then(|(hour, minute)| Time::new(two(hour)?, two(minute)?, 0, 0).ok());
        parsed.map(Self).ok_or_else(|| "must be a time of day such as 22:00".to_owned())
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// Hours in which no notices are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct QuietHours {
    /// Their beginning.
    pub from: TimeOfDay,
    /// Their end; on the next day if it is before the beginning. It differs from the beginning.
    pub to: TimeOfDay,
    /// The time zone of both times.
    pub zone: Zone,
    /// Whether critical notices are sent nevertheless.
    pub except_critical: bool,
}

impl QuietHours {
    /// The end of the quiet hours that `at` lies in; `None` outside of them. If the clock is set forward past the
    /// end, that moment is the end; if it is set back, the first time that it shows the end.
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let wall = self.zone.wall(at)?;
        let (from, to, now) = (self.from.0, self.to.0, wall.time());
        let over_midnight = to < from;
        let day = match over_midnight {
            false if from <= now && now < to => wall.date(),
            true if now >= from => wall.date().tomorrow().ok()?,
            true if now < to => wall.date(),
            _ => return None,
        };
        let end = self.zone.0.to_ambiguous_zoned(day.to_datetime(to)).compatible().ok()?;
        let end = Timestamp::from_millis(end.timestamp().as_millisecond());
        // When the clock was set back during the quiet hours, the end may have passed once already.
        (end > at).then_some(end)
    }
}
