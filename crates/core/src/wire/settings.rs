//! Settings as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::device::DeliveryJson;
use crate::domain::FieldError;
use crate::domain::settings::{Group, Setting, Settings, fits, pointed, unfit};

/// The settings of a device and whether they are delivered and applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SettingsJson {
    /// Counts the changes of the settings; it is delivered together with them.
    pub version: u64,
    /// The desired settings.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub desired: Value,
    /// The settings that the device reports, empty before its first report; absent when AWS IoT did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub reported: Option<Value>,
    /// The part of `desired` that the device does not report; absent when AWS IoT did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub difference: Option<Value>,
    /// Whether AWS IoT has the newest settings.
    pub delivery: DeliveryJson,
}

/// Reads and checks the settings in a body.
///
/// # Errors
/// Every violated rule, with pointers relative to the settings.
///
/// ```
/// use serde_json::json;
/// use weir_core::wire::settings::{settings, settings_json};
///
/// let body = json!({"every": 60.0, "sensors": {"ph": {"gain": 2}}});
/// let read = settings(body.as_object().unwrap()).unwrap();
/// assert_eq!(settings_json(&read), json!({"every": 60, "sensors": {"ph": {"gain": 2}}}));
///
/// let errors = settings(json!({"every": null}).as_object().unwrap()).unwrap_err();
/// assert_eq!(errors[0].pointer, "/every");
/// ```
pub fn settings(object: &Map<String, Value>) -> Result<Settings, Vec<FieldError>> {
    let bytes = measured(object)?;
    let mut errors = Vec::new();
    let group = group(object, "", &mut errors);
    match Settings::new(group, bytes) {
        Ok(settings) if errors.is_empty() => Ok(settings),
        Ok(_) => Err(errors),
        Err(more) => Err(errors.into_iter().chain(more).collect()),
    }
}

/// Reads and checks a person's preferences, by the same rules as settings.
///
/// # Errors
/// Every violated rule, with pointers relative to the preferences.
pub fn preferences(object: &Map<String, Value>) -> Result<Group, Vec<FieldError>> {
    let bytes = measured(object)?;
    let mut errors = Vec::new();
    let group = group(object, "", &mut errors);
    errors.extend(unfit(&group, bytes));
    if errors.is_empty() { Ok(group) } else { Err(errors) }
}

/// Reads and checks the arguments of a command, by the same rules as settings; also returns their size as compact JSON, in bytes.
///
/// # Errors
/// Every violated rule, with pointers relative to the arguments.
pub fn arguments(object: &Map<String, Value>) -> Result<(Group, usize), Vec<FieldError>> {
    let bytes = measured(object)?;
    preferences(object).map(|group| (group, bytes))
}

/// Reads a reported or stored value. It is not checked: a value that cannot be a setting is left out.
pub fn reported_value(value: &Value) -> Option<Setting> {
    setting(value, "", &mut Vec::new())
}

/// The size as compact JSON, in bytes.
fn measured(object: &Map<String, Value>) -> Result<usize, Vec<FieldError>> {
    let bytes = serde_json::to_string(object).map_or(usize::MAX, |text| text.len());
    fits(bytes).map(|()| bytes).map_err(|too_large| vec![too_large])
}

/// The settings as JSON, as the API shows them and the device receives them.
pub fn settings_json(settings: &Settings) -> Value {
    group_json(settings.group())
}

/// Reads reported or stored settings. They are not checked: values that cannot be a setting are left out.
pub fn reported(object: &Map<String, Value>) -> Group {
    group(object, "", &mut Vec::new())
}

/// A group of settings as JSON.
pub fn group_json(group: &Group) -> Value {
    group.iter().map(|(name, setting)| (name.clone(), setting_json(setting))).collect::<Map<_, _>>().into()
}

fn group(object: &Map<String, Value>, at: &str, errors: &mut Vec<FieldError>) -> Group {
    let read = |(name, value): (&String, &Value)| {
        let at = format!("{at}/{}", pointed(name));
        setting(value, &at, errors).map(|setting| (name.clone(), setting))
    };
    object.iter().filter_map(read).collect()
}

fn setting(value: &Value, at: &str, errors: &mut Vec<FieldError>) -> Option<Setting> {
    Some(match value {
        Value::Null => {
            errors.push(FieldError::new(at, "must not be null; leave it out to remove it"));
            return None;
        }
        Value::Bool(flag) => Setting::Flag(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Setting::Integer(integer),
            None if number.is_u64() => {
                errors.push(FieldError::new(at, "is beyond 2^53, and other software would read it as another number"));
                Setting::number(number.as_f64()?)
            }
            None => Setting::number(number.as_f64()?),
        },
        Value::String(text) => Setting::Text(text.clone()),
        Value::Array(list) => {
            let read = |(place, value)| setting(value, &format!("{at}/{place}"), errors);
            Setting::List(list.iter().enumerate().filter_map(read).collect())
        }
        Value::Object(object) => Setting::Group(group(object, at, errors)),
    })
}

/// A setting as JSON.
pub fn setting_json(setting: &Setting) -> Value {
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
    fn null_and_huge_integers_are_errors_with_their_pointers() {
        let large = [i64::MIN, i64::MIN + 1, -(1 << 53) - 1, (1 << 53) + 1, i64::MAX];
        let refused =
            read(json!({"a": {"b": [1, null]}, "c": u64::MAX, "d": large, "e": [1_i64 << 53, -(1_i64 << 53)]}));
        let pointers: Vec<_> = refused.unwrap_err().into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/a/b/1", "/c", "/d/0", "/d/1", "/d/2", "/d/3", "/d/4"]);
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
    fn settings_that_are_too_large_have_no_further_errors() {
        let nulls = json!({"k".repeat(32_000): vec![Value::Null; 6_550]});
        for refused in [read(nulls.clone()).unwrap_err(), preferences(nulls.as_object().unwrap()).unwrap_err()] {
            assert_eq!(refused.len(), 1);
            assert_eq!(refused[0].pointer, "");
        }
    }

    #[test]
    fn what_cannot_be_a_setting_is_left_out_of_a_report() {
        let report = json!({"a": 1, "b": null, "c": i64::MIN, "d": u64::MAX});
        let shown = json!({"a": 1, "c": i64::MIN, "d": 1.844_674_407_370_955_2e19});
        assert_eq!(group_json(&reported(report.as_object().unwrap())), shown);
    }
}
