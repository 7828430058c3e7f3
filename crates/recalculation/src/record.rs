//! Stream records: which job to continue.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize;
use weir_core::domain::reading::Series;
use weir_core::id::JobId;

/// The key of the table `recalculations`.
#[derive(Deserialize)]
struct Key {
    /// `device#code`.
    sensor: String,
    job: String,
}

/// The series and id of the job whose row changed. Only the key is used: the job continues from its current state.
///
/// # Errors
/// When the key is not the key of a job.
pub(super) fn job(record: &EventRecord) -> Result<(Series, JobId), String> {
    let key: Key = serde_dynamo::from_item(record.change.keys.clone()).map_err(|error| error.to_string())?;
    let (device, sensor) = key.sensor.split_once('#').ok_or("`sensor` is not a device and a sensor")?;
    let device = device.parse().map_err(|error| format!("{error}"))?;
    let sensor = sensor.parse().map_err(|error| format!("{error}"))?;
    Ok((Series { device, sensor }, key.job.parse().map_err(|error| format!("{error}"))?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(keys: Value) -> EventRecord {
        let change = json!({"SequenceNumber": "7", "SizeBytes": 1, "Keys": keys});
        let record = json!({"eventID": "1", "eventName": "MODIFY", "awsRegion": "x", "dynamodb": change});
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn only_the_key_counts() {
        let id = "0123456789abcdef".repeat(2);
        let (series, job) = super::job(&record(json!({"sensor": {"S": "buoy-01#ph"}, "job": {"S": id}}))).unwrap();
        assert_eq!((series.device.as_str(), series.sensor.as_str(), job.as_str()), ("buoy-01", "ph", id.as_str()));
        for keys in [
            json!({}),
            json!({"sensor": {"S": "buoy-01#ph"}}),
            json!({"sensor": {"S": "buoy-01"}, "job": {"S": id}}),
            json!({"sensor": {"N": "1"}, "job": {"S": id}}),
            json!({"sensor": {"S": "buoy-01#ph"}, "job": {"S": "nonsense"}}),
        ] {
            assert!(super::job(&record(keys.clone())).is_err(), "{keys}");
        }
    }
}
