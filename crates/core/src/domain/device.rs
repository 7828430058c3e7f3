//! A registered device: the details that people enter, its sensors with their calibrations, and its versions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::alert::{Alert, MAX_ALERTS};
use super::calibration::{Calibration, CalibrationEntry, Interval, SensorCalibrations};
use super::number::storable;
use super::reading::FILLING;
use super::settings::Settings;
use super::text::{Lines, unfit};
use super::{FieldError, Reason, Refusal, Timestamp};
use crate::id::{DeviceId, LevelId, SensorCode};

mod series;

/// Maximum length of a device's or a sensor's name, in characters.
const MAX_NAME: usize = 100;
/// Maximum length of a description, in characters.
const MAX_DESCRIPTION: usize = 1_000;
/// Maximum length of a unit, in characters.
const MAX_UNIT: usize = 32;
/// Maximum sensors of a device. With the largest calibration each, they fit into a row, whose limit is 400 KB.
pub const MAX_SENSORS: usize = 64;
/// How long before its registration a device's history begins unless it says otherwise, in seconds: a year of 365 days.
const HISTORY_SECONDS: i64 = 365 * 86_400;
/// The last instant at which a history can begin, 2286-11-20T17:46:39.999Z, as for calibrations.
const LAST_MS: i64 = 9_999_999_999_999;
/// Maximum flow sensors in `followed_by`.
const MAX_FOLLOWING: usize = 16;
/// Maximum of `report_every`, in seconds: 366 days.
pub const MAX_REPORT_EVERY: u32 = 366 * 86_400;

/// Where a device is, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// North of the equator, −90 to 90.
    pub latitude: f64,
    /// East of Greenwich, −180 to 180.
    pub longitude: f64,
}

/// One sensor of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// What it measures, as in the topic; unique within the device.
    pub code: SensorCode,
    /// Its name, for people.
    pub name: String,
    /// The unit of its calibrated values, e.g. `°C`; may be empty.
    pub unit: String,
    /// Values of a disabled sensor are quarantined.
    pub enabled: bool,
    /// Calibrated values outside are stored with the quality `out_of_range`.
    pub limits: Option<Interval>,
    /// Its alerts; ids are unique.
    pub alerts: Vec<Alert>,
    /// Its calibrations. They are not written with the sensor: [`Device::with_details`] keeps the existing ones.
    pub calibrations: Option<SensorCalibrations>,
}

/// Where to find the calibration in force at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InForce<'a> {
    /// In the device itself: this one.
    Here(&'a Arc<Calibration>),
    /// There is none: the sensor has no calibration, or the instant is before its only one.
    None,
    /// In the history: the instant is before the latest version, and there are older ones.
    InHistory,
}

impl Sensor {
    /// An enabled sensor without name, unit, limits, alerts and calibrations.
    pub fn new(code: SensorCode) -> Self {
        let (name, unit) = (String::new(), String::new());
        Self { code, name, unit, enabled: true, limits: None, alerts: Vec::new(), calibrations: None }
    }

    /// The alerts that its readings are judged by.
    pub fn active_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|alert| self.enabled && alert.enabled)
    }

    /// Where to find the calibration in force at `at`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use weir_core::domain::Timestamp;
    /// use weir_core::domain::calibration::{Calibration, CalibrationEntry, Model, Options, SensorCalibrations};
    /// use weir_core::domain::device::{InForce, Sensor};
    ///
    /// let valid_from = Timestamp::from_millis(1_000);
    /// let second = Calibration { version: 2, valid_from, model: Model::Identity, options: Options::default() };
    /// let latest = CalibrationEntry::from(second);
    /// let mut sensor = Sensor::new("ph".parse()?);
    /// sensor.calibrations = Some(SensorCalibrations { latest, count: 2 });
    ///
    /// assert!(matches!(sensor.in_force(valid_from), InForce::Here(calibration) if calibration.version == 2));
    /// // Only the history knows when the first version began.
    /// assert_eq!(sensor.in_force(Timestamp::from_millis(999)), InForce::InHistory);
    /// # Ok::<(), weir_core::id::BadId>(())
    /// ```
    pub fn in_force(&self, at: Timestamp) -> InForce<'_> {
        match &self.calibrations {
            Some(SensorCalibrations { latest, .. }) if latest.calibration.valid_from <= at => {
                InForce::Here(&latest.calibration)
            }
            Some(SensorCalibrations { count, .. }) if *count > 1 => InForce::InHistory,
            Some(_) | None => InForce::None,
        }
    }
}

