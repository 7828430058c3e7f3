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
    /// The number that the device sent.
    pub raw: f64,
    /// The version of the calibration that made the value.
    #[serde(default)]
    pub calibration: Option<u32>,
}

/// The aggregates of an interval.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Interval {
    /// The sensor.
    pub sensor: String,
    /// When it begins.
    pub at: String,
    /// The mean; absent when no reading counts.
    #[serde(default)]
    pub mean: Option<f64>,
    /// The least value.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest value.
    #[serde(default)]
    pub max: Option<f64>,
    /// How many readings count.
    #[serde(default)]
    pub count: u64,
    /// How many do not.
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
