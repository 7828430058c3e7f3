//! Instants in a query.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::ApiError;
use super::openapi::strict::RFC_3339;
use weir_core::domain::Timestamp;
use weir_core::wire::time;

/// 2001-01-01T00:00:00Z in seconds. Between this and [`LATEST_SECOND`] no number of seconds is also a possible number of
/// milliseconds, so a number that counts the other unit is always recognised.
const EARLIEST_SECOND: i64 = 978_307_200;
/// The last second of the year 9999.
const LATEST_SECOND: i64 = 253_402_300_799;
/// Maximum characters of the query that an error quotes.
const SHOWN: usize = 40;

/// The unit of a plain number, counted from 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, as levels and problems show them.
    Seconds,
    /// Milliseconds, as devices send them.
    Milliseconds,
}

/// An instant in a query as the OpenAPI document describes it: RFC 3339 or milliseconds.
#[derive(Debug)]
pub struct TextOrMilliseconds;

/// An instant in a query as the OpenAPI document describes it: RFC 3339 or seconds.
#[derive(Debug)]
pub struct TextOrSeconds;

impl PartialSchema for TextOrMilliseconds {
    fn schema() -> RefOr<Schema> {
        described("0|979[0-9]{9}|9[89][0-9]{10}|[1-9][0-9]{12,13}|1[0-9]{14}|2[0-4][0-9]{13}")
    }
}

impl PartialSchema for TextOrSeconds {
    fn schema() -> RefOr<Schema> {
        described("0|979[0-9]{6}|9[89][0-9]{7}|[1-9][0-9]{9,10}|1[0-9]{11}|2[0-4][0-9]{10}")
    }
}

impl ToSchema for TextOrMilliseconds {}

impl ToSchema for TextOrSeconds {}

/// The schema of a text that is RFC 3339 or one of these numbers.
fn described(numbers: &str) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(format!("^({numbers}|{RFC_3339})$")));
    RefOr::T(Schema::Object(text.build()))
}

/// Reads the query parameter `name`: RFC 3339 with any offset, or a whole number of `unit`. The `+` of an offset may arrive as a
/// space, because that is what an unencoded `+` means in a query.
///
/// # Errors
/// 400 when it is neither; 422 for an instant outside the years 1970 to 9999, and for a number that is before 2001 or after 9999 in
/// that unit, because it was probably meant in the other one. 0 is the same in both.
pub fn instant(name: &str, text: &str, unit: Option<Unit>) -> Result<Timestamp, ApiError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let at = match unit {
        Some(unit) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            number(name, text, unit)?
        }
        _ => {
            time::parse(text).or_else(|| time::parse(&with_plus(text)?)).ok_or_else(|| unreadable(name, text, unit))?
        }
    };
    if at.millis() < 0 || time::text(at).is_none() {
        return Err(ApiError::unfit(name, format!("{:?} lies outside the years 1970 to 9999", shown(text))));
    }
    Ok(at)
}

fn number(name: &str, text: &str, unit: Unit) -> Result<Timestamp, ApiError> {
    let (word, other, of_second) = match unit {
        Unit::Seconds => ("seconds", "milliseconds", 1),
        Unit::Milliseconds => ("milliseconds", "seconds", 1_000),
    };
    let possible = EARLIEST_SECOND * of_second..LATEST_SECOND * of_second + of_second;
    match text.parse::<i64>() {
        Ok(count) if count == 0 || possible.contains(&count) => Ok(match unit {
            Unit::Seconds => Timestamp::from_seconds(count),
            Unit::Milliseconds => Timestamp::from_millis(count),
        }),
        _ => {
            let number = shown(text);
            let detail = format!("{number} is not possible: a number counts {word} since 1970, not {other}");
            Err(ApiError::unfit(name, format!("{detail}, and is 0 or lies in the years 2001 to 9999")))
        }
    }
}

/// The text with the `+` of its offset restored, if it arrived as a space.
fn with_plus(text: &str) -> Option<String> {
    let (before, offset) = text.rsplit_once(' ')?;
    (offset.len() == "01:00".len()).then(|| format!("{before}+{offset}"))
}

fn unreadable(name: &str, text: &str, unit: Option<Unit>) -> ApiError {
    let number = match unit {
        Some(Unit::Seconds) => ", and no whole number of seconds since 1970",
        Some(Unit::Milliseconds) => ", and no whole number of milliseconds since 1970",
        None => "",
    };
    let text = shown(text);
    ApiError::parameter(name, format!("{text:?} is no RFC 3339 instant such as 2026-11-20T06:24:44.123Z{number}"))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::*;

    #[test]
    fn the_beginning_and_the_end_of_a_unit_are_exact() {
        for (unit, second) in [(Unit::Seconds, 1), (Unit::Milliseconds, 1_000)] {
            let read =
                |count: i64| instant("at", &count.to_string(), Some(unit)).map(|at| at.millis() * second / 1_000);
            for good in [0, EARLIEST_SECOND * second, (LATEST_SECOND - 172_800) * second] {
                assert_eq!(read(good), Ok(good), "{unit:?} {good}");
            }
            for bad in [1, -1, EARLIEST_SECOND * second - 1, (LATEST_SECOND + 1) * second, i64::MAX, i64::MIN] {
                assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::Invalid, "{unit:?} {bad}");
            }
        }
    }

    #[test]
    fn a_blank_is_a_plus_only_in_front_of_an_offset() {
        for (text, millis) in [
            ("2026-11-20T07:24:44 01:00", Some(1_795_155_884_000)),
            ("2026-11-20 07:24:44 01:00", Some(1_795_155_884_000)),
            ("2026-11-20 06:24:44Z", Some(1_795_155_884_000)),
            ("2026-11-20T07:24:44  01:00", None),
            (" 2026-11-20T06:24:44Z", None),
            ("2026-11-20 06:24", None),
            ("", None),
            (" ", None),
        ] {
            let read = instant("at", text, Some(Unit::Seconds)).map(Timestamp::millis);
            assert_eq!(read.as_ref().ok(), millis.as_ref(), "{text}");
            assert!(millis.is_some() || read.unwrap_err().kind() == ErrorKind::Malformed, "{text}");
        }
    }
}
