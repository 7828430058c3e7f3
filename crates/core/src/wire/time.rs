//! Instants in JSON: RFC 3339, UTC, milliseconds, e.g. `2026-11-20T06:24:44.123Z`.
//!
//! Use it as `#[serde(with = "weir_core::wire::time")]`, or `…::time::option` for an optional field.

use jiff::fmt::temporal::DateTimePrinter;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::domain::Timestamp;

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// The instant as text; `None` outside the years 0 to 9999, which RFC 3339 cannot express.
pub fn text(at: Timestamp) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    (0..=9999).contains(&jiff::tz::Offset::UTC.to_datetime(at).year()).then(|| PRINTER.timestamp_to_string(&at))
}

/// Parses RFC 3339 text with any offset; fractions of a millisecond are cut off. `None` also for an instant that
/// [`text`](self::text) cannot write, because every instant that is read is shown again later.
pub fn parse(text: &str) -> Option<Timestamp> {
    any(text).filter(|at| self::text(*at).is_some())
}

/// Parses RFC 3339 text of any year. Second 60, a leap second, is second 0 of the next minute, as POSIX counts.
pub(super) fn any(text: &str) -> Option<Timestamp> {
    // The library reads second 60 as 59, which would make two instants one.
    let at: jiff::Timestamp = text.parse().ok()?;
    let millis = at.as_nanosecond().div_euclid(1_000_000) as i64;
    Some(Timestamp::from_millis(millis).plus_seconds(i64::from(is_leap_second(text))))
}

/// Whether the time of day in a text that was parsed ends in second 60.
fn is_leap_second(text: &str) -> bool {
    let time = text.split_once(['T', 't', ' ']).map_or("", |(_, time)| time);
    let digits = time.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b':').filter(|byte| *byte != b':');
    digits.skip(4).eq(*b"60")
}

/// Writes the instant as text.
///
/// # Errors
/// Outside the years 0 to 9999.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text(*at).ok_or_else(|| S::Error::custom(format!("{} ms lies outside the calendar", at.millis())))?;
    serializer.serialize_str(&text)
}

/// Reads an instant from text.
///
/// # Errors
/// When it is not RFC 3339 text with an offset.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        D::Error::custom(format!("{shown:?} is not an RFC 3339 instant such as 2026-11-20T06:24:44.123Z"))
    })
}

/// The same for an optional instant.
pub mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::Timestamp;

    #[derive(Serialize, Deserialize)]
    struct Instant(#[serde(with = "super")] Timestamp);

    /// Writes the instant as text, or `null`.
    ///
    /// # Errors
    /// Outside the years 0 to 9999.
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Instant).serialize(serializer)
    }

    /// Reads an instant from text, or `null`. The field also needs `#[serde(default)]` to be left out.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Instant>::deserialize(deserializer)?.map(|Instant(at)| at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super")]
        at: Timestamp,
        #[serde(with = "super::option", default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    }

    fn row(at: i64, until: Option<i64>) -> Row {
        Row { at: Timestamp::from_millis(at), until: until.map(Timestamp::from_millis) }
    }

    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        for (millis, text) in [
            (1_795_155_884_123, "2026-11-20T06:24:44.123Z"),
            (1_795_155_884_000, "2026-11-20T06:24:44.000Z"),
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_207_199_999, "9999-12-30T21:59:59.999Z"),
        ] {
            let written = serde_json::to_value(row(millis, Some(millis))).unwrap();
            assert_eq!(written, json!({"at": text, "until": text}));
            assert_eq!(serde_json::from_value::<Row>(written).unwrap(), row(millis, Some(millis)));
        }
    }

    #[test]
    fn any_offset_and_precision_is_read() {
        for text in [
            "2026-11-20T06:24:44.123Z",
            "2026-11-20T07:24:44.123+01:00",
            "2026-11-20t06:24:44.1239z",
            "2026-11-20 06:24:44.123Z",
        ] {
            assert_eq!(parse(text), Some(Timestamp::from_millis(1_795_155_884_123)), "{text}");
        }
        assert_eq!(parse("1969-12-31T23:59:59.9995Z"), Some(Timestamp::from_millis(-1)));
    }

    #[test]
    fn a_leap_second_is_the_second_after_and_not_the_one_before() {
        let at = |text| parse(text).map(Timestamp::millis);
        for (text, same) in [
            ("2016-12-31T23:59:60.100Z", "2017-01-01T00:00:00.100Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2017-01-01T00:59:60.9999+01:00", "2017-01-01T00:00:00.999Z"),
            ("2016-12-31t23:59:60z", "2017-01-01T00:00:00Z"),
            ("20161231T235960.5Z", "2017-01-01T00:00:00.5Z"),
            ("2016-12-31T23:59:59.60Z", "2016-12-31T23:59:59.6Z"),
            ("2016-12-31T23:59:59+01:00", "2016-12-31T22:59:59Z"),
        ] {
            assert_eq!((at(text), at(text).is_some()), (at(same), true), "{text}");
        }
        assert_eq!(at("2016-12-31T23:59:61Z"), None);
    }

    #[test]
    fn what_is_read_can_be_written() {
        for text in ["0000-01-01T00:00:00Z", "9999-12-30T21:59:59.999Z"] {
            assert!(parse(text).and_then(super::text).is_some(), "{text}");
        }
        for beyond in ["-000001-12-31T00:00:00Z", "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"] {
            assert_eq!(parse(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused_and_named() {
        for bad in [
            json!("yesterday"),
            json!("2026-11-20"),
            json!("2026-11-20T06:24:44"),
            json!(1_795_155_884_123_i64),
            Value::Null,
        ] {
            assert!(serde_json::from_value::<Row>(json!({"at": bad})).is_err(), "{bad}");
        }
        let error = serde_json::from_value::<Row>(json!({"at": "yesterday"})).unwrap_err().to_string();
        assert!(error.contains("yesterday") && error.contains("RFC 3339"), "{error}");
    }

    #[test]
    fn an_absent_instant_stays_absent() {
        assert_eq!(serde_json::from_value::<Row>(json!({"at": "1970-01-01T00:00:00Z"})).unwrap(), row(0, None));
        assert_eq!(
            serde_json::from_value::<Row>(json!({"at": "1970-01-01T00:00:00Z", "until": null})).unwrap(),
            row(0, None)
        );
        assert_eq!(serde_json::to_value(row(0, None)).unwrap(), json!({"at": "1970-01-01T00:00:00.000Z"}));
        assert!(serde_json::to_value(row(i64::MAX, None)).is_err());
    }
}
