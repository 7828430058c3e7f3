//! A device as people write it: the body of a POST or PUT, and the document that a PATCH results in.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::alert::AlertJson;
use super::device::{DeviceJson, LevelFormatJson, LimitsJson, LocationJson, SensorJson};
#[cfg(feature = "schema")]
use super::schema::SettingsSchema;
use super::settings::settings;
use super::whole;
use crate::domain::calibration::Interval;
use crate::domain::device::{DeviceDetails, Location, Sensor};
use crate::domain::same::same;
use crate::domain::{FieldError, Timestamp};
use crate::id::{DeviceId, LevelId, SensorCode};

/// Why a field that the registry sets itself cannot be written.
const READ_ONLY: &str = "is set by the registry and cannot be changed";

/// A sensor as people write it. Read-only fields may be sent along as they were read.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SensorBody {
    /// What it measures, as in the topic. Under `/sensors/{code}` it may be left out.
    #[serde(default)]
    pub code: Option<SensorCode>,
    /// Its name, for people; at most 100 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"))]
    pub name: String,
    /// The unit of its calibrated values, at most 32 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_length = 32, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"))]
    pub unit: String,
    /// Values of a disabled sensor are quarantined. Default: true.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Calibrated values outside are stored with the quality `out_of_range`.
    #[serde(default)]
    pub limits: Option<LimitsJson>,
    /// Its alerts, at most 8; ids are unique.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_items = 8))]
    pub alerts: Vec<AlertJson>,
    /// Read-only: written through `/calibrations`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>, read_only))]
    pub calibration: Option<Value>,
}

impl SensorBody {
    /// The sensor with the code in the path, if there is one there.
    ///
    /// # Errors
    /// Every violated rule, with pointers relative to the sensor.
    pub fn sensor(&self, code: Option<&SensorCode>) -> Result<Sensor, Vec<FieldError>> {
        let mut errors = Vec::new();
        let limits = self.limits.map(|limits| Interval::new(limits.min, limits.max)).transpose();
        let limits = limits.map_err(|mut error| {
            error.pointer = if error.pointer == "/0" { "/limits/min" } else { "/limits/max" }.to_owned();
            errors.push(error);
        });
        let mut alerts = Vec::new();
        for (place, alert) in self.alerts.iter().enumerate() {
            match alert.alert() {
                Ok(alert) => alerts.push(alert),
                Err(wrong) => errors.extend(under(wrong, &format!("/alerts/{place}"))),
            }
        }
        let code = match (code, &self.code) {
            (Some(path), Some(body)) if path != body => {
                errors.push(FieldError::new(
                    "/code",
                    format!("is {path} in the path; the code of a sensor cannot change"),
                ));
                None
            }
            (Some(code), _) | (None, Some(code)) => Some(code),
            (None, None) => {
                errors.push(FieldError::new("/code", "is missing"));
                None
            }
        };
        match (code, limits) {
            (Some(code), Ok(limits)) if alerts.len() == self.alerts.len() => Ok(Sensor {
                name: self.name.clone(),
                unit: self.unit.clone(),
                enabled: self.enabled.unwrap_or(true),
                limits,
                alerts,
                ..Sensor::new(code.clone())
            }),
            _ => Err(errors),
        }
    }

    /// The error when the body has another calibration than the sensor as it is shown now. A calibration may be sent along
    /// as it was read, but not changed here.
    pub fn check_calibration(&self, current: Option<&SensorJson>) -> Option<FieldError> {
        let sent = self.calibration.as_ref()?;
        let shown = current.and_then(|current| current.calibration.as_ref());
        let shown = shown.and_then(|shown| serde_json::to_value(shown).ok());
        let unchanged = shown.is_some_and(|shown| same(&shown, sent));
        (!unchanged).then(|| FieldError::new("/calibration", "is written through /calibrations"))
    }
}

