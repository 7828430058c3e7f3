//! One record of the stream: which flow sensor has something new.

use serde_json::Value;
use weir_core::id::LevelId;

/// A record that can be worked on.
#[derive(Debug, PartialEq)]
pub(super) struct Record<'a> {
    /// What the stream calls it.
    pub sequence: &'a str,
    /// The sensor.
    pub id: LevelId,
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
        let unreadable = |detail: String| Poison::Unreadable { sequence, detail };
        let id = change.get("Keys").and_then(|keys| keys.get("id")).and_then(|id| id.get("S")).and_then(Value::as_str);
        let id = id.ok_or_else(|| unreadable("the record has no key `id`".to_owned()))?;
        Ok(Self { sequence, id: id.parse().map_err(|error: weir_core::id::BadId| unreadable(error.to_string()))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_key_and_the_number_count() {
        let record = json!({"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "7", "Keys": {"id": {"S": "01"}}}});
        assert_eq!(Record::parse(&record), Ok(Record { sequence: "7", id: "01".parse().unwrap() }));
    }

    #[test]
    fn a_poisoned_record_is_named_when_it_can_be() {
        for unnamed in [json!({}), json!(1), json!({"dynamodb": {}}), json!({"dynamodb": {"SequenceNumber": 7}})] {
            assert_eq!(Record::parse(&unnamed), Err(Poison::Unnamed), "{unnamed}");
        }
        for keys in [json!({}), json!({"id": {"N": "1"}}), json!({"id": {"S": "nonsense"}})] {
            let record = json!({"dynamodb": {"SequenceNumber": "7", "Keys": keys}});
            assert!(matches!(Record::parse(&record), Err(Poison::Unreadable { sequence: "7", .. })), "{record}");
        }
    }
}
