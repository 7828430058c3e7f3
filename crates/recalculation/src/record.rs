//! One record of the stream: which job is to go on.

use serde_json::Value;
use weir_core::domain::reading::Series;
use weir_core::id::JobId;

/// A record that can be worked on.
#[derive(Debug, PartialEq)]
pub(super) struct Record<'a> {
    /// What the stream calls it.
    pub sequence: &'a str,
    /// The series.
    pub series: Series,
    /// The job.
    pub job: JobId,
}

/// A record that cannot.
#[derive(Debug, PartialEq)]
pub(super) enum Poison<'a> {
    /// It cannot even be named in the answer.
    Unnamed,
    /// It can be named but not read.
    Unreadable { sequence: &'a str, detail: String },
}

impl<'a> Record<'a> {
    /// Reads the record; only its key counts.
    pub(super) fn parse(record: &'a Value) -> Result<Self, Poison<'a>> {
        let change = record.get("dynamodb").ok_or(Poison::Unnamed)?;
        let sequence = change.get("SequenceNumber").and_then(Value::as_str).ok_or(Poison::Unnamed)?;
        let key = |name: &str| {
            let value = change.get("Keys").and_then(|keys| keys.get(name)?.get("S")?.as_str());
            value.ok_or_else(|| format!("the record has no key `{name}`"))
        };
        let read = || -> Result<(Series, JobId), String> {
            let (device, sensor) = key("sensor")?.split_once('#').ok_or("`sensor` names no sensor of a device")?;
            let device = device.parse().map_err(|error| format!("{error}"))?;
            let sensor = sensor.parse().map_err(|error| format!("{error}"))?;
            Ok((Series { device, sensor }, key("job")?.parse().map_err(|error| format!("{error}"))?))
        };
        let (series, job) = read().map_err(|detail| Poison::Unreadable { sequence, detail })?;
        Ok(Self { sequence, series, job })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_key_and_the_number_count() {
        let job = "0123456789abcdef".repeat(2);
        let keys = json!({"sensor": {"S": "buoy-01#ph"}, "job": {"S": job}});
        let record = json!({"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "7", "Keys": keys}});
        let read = Record::parse(&record).unwrap();
        assert_eq!((read.sequence, read.series.device.as_str(), read.job.as_str()), ("7", "buoy-01", job.as_str()));
    }

    #[test]
    fn a_poisoned_record_is_named_when_it_can_be() {
        for unnamed in [json!({}), json!(1), json!({"dynamodb": {}}), json!({"dynamodb": {"SequenceNumber": 7}})] {
            assert_eq!(Record::parse(&unnamed), Err(Poison::Unnamed), "{unnamed}");
        }
        for keys in [json!({}), json!({"sensor": {"S": "a"}, "job": {"S": "b"}}), json!({"sensor": {"N": "1"}})] {
            let record = json!({"dynamodb": {"SequenceNumber": "7", "Keys": keys}});
            assert!(matches!(Record::parse(&record), Err(Poison::Unreadable { sequence: "7", .. })), "{record}");
        }
    }
}