/// How the bytes of an uplink are read as a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LevelFormat {
    /// As the text of a number: the three bytes of `100`.
    #[default]
    Text,
    /// As one byte, whose number is the level: 0 to 100.
    Byte,
}

impl LevelFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Text, Self::Byte];

    /// The code, as stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Byte => "byte",
        }
    }

    /// The format with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }
}

/// The details of a device that people enter.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceDetails {
    /// Its name, for people.
    pub name: String,
    /// Any further notes.
    pub description: String,
    /// Where it is.
    pub location: Option<Location>,
    /// Messages of a disabled device are quarantined.
    pub enabled: bool,
    /// The first instant that its readings can have; see [`Device::history_from`].
    pub history_from: Option<Timestamp>,
    /// The flow sensor that this device is, if it is one.
    pub level_id: Option<LevelId>,
    /// The flow sensors after this one, if they are not just the next number on its tube. `Some` and empty: it is the last
    /// one.
    pub followed_by: Option<Vec<LevelId>>,
    /// How the bytes of its uplinks are read; `None`: as text.
    pub level_format: Option<LevelFormat>,
    /// How often it should report, in seconds: 1 to [`MAX_REPORT_EVERY`]. Silence for three times as long opens a problem.
    pub report_every: Option<u32>,
    /// Its sensors; codes are unique.
    pub sensors: Vec<Sensor>,
    /// Its settings.
    pub settings: Settings,
}

impl Default for DeviceDetails {
    /// The details of an enabled device, all others empty.
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            location: None,
            enabled: true,
            history_from: None,
            level_id: None,
            followed_by: None,
            level_format: None,
            report_every: None,
            sensors: Vec::new(),
            settings: Settings::default(),
        }
    }
}

impl DeviceDetails {
    /// The sensor with this code.
    pub fn sensor(&self, code: &SensorCode) -> Option<&Sensor> {
        self.sensors.iter().find(|sensor| sensor.code == *code)
    }

    /// Checks every rule that concerns the details alone.
    ///
    /// # Errors
    /// Every rule that is violated, with the JSON pointer to the field.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        check_text("/name", &self.name, MAX_NAME, Lines::One, &mut errors);
        check_text("/description", &self.description, MAX_DESCRIPTION, Lines::Many, &mut errors);
        if let Some(Location { latitude, longitude }) = self.location {
            check_degrees("/location/latitude", latitude, 90.0, &mut errors);
            check_degrees("/location/longitude", longitude, 180.0, &mut errors);
        }
        if self.history_from.is_some_and(|from| from < Timestamp::EARLIEST || from.millis() > LAST_MS) {
            errors.push(FieldError::new("/history_from", "must be an instant from the years 2000 to 2286"));
        }
        if self.report_every.is_some_and(|seconds| !(1..=MAX_REPORT_EVERY).contains(&seconds)) {
            errors.push(FieldError::new("/report_every", format!("must be 1 to {MAX_REPORT_EVERY} seconds")));
        }
        self.check_following(&mut errors);
        self.check_sensors(&mut errors);
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    fn check_sensors(&self, errors: &mut Vec<FieldError>) {
        if self.sensors.len() > MAX_SENSORS {
            errors.push(FieldError::new("/sensors", format!("a device has at most {MAX_SENSORS} sensors")));
        }
        let mut codes = BTreeSet::new();
        for (place, sensor) in self.sensors.iter().enumerate() {
            check_text(&format!("/sensors/{place}/name"), &sensor.name, MAX_NAME, Lines::One, errors);
            check_text(&format!("/sensors/{place}/unit"), &sensor.unit, MAX_UNIT, Lines::One, errors);
            if sensor.code.as_str() == FILLING {
                let detail = "is reserved for the level of a flow sensor: give the device a level_id instead";
                errors.push(FieldError::new(format!("/sensors/{place}/code"), detail));
            }
            if !codes.insert(&sensor.code) {
                let detail = format!("another sensor already has the code {}", sensor.code);
                errors.push(FieldError::new(format!("/sensors/{place}/code"), detail));
            }
            check_alerts(&format!("/sensors/{place}/alerts"), &sensor.alerts, errors);
        }
    }

    /// Whether the device can have problems: it has alerts, or `report_every` is set.
    pub fn may_have_problems(&self) -> bool {
        self.report_every.is_some() || self.sensors.iter().any(|sensor| !sensor.alerts.is_empty())
    }

