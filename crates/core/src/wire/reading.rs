//! A reading as the API and the live feed show it.

use serde::Serialize;

use super::time;
use crate::domain::Timestamp;
use crate::domain::reading::Reading;
use crate::id::SensorCode;

/// A reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Point {
    /// The sensor.
    pub sensor: SensorCode,
    /// When it was measured.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// The physical quantity, in `unit`.
    pub value: f64,
    /// The unit of `value`; may be empty.
    #[cfg_attr(feature = "schema", schema(example = "pH"))]
    pub unit: String,
    /// `good`, `out_of_range` (outside the sensor's limits or the calibration's valid interval), or `uncalibrated`
    /// (`value` is the raw number).
    #[cfg_attr(feature = "schema", schema(example = "good"))]
    pub quality: &'static str,
    /// The number that the device sent.
    pub raw: f64,
    /// The version of the calibration that produced `value`; absent without a calibration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<u32>,
    /// When AWS received it.
    #[serde(with = "time")]
    pub received_at: Timestamp,
}

impl Point {
    /// The JSON of a reading.
    pub fn of(reading: Reading) -> Self {
        Self {
            sensor: reading.series.sensor,
            at: reading.at,
            value: reading.value,
            unit: reading.unit,
            quality: reading.quality.code(),
            raw: reading.raw,
            calibration: (reading.calibration > 0).then_some(reading.calibration),
            received_at: reading.received_at,
        }
    }
}
