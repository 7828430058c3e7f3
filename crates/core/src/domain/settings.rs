//! The settings of a device: what people may write, and how far the device's report is from it.

use std::collections::BTreeMap;

use super::calibration::FieldError;
use crate::id::SensorCode;

/// The most bytes of compact JSON. A shadow holds 8 KB (8,192 bytes), desired and reported state together, and both
/// hold the settings beside their version, so 4 KB are 4,000 bytes and not 4,096.
pub const LARGEST: usize = 4_000;
/// The most levels of objects and lists, the settings themselves included. A shadow allows 8 within `desired`, where
/// the settings stand on the second.
pub const DEEPEST: usize = 5;
/// Integers above it (2^53) are read back as other numbers by whatever reads JSON numbers as doubles.
const LARGEST_INTEGER: i64 = 1 << 53;

/// A group of settings by name.
pub type Group = BTreeMap<String, Setting>;

/// One setting. There is none for JSON's `null`: to a shadow it means "remove", so it could never arrive.
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
    /// A list; it is replaced as a whole.
    List(Vec<Setting>),
    /// A group.
    Group(Group),
}

impl Setting {
    /// The number, in the one form that equal numbers have: AWS IoT turns `10.0` into `10`.
    pub fn number(number: f64) -> Self {
        if number.fract() == 0.0 && number.abs() <= LARGEST_INTEGER as f64 {
            Self::Integer(number as i64)
        } else {
            Self::Number(number)
        }
    }
}

/// The settings of a device, checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings(Group);

impl Settings {
    /// The settings in `group`, which as compact JSON take `bytes`.
    ///
    /// # Errors
    /// Every rule that is broken, with the pointer to the place, relative to the settings.
    pub fn new(group: Group, bytes: usize) -> Result<Self, Vec<FieldError>> {
        let mut refused = unfit(&group, bytes);
        check_sensors(&group, &mut refused);
        if refused.is_empty() { Ok(Self(group)) } else { Err(refused) }
    }

    /// Settings that were checked when they were written. A rule that came later, or a number that takes more room since,
    /// must not make what is stored unreadable.
    pub fn stored(group: Group) -> Self {
        Self(group)
    }

    /// The settings by name.
    pub fn group(&self) -> &Group {
        &self.0
    }

    /// What the device has not taken over: the settings that its report lacks or says otherwise, with the value they
    /// should have. Empty when the device does as it was told; what it reports beyond that does not count.
    pub fn difference(&self, reported: &Group) -> Group {
        difference(&self.0, reported)
    }
}

/// What a group of any settings may not hold, whoever they are for: its size, its depth, its names and numbers. Of what is
/// too large nothing but that is said.
pub fn unfit(group: &Group, bytes: usize) -> Vec<FieldError> {
    if let Err(too_large) = fits(bytes) {
        return vec![too_large];
    }
    let mut refused = Vec::new();
    check_group(group, "", 1, &mut refused);
    refused
}

/// Whether settings that take `bytes` are small enough. To be asked first: a refusal names the way to each wrong place, so
/// of a large body with many of them it would be far larger than the body.
///
/// # Errors
/// When they are not.
pub fn fits(bytes: usize) -> Result<(), FieldError> {
    if bytes <= LARGEST {
        return Ok(());
    }
    Err(FieldError::new("", format!("takes {bytes} bytes as JSON, and at most {LARGEST} are allowed")))
}

fn difference(desired: &Group, reported: &Group) -> Group {
    let open = |(name, wanted): (&String, &Setting)| {
        let open = match (wanted, reported.get(name)) {
            (wanted, Some(said)) if wanted == said => None,
            (Setting::Group(wanted), Some(Setting::Group(said))) => {
                Some(Setting::Group(difference(wanted, said))).filter(|open| *open != Setting::Group(Group::new()))
            }
            (wanted, _) => Some(wanted.clone()),
        };
        open.map(|open| (name.clone(), open))
    };
    desired.iter().filter_map(open).collect()
}

fn check_group(group: &Group, at: &str, depth: usize, refused: &mut Vec<FieldError>) {
    for (name, setting) in group {
        let at = format!("{at}/{}", pointed(name));
        if name.is_empty() || name.chars().any(char::is_control) {
            refused.push(FieldError::new(&at, "a name must have a letter, and no control characters"));
        }
        check(setting, &at, depth, refused);
    }
}

fn check(setting: &Setting, at: &str, depth: usize, refused: &mut Vec<FieldError>) {
    let nested = matches!(setting, Setting::Group(_) | Setting::List(_));
    if nested && depth >= DEEPEST {
        return refused.push(FieldError::new(at, format!("is nested deeper than {DEEPEST} levels")));
    }
    match setting {
        Setting::Group(group) => check_group(group, at, depth + 1, refused),
        Setting::List(list) => {
            for (place, setting) in list.iter().enumerate() {
                check(setting, &format!("{at}/{place}"), depth + 1, refused);
            }
        }
        Setting::Integer(number) if number.abs() > LARGEST_INTEGER => {
            refused.push(FieldError::new(at, "is beyond 2^53, where others would read another number"));
        }
        Setting::Number(number) if !number.is_finite() => refused.push(FieldError::new(at, "must be a finite number")),
        Setting::Flag(_) | Setting::Integer(_) | Setting::Number(_) | Setting::Text(_) => {}
    }
}

fn check_sensors(group: &Group, refused: &mut Vec<FieldError>) {
    match group.get("sensors") {
        None => {}
        Some(Setting::Group(sensors)) => {
            for (code, settings) in sensors {
                let at = format!("/sensors/{}", pointed(code));
                if let Err(error) = code.parse::<SensorCode>() {
                    refused.push(FieldError::new(&at, error.to_string()));
                }
                if !matches!(settings, Setting::Group(_)) {
                    refused.push(FieldError::new(&at, "the settings of a sensor are an object"));
                }
            }
        }
        Some(_) => {
            refused.push(FieldError::new("/sensors", "is an object with the settings of each sensor by its code"))
        }
    }
}

/// A name as it stands in a JSON pointer (RFC 6901 §3).
pub fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
