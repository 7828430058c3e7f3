//! A reading in the stream of the table `readings`.

use serde::Deserialize;

use super::super::AwsError;
use super::dynamodb::TABLE;
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Reading, Series};
use weir_core::id::BadId;

/// A row of the table.
#[derive(Debug, Deserialize)]
struct Row {
    /// `device#code`.
    sensor: String,
    /// Epoch milliseconds.
    at: i64,
    /// Epoch milliseconds.
    received_at: i64,
    raw: f64,
    value: f64,
    unit: String,
    calibration: u32,
    quality: String,
    /// Why alerts have to judge it, if they have to.
    judge: Option<String>,
}

/// The reading in an image of its row.
///
/// # Errors
/// When the row is corrupt.
pub fn of_image(image: serde_dynamo::Item) -> Result<Reading, AwsError> {
    let row: Row = serde_dynamo::from_item(image).map_err(|error| AwsError::corrupt(TABLE, "image", error))?;
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &row.sensor, detail);
    let (device, code) = row.sensor.split_once('#').ok_or_else(|| corrupt("sensor".to_owned()))?;
    let bad = |error: BadId| corrupt(error.to_string());
    Ok(Reading {
        series: Series { device: device.parse().map_err(bad)?, sensor: code.parse().map_err(bad)? },
        at: Timestamp::from_millis(row.at),
        received_at: Timestamp::from_millis(row.received_at),
        raw: row.raw,
        value: row.value,
        calibration: row.calibration,
        quality: Quality::of_code(&row.quality).ok_or_else(|| corrupt("quality".to_owned()))?,
        unit: row.unit,
        judge: row.judge.is_some(),
    })
}
