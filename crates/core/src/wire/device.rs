//! A device as the API shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calibration::CalibrationJson;
use super::settings::settings_json;
use crate::domain::Timestamp;
use crate::domain::device_record::{Entry, Location, Probe, Record};
use crate::id::{DeviceId, LevelId, SensorCode};

/// Where a device is, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LocationJson {
    /// North of the equator, -90 to 90.
    pub latitude: f64,
    /// East of Greenwich, -180 to 180.
    pub longitude: f64,
}

/// The limits of a sensor: a calibrated value outside is kept and marked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LimitsJson {
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
}

/// Whether the device's newest settings have reached AWS IoT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeliveryJson {
    /// The retained message and the shadow hold them.
    Delivered,
    /// Not yet; they will be delivered without anybody's help.
    Pending,
}

/// A sensor.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SensorJson {
    /// What it measures, as in the topic.
    pub code: SensorCode,
    /// What people call it.
    pub name: String,
    /// The unit of its calibrated values.
    pub unit: String,
    /// A switched-off sensor's values are set aside.
    pub enabled: bool,
    /// A calibrated value outside is kept and marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsJson>,
    /// The calibration in force now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationJson>,
}

/// A device.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeviceJson {
    /// MQTT client id and thing name.
    pub id: DeviceId,
    /// What people call it.
    pub name: String,
    /// Whatever else there is to say.
    pub description: String,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationJson>,
    /// A switched-off device's messages are set aside.
    pub enabled: bool,
    /// The flow sensor it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_id: Option<LevelId>,
    /// The flow sensors after it, when it is not simply the next number on its tube.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed_by: Option<Vec<LevelId>>,
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
    /// In the answer to a write: whether the settings have reached AWS IoT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryJson>,
}

impl DeviceJson {
    /// The record as it is shown, with the calibration that is in force of each sensor that has one.
    pub fn of(record: &Record, in_force: &BTreeMap<SensorCode, Entry>) -> Self {
        let content = &record.content;
        Self {
            id: record.id.clone(),
            name: content.name.clone(),
            description: content.description.clone(),
            location: content.location.map(|Location { latitude, longitude }| LocationJson { latitude, longitude }),
            enabled: content.enabled,
            level_id: content.level_id.clone(),
            followed_by: content.followed_by.clone(),
            sensors: content.sensors.iter().map(|probe| SensorJson::of(probe, in_force.get(&probe.code))).collect(),
            settings: settings_json(&content.settings),
            version: record.versions.record,
            created_at: record.created_at,
            updated_at: record.updated_at,
            updated_by: record.updated_by.clone(),
            delivery: None,
        }
    }
}

impl SensorJson {
    /// The sensor as it is shown.
    pub fn of(probe: &Probe, in_force: Option<&Entry>) -> Self {
        Self {
            code: probe.code.clone(),
            name: probe.name.clone(),
            unit: probe.unit.clone(),
            enabled: probe.enabled,
            limits: probe.limits.map(|limits| LimitsJson { min: limits.min(), max: limits.max() }),
            calibration: in_force.map(CalibrationJson::of),
        }
    }
}
