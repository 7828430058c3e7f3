//! Readings and intervals: `GET /devices/{id}/readings`, `…/latest`, and the message `reading` of the live feed.

use serde::Deserialize;

/// A reading.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reading {
    /// The sensor.
    pub sensor: String,
    /// When it was measured.
    pub at: String,
    /// The value, in `unit`.
    pub value: f64,
    /// The unit; may be empty.
    #[serde(default)]
    pub unit: String,
    /// `good`, `out_of_range` or `uncalibrated`.
    pub quality: String,
    /// The raw number from the device.
    pub raw: f64,
    /// The version of the calibration that was applied; absent if there is none.
    #[serde(default)]
    pub calibration: Option<u32>,
}

/// Aggregates of an interval.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Interval {
    /// The sensor.
    pub sensor: String,
    /// When it starts.
    pub at: String,
    /// The mean; absent if no reading counts.
    #[serde(default)]
    pub mean: Option<f64>,
    /// The least value.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest value.
    #[serde(default)]
    pub max: Option<f64>,
    /// Number of readings that count.
    #[serde(default)]
    pub count: u64,
    /// Number of readings that do not count.
    #[serde(default)]
    pub left_out: u64,
}

/// The latest reading of each sensor.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Latest {
    /// One for each sensor that has any.
    pub items: Vec<Reading>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn readings_are_read_as_the_document_says() {
        holds::<Reading>("Point");
        holds::<Interval>("Interval");
        holds::<Latest>("Latest");
    }
}