    /// Whether the problems of the device must be judged again when these details replace `before`.
    pub fn changes_problems(&self, before: &Self) -> bool {
        let reasons = |details: &Self| {
            let alerts = |sensor: &Sensor| {
                (!sensor.alerts.is_empty()).then(|| (sensor.code.clone(), sensor.enabled, sensor.alerts.clone()))
            };
            let sensors: Vec<_> = details.sensors.iter().filter_map(alerts).collect();
            (details.enabled, details.report_every, sensors)
        };
        (self.may_have_problems() || before.may_have_problems()) && reasons(self) != reasons(before)
    }

    fn check_following(&self, errors: &mut Vec<FieldError>) {
        let Some(following) = &self.followed_by else { return };
        if self.level_id.is_none() {
            errors.push(FieldError::new("/followed_by", "requires a level_id"));
        }
        if following.len() > MAX_FOLLOWING {
            errors.push(FieldError::new("/followed_by", format!("names more than {MAX_FOLLOWING} flow sensors")));
        }
        for (place, id) in following.iter().enumerate() {
            let at = || format!("/followed_by/{place}");
            if self.level_id.as_ref() == Some(id) {
                errors.push(FieldError::new(at(), "a flow sensor does not follow itself"));
            }
            if following.iter().take(place).any(|before| before == id) {
                errors.push(FieldError::new(at(), format!("{id} is named twice")));
            }
        }
    }
}

fn check_text(at: &str, text: &str, max: usize, lines: Lines, errors: &mut Vec<FieldError>) {
    errors.extend(unfit(text, max, lines).map(|detail| FieldError::new(at, detail)));
}

fn check_alerts(at: &str, alerts: &[Alert], errors: &mut Vec<FieldError>) {
    if alerts.len() > MAX_ALERTS {
        errors.push(FieldError::new(at, format!("a sensor has at most {MAX_ALERTS} alerts")));
    }
    for (place, alert) in alerts.iter().enumerate() {
        errors.extend(alert.errors().into_iter().map(|error| error.under(&format!("{at}/{place}"))));
        if alerts.iter().take(place).any(|before| before.id == alert.id) {
            errors.push(FieldError::new(
                format!("{at}/{place}/id"),
                format!("another alert already has the id {}", alert.id),
            ));
        }
    }
}

fn check_degrees(at: &str, degrees: f64, max: f64, errors: &mut Vec<FieldError>) {
    if degrees.is_nan() || degrees.abs() > max {
        errors.push(FieldError::new(at, format!("must be -{max} to {max} degrees")));
    } else if let Err(refusal) = storable(degrees) {
        errors.push(FieldError::new(at, refusal.detail));
    }
}

/// How often a device changed. Both counters continue when a device is deleted and registered again, so the same version never
/// denotes two states: neither to a caller with an old `If-Match` nor to a device that remembers its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions {
    /// Counts every change of the device.
    pub device: u64,
    /// Counts the changes of its settings: the version that is delivered to the device.
    pub settings: u64,
}

/// Who changes a device, and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// A name that people recognise.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Calibrations by sensor.
pub type Calibrations = BTreeMap<SensorCode, SensorCalibrations>;

/// A registered device.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its id: MQTT client id and thing name.
    pub id: DeviceId,
    /// The details that people enter.
    pub details: DeviceDetails,
    /// How often it changed.
    pub versions: Versions,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
    /// The firmware that it reports. It changes without a new version of the device.
    pub firmware: Option<String>,
}

impl Device {
    /// A new device; `before` holds the versions of an earlier device with this id, and `calibrations` those that its
    /// sensors had.
    pub fn new(
        id: DeviceId,
        details: DeviceDetails,
        calibrations: Calibrations,
        before: Versions,
        Author { by, at }: Author,
    ) -> Self {
        let versions = Versions { device: before.device + 1, settings: before.settings + 1 };
        let details = calibrated(details, calibrations);
        Self { id, details, versions, created_at: at, updated_at: at, updated_by: by, firmware: None }
    }

    /// The sensor with this code.
    pub fn sensor(&self, code: &SensorCode) -> Option<&Sensor> {
        self.details.sensor(code)
    }

    /// The first instant that its readings can have: a year before it was registered, unless its details say otherwise.
    pub fn history_from(&self) -> Timestamp {
        self.details.history_from.unwrap_or_else(|| self.created_at.plus_seconds(-HISTORY_SECONDS))
    }

