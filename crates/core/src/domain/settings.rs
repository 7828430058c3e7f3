//! The settings of a device: the rules for what people may write, and the difference to what the device reports.

use std::collections::BTreeMap;

use super::FieldError;
use crate::id::SensorCode;

/// Maximum size as compact JSON, in bytes. A shadow has at most 8 KB (8,192 bytes) for the desired and the reported state
/// together, and both contain the settings and their version, so the limit is 4,000 bytes and not 4,096.
pub const MAX_BYTES: usize = 4_000;
/// Maximum depth of objects and lists, the settings themselves included. A shadow allows 8 levels within `desired`, where
/// the settings are at the second.
pub const MAX_DEPTH: usize = 5;
/// Larger integers are changed by software that reads JSON numbers as doubles.
const MAX_INTEGER: u64 = 1 << 53;

/// A group of settings by name.
pub type Group = BTreeMap<String, Setting>;

/// One setting. `null` is not one: in a shadow it means "remove", so it would never arrive.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// True or false.
    Flag(bool),
    /// A number without a fraction, however it was written.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list; it is always replaced as a whole.
    List(Vec<Setting>),
    /// A group.
    Group(Group),
}

impl Setting {
    /// A number in its canonical form, an integer where possible, because AWS IoT turns `10.0` into `10`.
    ///
    /// ```
    /// use weir_core::domain::settings::Setting;
    ///
    /// assert_eq!(Setting::number(10.0), Setting::Integer(10));
    /// assert_eq!(Setting::number(0.5), Setting::Number(0.5));
    /// ```
    pub fn number(number: f64) -> Self {
        if number.fract() == 0.0 && number.abs() <= MAX_INTEGER as f64 {
            Self::Integer(number as i64)
        } else {
            Self::Number(number)
        }
    }
}

/// The settings of a device. They keep every rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings(Group);

impl Settings {
    /// The settings in `group`, whose size as compact JSON is `bytes`.
    ///
    /// # Errors
    /// Every violated rule, with the pointer to the setting, relative to the settings.
    pub fn new(group: Group, bytes: usize) -> Result<Self, Vec<FieldError>> {
        let mut errors = unfit(&group, bytes);
        check_sensors(&group, &mut errors);
        if errors.is_empty() { Ok(Self(group)) } else { Err(errors) }
    }

    /// Stored settings. They were checked when they were written; a rule that was added later must not make them unreadable.
    pub fn stored(group: Group) -> Self {
        Self(group)
    }

    /// The settings by name.
    pub fn group(&self) -> &Group {
        &self.0
    }

    /// The settings that the device does not report or reports with another value, each with its desired value. Empty when the
    /// device has applied all of them. What else it reports is ignored. Numbers with a fraction are compared as 32-bit floats.
    pub fn difference(&self, reported: &Group) -> Group {
        difference(&self.0, reported)
    }
}

/// Checks the size, the depth, the names and the numbers of a group, whatever its settings are for. If it is too large, that is
/// the only error.
pub fn unfit(group: &Group, bytes: usize) -> Vec<FieldError> {
    if let Err(too_large) = fits(bytes) {
        return vec![too_large];
    }
    let mut errors = Vec::new();
    check_group(group, "", 1, &mut errors);
    errors
}

/// Checks the size. Do this first: each error has a pointer, so the errors of a large body could be far larger than the body.
///
/// # Errors
/// When `bytes` is more than [`MAX_BYTES`].
pub fn fits(bytes: usize) -> Result<(), FieldError> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(FieldError::new("", format!("takes {bytes} bytes as JSON, and at most {MAX_BYTES} are allowed")))
}

fn difference(desired: &Group, reported: &Group) -> Group {
    let open = |(name, wanted): (&String, &Setting)| {
        let open = match (wanted, reported.get(name)) {
            (wanted, Some(said)) if equal(wanted, said) => None,
            (Setting::Group(wanted), Some(Setting::Group(said))) => {
                Some(Setting::Group(difference(wanted, said))).filter(|open| *open != Setting::Group(Group::new()))
            }
            (wanted, _) => Some(wanted.clone()),
        };
        open.map(|open| (name.clone(), open))
    };
    desired.iter().filter_map(open).collect()
}

/// Whether a device that reports `said` has applied `wanted`.
fn equal(wanted: &Setting, said: &Setting) -> bool {
    match (wanted, said) {
        (Setting::List(wanted), Setting::List(said)) => {
            wanted.len() == said.len() && wanted.iter().zip(said).all(|(wanted, said)| equal(wanted, said))
        }
        (Setting::Group(wanted), Setting::Group(said)) => {
            let pairs = || wanted.iter().zip(said);
            wanted.len() == said.len()
                && pairs().all(|((one, wanted), (other, said))| one == other && equal(wanted, said))
        }
        (Setting::Number(wanted), Setting::Number(said)) => same_number(*wanted, *said),
        (Setting::Number(number), Setting::Integer(integer)) | (Setting::Integer(integer), Setting::Number(number)) => {
            same_number(*number, *integer as f64)
        }
        _ => wanted == said,
    }
}

/// Whether two numbers are the same 32-bit float: most firmware has no others, so 1.4 comes back as 1.39999998. Beyond the range
/// of these floats all numbers would be the same.
fn same_number(one: f64, other: f64) -> bool {
    let (one_in_32, other_in_32) = (one as f32, other as f32);
    one == other || (one_in_32 == other_in_32 && one_in_32.is_normal())
}

fn check_group(group: &Group, at: &str, depth: usize, errors: &mut Vec<FieldError>) {
    for (name, setting) in group {
        let at = format!("{at}/{}", pointed(name));
        if name.is_empty() || name.chars().any(char::is_control) {
            errors.push(FieldError::new(&at, "a name must not be empty or have control characters"));
        }
        check(setting, &at, depth, errors);
    }
}

fn check(setting: &Setting, at: &str, depth: usize, errors: &mut Vec<FieldError>) {
    let nested = matches!(setting, Setting::Group(_) | Setting::List(_));
    if nested && depth >= MAX_DEPTH {
        return errors.push(FieldError::new(at, format!("is nested deeper than {MAX_DEPTH} levels")));
    }
    match setting {
        Setting::Group(group) => check_group(group, at, depth + 1, errors),
        Setting::List(list) => {
            for (place, setting) in list.iter().enumerate() {
                check(setting, &format!("{at}/{place}"), depth + 1, errors);
            }
        }
        Setting::Integer(number) if number.unsigned_abs() > MAX_INTEGER => {
            errors.push(FieldError::new(at, "is beyond 2^53, and other software would read it as another number"));
        }
        Setting::Number(number) if !number.is_finite() => errors.push(FieldError::new(at, "must be a finite number")),
        Setting::Flag(_) | Setting::Integer(_) | Setting::Number(_) | Setting::Text(_) => {}
    }
}

fn check_sensors(group: &Group, errors: &mut Vec<FieldError>) {
    match group.get("sensors") {
        None => {}
        Some(Setting::Group(sensors)) => {
            for (code, settings) in sensors {
                let at = format!("/sensors/{}", pointed(code));
                if let Err(error) = code.parse::<SensorCode>() {
                    errors.push(FieldError::new(&at, error.to_string()));
                }
                if !matches!(settings, Setting::Group(_)) {
                    errors.push(FieldError::new(&at, "the settings of a sensor are an object"));
                }
            }
        }
        Some(_) => {
            errors.push(FieldError::new("/sensors", "is an object with the settings of each sensor by its code"))
        }
    }
}

/// A name, escaped for use in a JSON pointer (RFC 6901, section 3).
pub fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
