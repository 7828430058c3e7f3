//! Finds the outcome of each value of each message: stored, duplicate, quarantined, or in an on-failure queue. It is found in the tables by
//! the content of the messages, not by the answers of the functions.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::delivery::{Message, Way};
use crate::rows::Outcome;

/// The outcome of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A row of the readings comes from this message.
    Stored,
    /// An equal row of the readings comes from another message.
    Duplicate,
    /// A row of the quarantine contains it.
    Quarantine,
    /// The message waits in an on-failure queue.
    OnFailure,
}

/// One value of a message.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// A number of a sensor (`device#code`) at an instant.
    Number { sensor: String, at: i64, raw: f64, received_at: i64 },
    /// Something that cannot become a reading: the payload, or its content.
    Other { topic: String, says: Value },
}

/// The values of a message in one of the formats that the tests of faults use.
fn pieces(message: &Message) -> Vec<Piece> {
    let event = &message.event;
    let topic = event["topic"].as_str().unwrap_or_default();
    let received_at = event["received_at"].as_i64().unwrap_or_default();
    let number = |sensor: String, ts: &Value, raw: &Value| match (ts.as_i64(), raw.as_f64()) {
        (Some(at), Some(raw)) => Piece::Number { sensor, at, raw, received_at },
        _ => Piece::Other { topic: topic.to_owned(), says: raw.clone() },
    };
    if message.way == Way::Level {
        let sensor = format!("{}#filling", event["id"].as_str().unwrap_or_default());
        return vec![number(sensor, &event["ts"], &event["filling"])];
    }
    let parts: Vec<&str> = topic.split('/').collect();
    match parts.as_slice() {
        [device, "reading", "sensor", code] => vec![number(format!("{device}#{code}"), &event["ts"], &event["value"])],
        [device, "readings"] => {
            let groups = event["batch"].as_array().expect("a batch").iter();
            let values = |group: &'_ Value| -> Vec<Piece> {
                let all = group["values"].as_object().expect("values").iter();
                all.map(|(code, raw)| number(format!("{device}#{code}"), &group["ts"], raw)).collect()
            };
            groups.flat_map(values).collect()
        }
        _ => vec![Piece::Other { topic: topic.to_owned(), says: event.clone() }],
    }
}

/// What a row of the quarantine contains.
struct Kept {
    sensor: String,
    topic: String,
    at: i64,
    payload: Value,
}

impl Kept {
    fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let payload = STANDARD.decode(text("payload")).expect("a payload is base64");
        let payload: Value = serde_json::from_slice(&payload).expect("the payloads of these tests are JSON");
        // A value of a batch is stored with the values that its formula uses; the column `sensor` says which one it is.
        let (device, code) = (text("device_id"), text("sensor"));
        let sensor = match (payload["id"].as_str(), code.as_str()) {
            (Some(level), _) => format!("{level}#filling"),
            (None, code) => format!("{device}#{code}"),
        };
        Self { sensor, topic: text("topic"), at: row["at"].as_i64().expect("an instant"), payload }
    }

    fn says(&self, piece: &Piece) -> bool {
        match piece {
            Piece::Number { sensor, at, raw, .. } => {
                let code = sensor.rsplit('#').next().unwrap_or_default();
                let said = [&self.payload["values"][code], &self.payload["value"], &self.payload["filling"]];
                self.sensor == *sensor && self.at == *at && said.iter().any(|said| said.as_f64() == Some(*raw))
            }
            Piece::Other { topic, says } => {
                let said = [&self.payload, &self.payload["value"], &self.payload["filling"]];
                self.topic == *topic && said.contains(&says)
            }
        }
    }
}

/// Number of values per outcome, and the values without an outcome or with two.
#[derive(Debug, Default, PartialEq)]
pub struct Ends {
    /// By outcome.
    pub count: BTreeMap<End, usize>,
    /// Values that are lost, or stored twice.
    pub wrong: Vec<String>,
}

impl Ends {
    /// Looks for each message in these tables. Messages whose numbers are in `on_failure` count as waiting, even if they are partly
    /// processed.
    pub fn of(messages: &[Message], on_failure: &BTreeSet<usize>, tables: &Outcome) -> Self {
        let kept: Vec<Kept> = tables.quarantine.iter().map(Kept::of).collect();
        let mut ends = Self::default();
        let mut claimed = BTreeSet::new();
        for (number, message) in messages.iter().enumerate() {
            for piece in pieces(message) {
                let places = [stored(&piece, tables, &mut claimed), quarantined(&piece, &kept)];
                let end = match places {
                    _ if on_failure.contains(&number) => End::OnFailure,
                    [Some(end), None] | [None, Some(end)] => end,
                    _ => {
                        ends.wrong.push(format!("message {number}: {piece:?} has ended in {places:?}"));
                        continue;
                    }
                };
                *ends.count.entry(end).or_default() += 1;
            }
        }
        ends
    }
}

/// The outcome in the readings: of several equal values received at the same instant, only the first has made the row.
fn stored(piece: &Piece, tables: &Outcome, claimed: &mut BTreeSet<String>) -> Option<End> {
    let Piece::Number { sensor, at, raw, received_at } = piece else { return None };
    let same = |row: &&Value| row["sensor"] == *sensor && row["at"] == *at && row["raw"].as_f64() == Some(*raw);
    let row = tables.readings.iter().find(same)?;
    let own = row["received_at"] == *received_at && claimed.insert(format!("{sensor} {at}"));
    Some(if own { End::Stored } else { End::Duplicate })
}

fn quarantined(piece: &Piece, kept: &[Kept]) -> Option<End> {
    kept.iter().any(|kept| kept.says(piece)).then_some(End::Quarantine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(value: Value, received_at: i64) -> Message {
        let event = json!({"value": value, "ts": 5, "topic": "b/reading/sensor/ph", "received_at": received_at});
        Message { way: Way::Reading, event }
    }

    fn tables(readings: Vec<Value>, quarantine: Vec<Value>) -> Outcome {
        Outcome { readings, levels: Vec::new(), problems: Vec::new(), quarantine }
    }

    fn row(raw: f64) -> Value {
        json!({"sensor": "b#ph", "at": 5, "raw": raw, "received_at": 7})
    }

    fn quarantined_row(payload: &Value) -> Value {
        json!({"device_id": "b", "sensor": "ph", "at": 5, "topic": "b/reading/sensor/ph",
            "payload": STANDARD.encode(payload.to_string())})
    }

    #[test]
    fn each_value_has_one_end_and_what_is_lost_or_kept_twice_is_told() {
        let messages = [message(json!(1.5), 7), message(json!(1.5), 8), message(json!("x"), 7), message(json!(2), 7)];
        let lost = tables(vec![row(1.5)], vec![quarantined_row(&json!({"value": "x"}))]);
        let ends = Ends::of(&messages, &BTreeSet::from([3]), &lost);
        assert_eq!(ends.count.into_values().collect::<Vec<_>>(), [1, 1, 1, 1]);
        assert_eq!(ends.wrong, Vec::<String>::new());
        let ends = Ends::of(&messages, &BTreeSet::new(), &lost);
        assert_eq!(ends.wrong.len(), 1, "nobody has the 2");
        let twice = tables(vec![row(2.0)], vec![quarantined_row(&json!({"ts": 5, "values": {"ph": 2}}))]);
        assert_eq!(Ends::of(&messages[3..], &BTreeSet::new(), &twice).wrong.len(), 1);
    }
}