/// A device as people write it. Read-only fields may be sent along as they were read.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceBody {
    /// MQTT client id and thing name. Under `/devices/{id}` it may be left out.
    #[serde(default)]
    pub id: Option<DeviceId>,
    /// Its name, for people; at most 100 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"))]
    pub name: String,
    /// Any further notes, at most 1,000 characters.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schema(max_length = 1000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$")
    )]
    pub description: String,
    /// Where it is.
    #[serde(default)]
    pub location: Option<LocationJson>,
    /// Messages of a disabled device are quarantined. Default: true.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The first instant that its readings can have, from 2000 to 2286; values with an earlier `ts` are quarantined. Default: a
    /// year before the device is registered.
    #[serde(default, with = "super::time::option")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Timestamp>))]
    pub history_from: Option<Timestamp>,
    /// The flow sensor that this device is, if it is one.
    #[serde(default)]
    pub level_id: Option<LevelId>,
    /// The flow sensors after this one, at most 16, if they are not just the next number on its tube; empty: it is the last one.
    /// Needs `level_id`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_items = 16))]
    pub followed_by: Option<Vec<LevelId>>,
    /// How the bytes of its uplinks are read where they have no decoded level: `text`, the default, or `byte`.
    #[serde(default)]
    pub level_format: Option<LevelFormatJson>,
    /// How often it should report, in seconds. Silence for three times as long opens a problem of the kind `SILENT`.
    #[serde(default, with = "whole")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u32>, minimum = 1, maximum = 31_622_400))]
    pub report_every: Option<u64>,
    /// Its sensors, at most 64; codes are unique.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(max_items = 64))]
    pub sensors: Vec<SensorBody>,
    /// Its settings: at most 4,000 bytes as compact JSON, at most 5 levels, no `null`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = SettingsSchema))]
    pub settings: Map<String, Value>,
    /// Read-only: set by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u64>, read_only))]
    pub version: Option<Value>,
    /// Read-only: set by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub created_at: Option<Value>,
    /// Read-only: set by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub updated_at: Option<Value>,
    /// Read-only: set by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub updated_by: Option<Value>,
    /// Read-only: reported by AWS IoT. It may have changed since it was read.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>, read_only))]
    pub connection: Option<Value>,
    /// Read-only: reported by the device. It may have changed since it was read.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub firmware: Option<Value>,
    /// Whether the device gets a new claim code, which replaces the old one; the answer shows it once.
    #[serde(default)]
    pub claim_code: Option<bool>,
    /// Read-only: set by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub delivery: Option<Value>,
}

impl DeviceBody {
    /// The details that the body gives a device; `current` is the device as it is shown, if it exists. The sensors are
    /// without calibrations, see [`Device::with_details`](crate::domain::device::Device::with_details).
    ///
    /// # Errors
    /// Every violated rule, with the pointer to the field.
    ///
    /// ```
    /// use weir_core::wire::device_body::DeviceBody;
    ///
    /// let body: DeviceBody = serde_json::from_str(r#"{"name": "Buoy", "sensors": [{"code": "ph"}, {"code": "ph"}]}"#)?;
    /// let errors = body.details(None).unwrap_err();
    /// assert_eq!(errors[0].pointer, "/sensors/1/code");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn details(self, current: Option<&DeviceJson>) -> Result<DeviceDetails, Vec<FieldError>> {
        let mut errors = self.check_read_only(current);
        let mut sensors = Vec::new();
        for (place, sensor) in self.sensors.iter().enumerate() {
            match sensor.sensor(None) {
                Ok(sensor) => sensors.push(sensor),
                Err(wrong) => errors.extend(under(wrong, &format!("/sensors/{place}"))),
            }
        }
        let settings = settings(&self.settings).unwrap_or_else(|wrong| {
            errors.extend(under(wrong, "/settings"));
            Default::default()
        });
        let details = DeviceDetails {
            name: self.name,
            description: self.description,
            location: self.location.map(|LocationJson { latitude, longitude }| Location { latitude, longitude }),
            enabled: self.enabled.unwrap_or(true),
            history_from: self.history_from,
            level_id: self.level_id,
            followed_by: self.followed_by,
            level_format: self.level_format.map(Into::into),
            report_every: self.report_every.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            sensors,
            settings,
        };
        match details.checked() {
            Ok(details) if errors.is_empty() => Ok(details),
            Ok(_) => Err(errors),
            Err(more) => Err(errors.into_iter().chain(more).collect()),
        }
    }

    /// Fields that the registry sets may be sent along as long as they have their current value. So a document
    /// that was read before somebody else's change is detected even without `If-Match`.
    fn check_read_only(&self, current: Option<&DeviceJson>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let (Some(sent), Some(current)) = (&self.id, current)
            && *sent != current.id
        {
            errors.push(FieldError::new("/id", format!("is {}; the id of a device cannot change", current.id)));
        }
        let shown = current.and_then(|current| serde_json::to_value(current).ok()).unwrap_or_default();
        for (name, sent) in [
            ("version", &self.version),
            ("created_at", &self.created_at),
            ("updated_at", &self.updated_at),
            ("updated_by", &self.updated_by),
        ] {
            let now = shown.get(name);
            if sent.as_ref().is_some_and(|sent| !now.is_some_and(|now| same(now, sent))) {
                errors.push(FieldError::new(format!("/{name}"), READ_ONLY));
            }
        }
        let sensors = current.map(|current| current.sensors.as_slice()).unwrap_or_default();
        for (place, sensor) in self.sensors.iter().enumerate() {
            let now = sensors.iter().find(|now| Some(&now.code) == sensor.code.as_ref());
            errors.extend(sensor.check_calibration(now).map(|error| error.under(&format!("/sensors/{place}"))));
        }
        errors
    }
}

fn under(errors: Vec<FieldError>, prefix: &str) -> impl Iterator<Item = FieldError> {
    errors.into_iter().map(move |error| error.under(prefix))
}

/// The document `current` with the merge patch (RFC 7396) applied.
pub fn patched(current: &DeviceJson, patch: Map<String, Value>) -> Value {
    let mut document = serde_json::to_value(current).unwrap_or_default();
    json_patch::merge(&mut document, &Value::Object(patch));
    document
}

#[cfg(test)]
mod tests;