    /// Checks that the device may have a reading at the instant `at`.
    ///
    /// # Errors
    /// `bad_timestamp` before [`history_from`](Self::history_from). Such an instant comes from a clock that was never set, or was
    /// set wrong: a receiver whose count of GPS weeks has rolled over is 19.6 years behind.
    pub fn remembers(&self, at: Timestamp) -> Result<(), Refusal> {
        let from = self.history_from();
        if at >= from {
            return Ok(());
        }
        let detail = format!("ts {at} lies before history_from {from} of the device {}", self.id);
        Err(Refusal::new(Reason::BadTimestamp, detail))
    }

    /// The sensors that have calibrations.
    pub fn calibrated_sensors(&self) -> impl Iterator<Item = (&SensorCode, &SensorCalibrations)> {
        self.details.sensors.iter().filter_map(|sensor| Some((&sensor.code, sensor.calibrations.as_ref()?)))
    }

    /// The sensors in `details` that this device does not have. They may have had calibrations earlier.
    pub fn added<'a>(&self, details: &'a DeviceDetails) -> impl Iterator<Item = &'a SensorCode> {
        details.sensors.iter().map(|sensor| &sensor.code).filter(|code| self.sensor(code).is_none())
    }

    /// The device with other details; `found` are the calibrations that added sensors had earlier. Whatever calibrations
    /// the sensors in `details` carry, the ones of this device and of `found` replace them.
    ///
    /// ```
    /// use weir_core::domain::Timestamp;
    /// use weir_core::domain::calibration::{Calibration, CalibrationEntry, Model, Options};
    /// use weir_core::domain::device::{Author, Calibrations, Device, DeviceDetails, Sensor, Versions};
    ///
    /// let author = Author { by: "ann".to_owned(), at: Timestamp::from_millis(0) };
    /// let details = DeviceDetails { sensors: vec![Sensor::new("ph".parse()?)], ..DeviceDetails::default() };
    /// let new = Device::new("buoy-01".parse()?, details.clone(), Calibrations::new(), Versions::default(), author.clone());
    /// let model = Model::Identity;
    /// let calibration = Calibration { version: 1, valid_from: author.at, model, options: Options::default() };
    /// let device = new.with_calibration(&"ph".parse()?, CalibrationEntry::from(calibration), author.clone());
    ///
    /// // The sensor is written again without its calibration, and keeps it.
    /// let renamed = DeviceDetails { name: "Buoy".to_owned(), ..details };
    /// let device = device.with_details(renamed, Calibrations::new(), author);
    /// assert_eq!(device.calibrated_sensors().count(), 1);
    /// assert_eq!(device.versions, Versions { device: 3, settings: 1 });
    /// # Ok::<(), weir_core::id::BadId>(())
    /// ```
    pub fn with_details(&self, details: DeviceDetails, found: Calibrations, author: Author) -> Self {
        let known = self.calibrated_sensors().map(|(code, known)| (code.clone(), known.clone()));
        let details = calibrated(details, known.chain(found).collect());
        let settings = self.versions.settings + u64::from(details.settings != self.details.settings);
        let next = self.next(author);
        Self { details, versions: Versions { settings, ..next.versions }, ..next }
    }

    /// The number of the next version of a sensor's calibration.
    pub fn next_calibration(&self, sensor: &SensorCode) -> u32 {
        let known = self.sensor(sensor).and_then(|sensor| sensor.calibrations.as_ref());
        known.map_or(0, |known| known.count) + 1
    }

    /// The device with a version added to the calibrations of a sensor. Unknown sensors get none.
    pub fn with_calibration(&self, sensor: &SensorCode, entry: CalibrationEntry, author: Author) -> Self {
        let mut next = self.next(author);
        if let Some(sensor) = next.details.sensors.iter_mut().find(|known| known.code == *sensor) {
            sensor.calibrations = Some(SensorCalibrations::with(sensor.calibrations.take(), entry));
        }
        next
    }

    fn next(&self, Author { by, at }: Author) -> Self {
        let versions = Versions { device: self.versions.device + 1, ..self.versions };
        Self { versions, updated_at: at, updated_by: by, ..self.clone() }
    }
}

/// The details, each sensor with its calibrations from `calibrations` and no others.
fn calibrated(mut details: DeviceDetails, mut calibrations: Calibrations) -> DeviceDetails {
    for sensor in &mut details.sensors {
        sensor.calibrations = calibrations.remove(&sensor.code);
    }
    details
}

#[cfg(test)]
mod tests;
