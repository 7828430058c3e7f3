//! Numbers and instants as devices write them.

use super::json::{Json, Object};
use super::time;
use crate::domain::number::storable;
use crate::domain::{Reason, Refusal, Timestamp};

/// Maximum characters of a value that a refusal quotes.
const LONGEST_SHOWN: usize = 80;

/// Reads the number of a field, or a text with a number: some firmware sends `"10.0"`.
///
/// # Errors
/// `bad_value` for anything else, `number_out_of_range` for a magnitude that a store cannot hold. Both name the field.
pub fn number(field: &str, value: &Json) -> Result<f64, Refusal> {
    let text = match value {
        Json::Number(text) => Some(text.as_str()),
        Json::Text(text) => Some(without_nul(text).trim()),
        _ => None,
    };
    let bad =
        |what: &str| Refusal::new(Reason::BadValue, format!("`{field}` is {}, which is not {what}", shown(value)));
    let text = text.ok_or_else(|| bad("a number"))?;
    let number: f64 = text.parse().map_err(|_| bad("a number"))?;
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(bad("a finite number"));
    }
    // What is too large for a double is read as infinite, and what is too small as zero.
    let vanished = number == 0.0
        && text
            .split(['e', 'E'])
            .next()
            .is_some_and(|mantissa| mantissa.contains(['1', '2', '3', '4', '5', '6', '7', '8', '9']));
    match storable(number) {
        Ok(number) if !vanished => Ok(number),
        _ => {
            let detail = format!("`{field}` is {}, a magnitude that cannot be stored", shown(value));
            Err(Refusal::new(Reason::NumberOutOfRange, detail))
        }
    }
}

/// Reads the instant of a field: epoch milliseconds, or RFC 3339 text.
///
/// # Errors
/// `bad_timestamp` for anything else, naming the field.
pub fn instant(field: &str, value: &Json) -> Result<Timestamp, Refusal> {
    let millis = match value {
        // Fractions of a millisecond are cut; the range is checked where the instant is used.
        Json::Number(text) => text.parse().ok().or_else(|| {
            let millis: f64 = text.parse().ok()?;
            (millis.abs() < i64::MAX as f64).then_some(millis as i64)
        }),
        Json::Text(text) => time::any(without_nul(text)).map(Timestamp::millis),
        _ => None,
    };
    millis.map(Timestamp::from_millis).ok_or_else(|| {
        let detail = format!("`{field}` is {}, which is neither epoch milliseconds nor RFC 3339", shown(value));
        Refusal::new(Reason::BadTimestamp, detail)
    })
}

/// The instant of a message or a group of values: its field `ts` or `timestamp`, else `received`, when AWS received it. A field
/// that is `null` counts as absent.
///
/// # Errors
/// `bad_timestamp` when a field is not an instant or both differ, and what [`Timestamp::plausible`] refuses.
pub fn sent_at(fields: &Object, received: Timestamp) -> Result<Timestamp, Refusal> {
    let given = |name: &'static str| fields.get(name).map(|value| instant(name, value)).transpose();
    match (given("ts")?, given("timestamp")?) {
        (Some(ts), Some(timestamp)) if ts != timestamp => {
            let detail =
                format!("`ts` is {} and `timestamp` {}: it is not known which counts", ts.millis(), timestamp.millis());
            Err(Refusal::new(Reason::BadTimestamp, detail))
        }
        (Some(at), _) | (None, Some(at)) => at.plausible(received),
        (None, None) => Ok(received),
    }
}

/// The text without trailing NULs, which some firmware written in C sends along.
pub fn without_nul(text: &str) -> &str {
    text.trim_end_matches('\0')
}

/// A value as a refusal quotes it.
fn shown(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    #[test]
    fn numbers_come_as_numbers_and_as_text() {
        for (text, expected) in [
            ("7.02", 7.02),
            ("10", 10.0),
            ("10.0", 10.0),
            ("-0.0e999", 0.0),
            ("\"7.02\"", 7.02),
            ("\" -1e3 \"", -1000.0),
            (r#""7.02\u0000\u0000""#, 7.02),
        ] {
            assert_eq!(number("ph", &json(text)), Ok(expected), "{text}");
        }
        for bad in
            ["\"abc\"", "\"\"", "null", "true", "[1]", "{}", "\"NaN\"", "\"inf\"", "\"-Infinity\"", r#""\u00007""#]
        {
            let refusal = number("ph", &json(bad)).unwrap_err();
            assert_eq!(refusal.reason, Reason::BadValue, "{bad}");
            assert!(refusal.detail.starts_with("`ph` is "), "{refusal}");
        }
    }

    #[test]
    fn a_number_beyond_a_double_is_named_as_it_was_written() {
        for bad in ["1E400", "-1e400", "\"1e400\"", "1e200", "1e-400", "\"-1e-400\"", "1e-131", &"9".repeat(400)] {
            let refusal = number("tmp", &json(bad)).unwrap_err();
            assert_eq!(refusal.reason, Reason::NumberOutOfRange, "{bad}");
            let quoted: String = bad.chars().take(80).collect();
            assert!(refusal.detail.contains(&quoted) && refusal.detail.contains("`tmp`"), "{refusal}");
        }
    }

    #[test]
    fn instants_come_as_milliseconds_and_as_rfc_3339() {
        let expected = Ok(Timestamp::from_millis(1_795_155_884_123));
        for text in [
            "1795155884123",
            "1795155884123.4",
            "1.795155884123e12",
            "\"2026-11-20T06:24:44.123Z\"",
            "\"2026-11-20T07:24:44.123+01:00\"",
            r#""2026-11-20T06:24:44.123Z\u0000""#,
        ] {
            assert_eq!(instant("ts", &json(text)), expected, "{text}");
        }
        for bad in ["\"yesterday\"", "\"1795155884123\"", "null", "\"2026-11-20\"", "1e400", "[]", "1e19"] {
            assert_eq!(instant("ts", &json(bad)).unwrap_err().reason, Reason::BadTimestamp, "{bad}");
        }
    }

    #[test]
    fn an_instant_has_two_names_and_null_is_none() {
        let received = Timestamp::from_millis(1_795_155_884_500);
        let at = |text: &str| sent_at(json(text).as_object().unwrap(), received).map(Timestamp::millis);
        for absent in ["{}", r#"{"ts":null}"#, r#"{"timestamp":null,"ts":null}"#] {
            assert_eq!(at(absent), Ok(received.millis()), "{absent}");
        }
        for given in [
            r#"{"ts":1795155884123}"#,
            r#"{"timestamp":"2026-11-20T06:24:44.123Z"}"#,
            r#"{"timestamp":"2026-11-20T06:24:44.123Z","ts":1795155884123}"#,
            r#"{"timestamp":1795155884123,"ts":null}"#,
        ] {
            assert_eq!(at(given), Ok(1_795_155_884_123), "{given}");
        }
        for bad in [
            r#"{"timestamp":1795155884124,"ts":1795155884123}"#,
            r#"{"timestamp":"soon","ts":1795155884123}"#,
            r#"{"timestamp":5}"#,
            r#"{"ts":""}"#,
        ] {
            assert_eq!(at(bad).unwrap_err().reason, Reason::BadTimestamp, "{bad}");
        }
    }
}
