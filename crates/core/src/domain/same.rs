//! Equality of JSON values, however their numbers are written.

use serde_json::Value;

/// Whether the values are equal. `0` and `0.0` are the same number, because most software that reads and writes JSON does not
/// distinguish them.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let found = |(name, one): (&String, &Value)| other.get(name).is_some_and(|other| same(one, other));
            one.len() == other.len() && one.iter().all(found)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_compared_by_what_they_are() {
        let shown = json!({"slope": 0.0, "points": [[1.0, 2.5]], "note": "1", "version": 3});
        for (said, expected) in [
            (shown.clone(), true),
            (json!({"slope": 0, "points": [[1, 2.5]], "note": "1", "version": 3.0}), true),
            (json!({"slope": -0.0, "points": [[1, 2.50]], "note": "1", "version": 3}), true),
            (json!({"slope": 0, "points": [[1, 2.5]], "note": 1, "version": 3}), false),
            (json!({"slope": 0, "points": [[1, 2.6]], "note": "1", "version": 3}), false),
            (json!({"slope": 0, "points": [[1]], "note": "1", "version": 3}), false),
            (json!({"slope": 0, "points": [[1, 2.5]], "note": "1"}), false),
            (json!({"slope": 0, "points": [[1, 2.5]], "note": "1", "version": 3, "by": "x"}), false),
            (json!(null), false),
        ] {
            assert_eq!(same(&shown, &said), expected, "{said}");
            assert_eq!(same(&said, &shown), expected, "{said}");
        }
    }
}
