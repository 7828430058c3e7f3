//! Settings as JSON.

use serde_json::{Map, Value};

use crate::domain::calibration::FieldError;
use crate::domain::settings::{Group, Setting, Settings, fits, pointed, unfit};

/// The settings in a body, checked.
///
/// # Errors
/// What they may not hold, with pointers relative to them.
pub fn settings(object: &Map<String, Value>) -> Result<Settings, Vec<FieldError>> {
    let bytes = measured(object)?;
    let mut refused = Vec::new();
    let group = group(object, "", &mut refused);
    match Settings::new(group, bytes) {
        Ok(settings) if refused.is_empty() => Ok(settings),
        Ok(_) => Err(refused),
        Err(more) => Err(refused.into_iter().chain(more).collect()),
    }
}

/// What a person prefers, checked as settings are.
///
/// # Errors
/// What it may not hold, with pointers relative to it.
pub fn preferences(object: &Map<String, Value>) -> Result<Group, Vec<FieldError>> {
    let bytes = measured(object)?;
    let mut refused = Vec::new();
    let group = group(object, "", &mut refused);
    refused.extend(unfit(&group, bytes));
    if refused.is_empty() { Ok(group) } else { Err(refused) }
}

/// How many bytes it takes as compact JSON.
fn measured(object: &Map<String, Value>) -> Result<usize, Vec<FieldError>> {
    let bytes = serde_json::to_string(object).map_or(usize::MAX, |text| text.len());
    fits(bytes).map(|()| bytes).map_err(|too_large| vec![too_large])
}

/// The settings as they are shown and sent.
pub fn settings_json(settings: &Settings) -> Value {
    group_json(settings.group())
}

/// What a device reports as its settings, or what is stored as such. It is not ours to refuse: what cannot be a setting is
/// left out.
pub fn reported(object: &Map<String, Value>) -> Group {
    group(object, "", &mut Vec::new())
}

/// A group of settings as JSON.
pub fn group_json(group: &Group) -> Value {
    group.iter().map(|(name, setting)| (name.clone(), setting_json(setting))).collect::<Map<_, _>>().into()
}

fn group(object: &Map<String, Value>, at: &str, refused: &mut Vec<FieldError>) -> Group {
    let read = |(name, value): (&String, &Value)| {
        let at = format!("{at}/{}", pointed(name));
        setting(value, &at, refused).map(|setting| (name.clone(), setting))
    };
    object.iter().filter_map(read).collect()
}

fn setting(value: &Value, at: &str, refused: &mut Vec<FieldError>) -> Option<Setting> {
    Some(match value {
        Value::Null => {
            refused.push(FieldError::new(at, "null is no setting; leave it out to remove it"));
            return None;
        }
        Value::Bool(flag) => Setting::Flag(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Setting::Integer(integer),
            None if number.is_u64() => Setting::Integer(i64::MAX),
            None => Setting::number(number.as_f64()?),
        },
        Value::String(text) => Setting::Text(text.clone()),
        Value::Array(list) => {
            let read = |(place, value)| setting(value, &format!("{at}/{place}"), refused);
            Setting::List(list.iter().enumerate().filter_map(read).collect())
        }
        Value::Object(object) => Setting::Group(group(object, at, refused)),
    })
}

fn setting_json(setting: &Setting) -> Value {
    match setting {
        Setting::Flag(flag) => Value::from(*flag),
        Setting::Integer(integer) => Value::from(*integer),
        Setting::Number(number) => Value::from(*number),
        Setting::Text(text) => Value::from(text.as_str()),
        Setting::List(list) => list.iter().map(setting_json).collect(),
        Setting::Group(group) => group_json(group),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Settings, Vec<FieldError>> {
        settings(value.as_object().unwrap())
    }

    #[test]
    fn settings_are_read_and_written_alike() {
        let written = json!({"a": true, "b": 1, "c": 1.5, "d": "x", "e": [1, "y"], "f": {"g": {}}});
        assert_eq!(settings_json(&read(written.clone()).unwrap()), written);
        assert_eq!(settings_json(&read(json!({"a": 10.0})).unwrap()), json!({"a": 10}));
    }

    #[test]
    fn null_and_huge_integers_are_refused_where_they_stand() {
        let refused = read(json!({"a": {"b": [1, null]}, "c": 18_446_744_073_709_551_615_u64})).unwrap_err();
        let pointers: Vec<_> = refused.iter().map(|invalid| invalid.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/b/1", "/c"]);
    }

    #[test]
    fn a_number_is_stored_and_read_again_as_it_is() {
        let mut written = read(serde_json::from_str(r#"{"a": 999999999999999936e-41, "b": 0.1}"#).unwrap()).unwrap();
        for _ in 0..3 {
            let stored = settings_json(&written).to_string();
            assert_eq!(stored, r#"{"a":1e-23,"b":0.1}"#);
            written = Settings::stored(reported(&serde_json::from_str(&stored).unwrap()));
        }
    }

    #[test]
    fn the_size_is_that_of_compact_json() {
        let fill = |length: usize| json!({"a": "x".repeat(length)});
        assert!(read(fill(4_000 - 8)).is_ok());
        assert_eq!(read(fill(4_000 - 7)).unwrap_err()[0].pointer, "");
    }

    #[test]
    fn of_what_is_too_large_nothing_else_is_told() {
        let nulls = json!({"k".repeat(32_000): vec![Value::Null; 6_550]});
        for refused in [read(nulls.clone()).unwrap_err(), preferences(nulls.as_object().unwrap()).unwrap_err()] {
            assert_eq!(refused.len(), 1);
            assert_eq!(refused[0].pointer, "");
        }
    }

    #[test]
    fn a_report_is_taken_as_far_as_it_can_be() {
        assert_eq!(group_json(&reported(json!({"a": 1, "b": null}).as_object().unwrap())), json!({"a": 1}));
    }
}
