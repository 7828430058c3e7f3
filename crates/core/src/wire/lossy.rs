//! Finds what a JSON reader would silently lose: `serde_json` keeps only the last value of a repeated key (RFC 8259 leaves open which
//! one counts), and doubles, as which most software reads numbers, cannot represent every integer beyond 2^53.

use super::json::Json;
use crate::domain::FieldError;
use crate::domain::settings::pointed;

/// 2^53.
const MAX_INTEGER: u64 = 1 << 53;
/// Maximum errors. A pointer may be as long as the text, so all of them could be far longer than it.
const MAX_ERRORS: usize = 20;

/// The fields of an object that are given twice, and the integers beyond 2^53, at any depth, each with its pointer; at most 20.
/// Numbers with a point or an exponent count as doubles, which are rounded to the nearest one.
///
/// ```
/// use weir_core::wire::{Json, lossy};
///
/// let json = Json::parse(r#"{"name": "a", "limits": [{"min": 1, "m\u0069n": 2}], "max": 9007199254740993}"#)?;
/// let pointers: Vec<_> = lossy::fields(&json).into_iter().map(|error| error.pointer).collect();
/// assert_eq!(pointers, ["/limits/0/min", "/max"]);
/// # Ok::<(), weir_core::wire::JsonError>(())
/// ```
pub fn fields(json: &Json) -> Vec<FieldError> {
    let mut errors = Vec::new();
    inspect(json, Place::Root, &mut errors);
    errors
}

/// Where a value is. A pointer is only made when it is needed.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Field(within, name) => format!("{}/{}", within.pointer(), pointed(name)),
            Place::Item(within, index) => format!("{}/{index}", within.pointer()),
        }
    }
}

fn inspect(json: &Json, at: Place<'_>, errors: &mut Vec<FieldError>) {
    let mut report = |at: Place<'_>, detail: &str| {
        if errors.len() < MAX_ERRORS {
            errors.push(FieldError::new(at.pointer(), detail));
        }
    };
    match json {
        Json::Null | Json::Bool(_) | Json::Text(_) => {}
        Json::Number(text) if text.contains(['.', 'e', 'E']) => {}
        Json::Number(text) => {
            if !text.parse().is_ok_and(|integer: i64| integer.unsigned_abs() <= MAX_INTEGER) {
                report(at, "is an integer beyond 2^53: read as a double it would lose digits");
            }
        }
        Json::List(list) => {
            for (index, value) in list.iter().enumerate() {
                inspect(value, Place::Item(&at, index), errors);
            }
        }
        Json::Object(object) => {
            for name in object.repeated_keys() {
                report(Place::Field(&at, name), "is given twice");
            }
            for (name, value) in object.iter() {
                inspect(value, Place::Field(&at, name), errors);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(json: &str) -> Vec<String> {
        fields(&Json::parse(json).unwrap()).into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn a_field_that_is_given_twice_is_found_at_any_depth() {
        for (json, found) in [
            (r#"{"a": 1, "a": 1}"#, vec!["/a"]),
            (r#"{"a": {"b": 1, "b": 2}}"#, vec!["/a/b"]),
            (r#"{"a": [[{"b": 1}, {"b": 1, "c": 0, "b": 2}]]}"#, vec!["/a/0/1/b"]),
            // Written differently, but the same name.
            (r#"{"a": 1, "\u0061": 2}"#, vec!["/a"]),
            (r#"{"": 1, "": 2}"#, vec!["/"]),
            (r#"{"a/b": 1, "a/b": 2}"#, vec!["/a~1b"]),
            (r#"{"a": 1, "a": 2, "a": 3}"#, vec!["/a"]),
            (r#"{"a": 1, "A": 2, "b": {"a": 3}}"#, vec![]),
            (r#"{"a": 1, "a": 2, "b": 1e999}"#, vec!["/a"]),
            (r#"[1, "a", null, true, 1.5, -1]"#, vec![]),
            ("\"a\"", vec![]),
        ] {
            assert_eq!(pointers(json), found, "{json}");
        }
    }

    #[test]
    fn an_integer_that_a_double_does_not_have_is_found_at_any_depth() {
        let nines = "9".repeat(400);
        for (number, found) in [
            ("9007199254740993", true),
            ("-9007199254740993", true),
            ("-9223372036854775808", true),
            ("18446744073709551615", true),
            (nines.as_str(), true),
            ("9007199254740992", false),
            ("-9007199254740992", false),
            ("12345678901234567890123.0", false),
            ("1e22", false),
            ("-0", false),
        ] {
            let expected: &[&str] = if found { &["/a/1/b"] } else { &[] };
            assert_eq!(pointers(&format!(r#"{{"a": [1, {{"b": {number}}}]}}"#)), expected, "{number}");
        }
    }

    #[test]
    fn the_report_is_never_much_longer_than_the_text() {
        let name = "n".repeat(10_000);
        let twice: Vec<String> = (0..5_000).flat_map(|n| [format!(r#""{n}": 1"#), format!(r#""{n}": 2"#)]).collect();
        let found = pointers(&format!(r#"{{"{name}": {{{}}}}}"#, twice.join(", ")));
        assert_eq!((found.len(), found[0].len()), (MAX_ERRORS, name.len() + 3));
    }
}
