//! Instants: parsing them, and formatting them in a time zone and the language of the page.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::text::{Language, language};

/// The short names of months in the language of the page.
pub fn months() -> [&'static str; 12] {
    match language() {
        Language::English => ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        Language::German => ["Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sep", "Okt", "Nov", "Dez"],
    }
}

/// Parses an instant of the API, `2026-11-20T06:24:44.123Z`, to ms since the epoch.
pub fn parse(text: &str) -> Option<f64> {
    text.parse::<Timestamp>().ok().map(millis)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of the years 0 to 9999 are below 2^53")]
fn millis(at: Timestamp) -> f64 {
    at.as_millisecond() as f64
}

/// An instant of the domain in ms since the epoch.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of the years 0 to 9999 are below 2^53")]
pub fn of(at: weir_core::domain::Timestamp) -> f64 {
    at.millis() as f64
}

/// Seconds since the epoch, as in problems and levels, in ms.
#[expect(clippy::cast_precision_loss, reason = "seconds of the years 0 to 9999 are below 2^53")]
pub fn seconds(at: i64) -> f64 {
    at as f64 * 1_000.0
}

/// An instant as a type of `jiff`; `None` outside the calendar.
pub fn timestamp(ms: f64) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "instants are far below 2^63 ms; a greater one saturates and is refused"
    )]
    Timestamp::from_millisecond(ms as i64).ok()
}

/// An instant as the API expects it, in UTC with milliseconds.
pub fn rfc3339(ms: f64) -> String {
    timestamp(ms).map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()).unwrap_or_default()
}

/// Date and time in the zone: `20 Nov 2026, 07:24:44`.
pub fn full(ms: f64, zone: &TimeZone) -> String {
    let Some(at) = timestamp(ms) else { return String::new() };
    let at = at.to_zoned(zone.clone());
    match language() {
        Language::English => at.strftime("%-d %b %Y, %H:%M:%S").to_string(),
        Language::German => at.strftime("%d.%m.%Y, %H:%M:%S").to_string(),
    }
}

/// An instant as the value of an input field for date and time, `2026-11-20T07:24`.
pub fn field(ms: f64, zone: &TimeZone) -> String {
    timestamp(ms).map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

/// Reads such a field. A local time that the change to summer time skips becomes the next one.
pub fn of_field(text: &str, zone: &TimeZone) -> Option<f64> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    zone.to_ambiguous_timestamp(civil).compatible().ok().map(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_the_same_in_every_form() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = parse("2026-11-20T06:24:44.123Z").unwrap();
        assert_eq!(rfc3339(at), "2026-11-20T06:24:44.123Z");
        assert_eq!(full(at, &zone), "20 Nov 2026, 07:24:44");
        assert_eq!(of_field(&field(at, &zone), &zone), parse("2026-11-20T06:24:00Z"));
        assert_eq!(of_field("2026-03-29T02:30", &zone), parse("2026-03-29T01:30:00Z"));
        assert_eq!((parse("yesterday"), rfc3339(1e300)), (None, String::new()));
    }
}
