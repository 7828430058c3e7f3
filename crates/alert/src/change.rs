//! The change in a stream record: a reading that was stored, replaced or recalculated.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize;
use weir_aws::time_series::JudgeMark;
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Series};
use weir_core::id::BadId;

/// A reading that has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    /// When it was measured.
    pub at: Timestamp,
    /// Its calibrated value.
    pub value: f64,
    /// How far that can be trusted.
    pub quality: Quality,
    /// Whether only its value is new, because of another calibration. Recalculated history is judged only from the newest reading on.
    pub recalculated: bool,
}

/// The part of a row of `readings` that is needed.
#[derive(Deserialize)]
struct Image {
    sensor: String,
    at: i64,
    value: f64,
    quality: String,
    judge: String,
}

/// The series and the reading in a record.
pub(super) fn change(record: &EventRecord) -> Result<(Series, Change), String> {
    let image: Image = serde_dynamo::from_item(record.change.new_image.clone()).map_err(|error| error.to_string())?;
    let (device, sensor) = image.sensor.split_once('#').ok_or_else(|| format!("{:?} is not a series", image.sensor))?;
    let bad = |error: BadId| error.to_string();
    let series = Series { device: device.parse().map_err(bad)?, sensor: sensor.parse().map_err(bad)? };
    let quality = Quality::of_code(&image.quality).ok_or_else(|| format!("{:?} is not a quality", image.quality))?;
    let recalculated = image.judge == JudgeMark::Recalculated.code();
    Ok((series, Change { at: Timestamp::from_millis(image.at), value: image.value, quality, recalculated }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(image: Value) -> EventRecord {
        let change = json!({"SequenceNumber": "7", "SizeBytes": 1, "Keys": {}, "NewImage": image});
        let record = json!({"eventID": "1", "eventName": "INSERT", "awsRegion": "x", "dynamodb": change});
        serde_json::from_value(record).unwrap()
    }

    fn image() -> Value {
        json!({"sensor": {"S": "buoy-01#do"}, "at": {"N": "1795155884123"}, "value": {"N": "3.9"}, "unit": {"S": "mg/L"},
            "quality": {"S": "good"}, "judge": {"S": "new"}})
    }

    #[test]
    fn a_record_tells_the_series_and_the_reading() {
        let (series, told) = change(&record(image())).unwrap();
        assert_eq!((series.device.as_str(), series.sensor.as_str()), ("buoy-01", "do"));
        let at = Timestamp::from_millis(1_795_155_884_123);
        assert_eq!(told, Change { at, value: 3.9, quality: Quality::Good, recalculated: false });
        let mut again = image();
        again["judge"] = json!({"S": "recalculated"});
        assert!(change(&record(again)).unwrap().1.recalculated);
    }

    #[test]
    fn a_record_that_is_no_reading_is_an_error() {
        for (field, wrong) in [
            ("sensor", json!({"S": "buoy-01"})),
            ("sensor", json!({"S": "buoy-01#DO"})),
            ("at", json!({"S": "now"})),
            ("value", json!({"NULL": true})),
            ("quality", json!({"S": "fine"})),
        ] {
            let mut image = image();
            image[field] = wrong.clone();
            assert!(change(&record(image)).is_err(), "{field} {wrong}");
        }
        assert!(change(&record(json!({}))).is_err(), "a row that was removed");
    }
}
