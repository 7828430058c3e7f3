//! One record of the stream: which flow sensor has something new.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize;
use weir_core::id::LevelId;

/// The key of the table `levels`.
#[derive(Deserialize)]
struct Key {
    id: String,
}

/// The flow sensor whose row changed. Only the key counts: what is judged is what is stored now.
///
/// # Errors
/// When the key is not that of a level.
pub(super) fn sensor(record: &EventRecord) -> Result<LevelId, String> {
    let key: Key = serde_dynamo::from_item(record.change.keys.clone()).map_err(|error| error.to_string())?;
    key.id.parse().map_err(|error: weir_core::id::BadId| error.to_string())
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
        assert_eq!(sensor(&record(json!({"id": {"S": "01"}}))), Ok("01".parse().unwrap()));
        for keys in [json!({}), json!({"id": {"N": "1"}}), json!({"id": {"S": "nonsense"}})] {
            assert!(sensor(&record(keys.clone())).is_err(), "{keys}");
        }
    }
}
