//! Numbers and instants as devices write them.

use serde_json::Value;

use crate::domain::number::storable;
use crate::domain::{Reason, Refusal, Timestamp};

/// Reads a number, or a text with one: IoT SQL turns `10.0` into `10`, and some firmware sends `"10.0"`.
///
/// # Errors
/// `bad_value` for anything else, `number_out_of_range` for a magnitude that a store cannot hold.
pub fn number(value: &Value) -> Result<f64, Refusal> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    storable(number.ok_or_else(|| Refusal::new(Reason::BadValue, format!("{value} is not a number")))?)
}

/// Reads an instant: epoch milliseconds, or RFC 3339 text.
///
/// # Errors
/// `bad_timestamp` for anything else.
pub fn instant(value: &Value) -> Result<Timestamp, Refusal> {
    let millis = match value {
        // Fractions of a millisecond are cut; the range is checked where the instant is used.
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|millis| millis as i64)),
        Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond()),
        _ => None,
    };
    millis.map(Timestamp::from_millis).ok_or_else(|| {
        Refusal::new(Reason::BadTimestamp, format!("{value} is neither epoch milliseconds nor RFC 3339"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_numbers_and_as_text() {
        for (value, expected) in
            [(json!(7.02), 7.02), (json!(10), 10.0), (json!("7.02"), 7.02), (json!(" -1e3 "), -1000.0)]
        {
            assert_eq!(number(&value), Ok(expected), "{value}");
        }
        for bad in
            [json!("abc"), json!(""), json!(null), json!(true), json!([1]), json!({}), json!("NaN"), json!("inf")]
        {
            assert_eq!(number(&bad).unwrap_err().reason, Reason::BadValue, "{bad}");
        }
        assert_eq!(number(&json!("1e200")).unwrap_err().reason, Reason::NumberOutOfRange);
    }

    #[test]
    fn instants_come_as_milliseconds_and_as_rfc_3339() {
        let expected = Ok(Timestamp::from_millis(1_795_155_884_123));
        for value in [
            json!(1_795_155_884_123_i64),
            json!(1_795_155_884_123.4),
            json!("2026-11-20T06:24:44.123Z"),
            json!("2026-11-20T07:24:44.123+01:00"),
        ] {
            assert_eq!(instant(&value), expected, "{value}");
        }
        for bad in [json!("yesterday"), json!("1795155884123"), json!(null), json!("2026-11-20")] {
            assert_eq!(instant(&bad).unwrap_err().reason, Reason::BadTimestamp, "{bad}");
        }
    }
}
