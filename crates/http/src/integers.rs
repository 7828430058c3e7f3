//! Integers in bodies that would lose digits: doubles do not have every integer beyond 2^53, and most software that reads JSON has
//! only doubles.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use weir_core::domain::FieldError;
use weir_core::domain::settings::pointed;

/// 2^53.
const MAX: u64 = 1 << 53;
/// Maximum depth: deeper bodies are refused when they are parsed.
const MAX_DEPTH: usize = 128;

/// The integers in `body`, which is JSON, that are beyond 2^53. Numbers with a point or an exponent count as doubles, which are
/// rounded to the nearest one.
pub fn beyond(body: &[u8]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Ok(body) = serde_json::from_slice(body) {
        inspect(body, "", MAX_DEPTH, &mut errors);
    }
    errors
}

fn inspect(value: &RawValue, at: &str, depth: usize, errors: &mut Vec<FieldError>) {
    let text = value.get();
    match text.as_bytes().first() {
        _ if depth == 0 => {}
        Some(b'{') => {
            let object: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
            for (name, value) in object {
                inspect(value, &format!("{at}/{}", pointed(&name)), depth - 1, errors);
            }
        }
        Some(b'[') => {
            let list: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            for (place, value) in list.into_iter().enumerate() {
                inspect(value, &format!("{at}/{place}"), depth - 1, errors);
            }
        }
        Some(b'-' | b'0'..=b'9') if !text.contains(['.', 'e', 'E']) => {
            if text.parse().is_ok_and(|integer: i64| integer.unsigned_abs() <= MAX) {
                return;
            }
            let detail = "is an integer beyond 2^53, of which a double would lose digits";
            errors.push(FieldError::new(at, detail));
        }
        _ => {}
    }
}
