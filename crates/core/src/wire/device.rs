//! A device as the API shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert::AlertJson;
use super::calibration::CalibrationJson;
use super::event::ConnectionJson;
use super::settings::settings_json;
use crate::domain::Timestamp;
use crate::domain::calibration::CalibrationEntry;
use crate::domain::device::{Device, LevelFormat, Location, Sensor};
use crate::id::{DeviceId, LevelId, SensorCode};

/// Where a device is, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LocationJson {
    /// North of the equator, -90 to 90.
    #[cfg_attr(feature = "schema", schema(minimum = -90, maximum = 90))]
    pub latitude: f64,
    /// East of Greenwich, -180 to 180.
    #[cfg_attr(feature = "schema", schema(minimum = -180, maximum = 180))]
    pub longitude: f64,
}

/// The limits of a sensor: a calibrated value outside is stored with the quality `out_of_range`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LimitsJson {
    /// The lower limit.
    pub min: f64,
    /// The upper limit.
    pub max: f64,
}

/// How the bytes of an uplink are read as a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LevelFormatJson {
    /// As the text of a number.
    Text,
    /// As one byte, whose number is the level.
    Byte,
}

impl From<LevelFormat> for LevelFormatJson {
    fn from(format: LevelFormat) -> Self {
        match format {
            LevelFormat::Text => Self::Text,
            LevelFormat::Byte => Self::Byte,
        }
    }
}

impl From<LevelFormatJson> for LevelFormat {
    fn from(format: LevelFormatJson) -> Self {
        match format {
            LevelFormatJson::Text => Self::Text,
            LevelFormatJson::Byte => Self::Byte,
        }
    }
}

/// Whether AWS IoT has the newest state of the device: its settings and the status of its certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeliveryJson {
    /// AWS IoT has it.
    Delivered,
    /// Not yet; it will be delivered automatically.
    Pending,
}

/// A sensor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SensorJson {
    /// What it measures, as in the topic.
    pub code: SensorCode,
    /// Its name, for people.
    pub name: String,
    /// The unit of its calibrated values.
    pub unit: String,
    /// Values of a disabled sensor are quarantined.
    pub enabled: bool,
    /// Calibrated values outside are stored with the quality `out_of_range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsJson>,
    /// Its alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub alerts: Vec<AlertJson>,
    /// The calibration in force now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationJson>,
}

/// A device.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeviceJson {
    /// MQTT client id and thing name.
    pub id: DeviceId,
    /// Its name, for people.
    pub name: String,
    /// Any further notes.
    pub description: String,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationJson>,
    /// Messages of a disabled device are quarantined.
    pub enabled: bool,
    /// The first instant that its readings can have; values with an earlier `ts` are quarantined.
    #[serde(with = "super::time")]
    pub history_from: Timestamp,
    /// The flow sensor that this device is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_id: Option<LevelId>,
    /// The flow sensors after this one, if they are not just the next number on its tube.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed_by: Option<Vec<LevelId>>,
    /// How the bytes of its uplinks are read where they have no decoded level; absent: `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_format: Option<LevelFormatJson>,
    /// How often it should report, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_every: Option<u32>,
    /// Its sensors.
    pub sensors: Vec<SensorJson>,
    /// Its settings.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub settings: Value,
    /// Counts the changes; the `ETag` of the device and of everything under it.
    pub version: u64,
    /// When it was registered.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "super::time")]
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
    /// Whether it is connected; absent when it never was, and in the answer to a write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub connection: Option<ConnectionJson>,
    /// The firmware that it reports in its shadow; absent when it reports none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub firmware: Option<String>,
    /// Only in the answer that creates it: the code with which a person adds the device to their scope. It is shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub claim_code: Option<String>,
    /// In the answer to a write: whether AWS IoT has the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryJson>,
}

impl DeviceJson {
    /// The device as the API shows it, with the calibration in force of each sensor that has one.
    pub fn of(device: &Device, in_force: &BTreeMap<SensorCode, CalibrationEntry>) -> Self {
        let details = &device.details;
        Self {
            id: device.id.clone(),
            name: details.name.clone(),
            description: details.description.clone(),
            location: details.location.map(|Location { latitude, longitude }| LocationJson { latitude, longitude }),
            enabled: details.enabled,
            history_from: device.history_from(),
            level_id: details.level_id.clone(),
            followed_by: details.followed_by.clone(),
            level_format: details.level_format.map(Into::into),
            report_every: details.report_every,
            sensors: details.sensors.iter().map(|sensor| SensorJson::of(sensor, in_force.get(&sensor.code))).collect(),
            settings: settings_json(&details.settings),
            version: device.versions.device,
            created_at: device.created_at,
            updated_at: device.updated_at,
            updated_by: device.updated_by.clone(),
            connection: None,
            firmware: device.firmware.clone(),
            claim_code: None,
            delivery: None,
        }
    }
}

impl SensorJson {
    /// The sensor as the API shows it.
    pub fn of(sensor: &Sensor, in_force: Option<&CalibrationEntry>) -> Self {
        Self {
            code: sensor.code.clone(),
            name: sensor.name.clone(),
            unit: sensor.unit.clone(),
            enabled: sensor.enabled,
            limits: sensor.limits.map(|limits| LimitsJson { min: limits.min(), max: limits.max() }),
            alerts: sensor.alerts.iter().map(AlertJson::of).collect(),
            calibration: in_force.map(CalibrationJson::of),
        }
    }
}
