//! Every row and every key, as they stand in the tables.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use weir_core::domain::Timestamp;
use weir_core::domain::reading::Series;
use weir_core::wire::ModelJson;

mod recalculation;

pub(super) use recalculation::RecalculationRow;

/// A row as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A text attribute.
pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute. Rust writes the shortest digits that read back as the same double, 17 at most.
pub(super) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The partition key of a series in `readings` and `calibrations`: `device#code`.
pub(super) fn series(series: &Series) -> String {
    format!("{}#{}", series.device, series.sensor)
}

/// The sort key of a version in `calibrations`: ordered by `valid_from`, then by version.
pub(super) fn since(valid_from: Timestamp, version: u32) -> String {
    format!("{:013}#{version:06}", valid_from.millis().max(0))
}

/// A device in `devices`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeviceRow {
    pub id: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_by: Option<Vec<String>>,
    /// `level` where `followed_by` is given: the key of the index `links`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(default)]
    pub sensors: Vec<SensorRow>,
    /// Epoch milliseconds; of a deleted device only its counters are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
}

/// What the API needs of a device beside [`DeviceRow`], in the same row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AboutRow {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationRow>,
    /// JSON as text: written once, sent as it is.
    #[serde(default)]
    pub settings: Value,
    #[serde(default)]
    pub settings_version: u64,
    /// The version of the settings that AWS IoT holds.
    #[serde(default)]
    pub delivered: u64,
    #[serde(default)]
    pub version: u64,
    #[serde(default)]
    pub created_at: i64,
    #[serde(default)]
    pub updated_at: i64,
    #[serde(default)]
    pub updated_by: String,
}

/// Where a device is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LocationRow {
    pub latitude: f64,
    pub longitude: f64,
}

/// A sensor within a device's row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SensorRow {
    pub code: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub unit: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationRow>,
    /// How many versions there are in `calibrations`.
    #[serde(default)]
    pub calibrations: u32,
}

/// The limits of a sensor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LimitsRow {
    pub min: f64,
    pub max: f64,
}

/// One version of a calibration, in a device's row and in `calibrations`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CalibrationRow {
    pub version: u32,
    /// Epoch milliseconds.
    pub valid_from: i64,
    #[serde(flatten)]
    pub model: ModelJson,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Epoch milliseconds: when it was entered.
    #[serde(default)]
    pub at: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Something in `quarantine`, as its indexes hold it: without the payload.
#[derive(Debug, Deserialize)]
pub(super) struct AsideRow {
    pub id: String,
    pub reason: String,
    pub detail: String,
    pub function: String,
    pub topic: String,
    #[serde(default)]
    pub device_id: Option<String>,
    #[serde(default)]
    pub sensor: Option<String>,
    /// Epoch milliseconds.
    pub at: i64,
    /// Epoch milliseconds.
    pub received_at: i64,
    /// Epoch milliseconds.
    pub first_seen: i64,
    /// Epoch seconds, as DynamoDB wants it.
    pub expires_at: i64,
    #[serde(default)]
    pub attempts: u32,
    /// Epoch milliseconds.
    #[serde(default)]
    pub tried_at: Option<i64>,
}

/// A row of `users`: a profile, what a deleted profile leaves, or the tombstone of a deleted user.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ProfileRow {
    pub sub: String,
    /// The key of the sparse index `listed`; only profiles have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<String>,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub organisation: String,
    /// JSON as text.
    #[serde(default)]
    pub preferences: String,
    #[serde(default)]
    pub version: u64,
    /// Epoch milliseconds.
    #[serde(default)]
    pub created_at: i64,
    /// Epoch milliseconds.
    #[serde(default)]
    pub updated_at: i64,
    #[serde(default)]
    pub updated_by: String,
    /// When the user was deleted (tombstones only), in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<i64>,
    /// Names the write, so that one that was sent twice knows itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

fn yes() -> bool {
    true
}
