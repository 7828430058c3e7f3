//! The messages of the live feed, in both directions. `docs/live.yaml` describes them as an AsyncAPI document.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::command::CommandJson;
use super::event::{ConnectionJson, EventJson};
use super::problem::ProblemJson;
use super::reading::Point;
use super::time;
use crate::domain::Timestamp;
use crate::domain::live::{MOST_BYTES, Topic};
use crate::id::{LevelId, QuarantineId};

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Send changes of these topics from now on.
    Subscribe {
        /// The topics, as text: each wrong one is reported as an error of its own.
        topics: Vec<String>,
    },
    /// Send no more changes of these topics.
    Unsubscribe {
        /// The topics.
        topics: Vec<String>,
    },
    /// Keep the connection open, with the rights of a newer token.
    Renew {
        /// A new ticket of the same person.
        ticket: TicketText,
    },
    /// Answer, so that the client knows that the connection is alive.
    Ping {},
}

/// A ticket as the client sent it. `Debug` does not show it, because tickets must not be logged.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TicketText(pub String);

impl fmt::Debug for TicketText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketText(…)")
    }
}

impl Request {
    /// Reads a message of a client.
    ///
    /// # Errors
    /// What is wrong, for the client. It does not quote the message, which may contain a ticket.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        serde_json::from_str(text).map_err(|_| {
            "a message is {\"action\": \"subscribe\" or \"unsubscribe\", \"topics\": [text]}, {\"action\": \"renew\", \"ticket\": text} \
             or {\"action\": \"ping\"}"
        })
    }
}

/// A flow sensor's latest level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LatestLevel {
    /// The flow sensor.
    pub id: LevelId,
    /// Its latest level in percent, as text; empty when there is none.
    pub last_value: String,
    /// When that was measured, in seconds since the epoch; 0 when there is none.
    pub last_update: i64,
}

/// A quarantine entry, without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantinedJson {
    /// The entry.
    pub id: QuarantineId,
    /// The code of the reason.
    pub reason: String,
    /// The explanation of the reason.
    pub detail: String,
    /// The function that refused it.
    pub function: String,
    /// The topic of the message.
    pub topic: String,
    /// The device, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The sensor, if the entry is one value of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
    /// When it was quarantined.
    #[serde(with = "time")]
    pub first_seen: Timestamp,
}

/// The state of a topic when it was subscribed to; the kind of list depends on the topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Of a device: the latest reading of each sensor.
    Readings(Vec<Point>),
    /// Of a tube: the latest level of each flow sensor.
    Levels(Vec<LatestLevel>),
    /// Of `problems`: the open ones.
    Problems(Vec<ProblemJson>),
    /// Of `quarantine`: the newest entries.
    Entries(Vec<QuarantinedJson>),
}

/// A message to a client.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// The state of a topic. It is sent after subscribing, and again if the topic changed meanwhile.
    Snapshot {
        /// The topic.
        topic: String,
        /// Whether changes follow. Not so for readings in Timestream, which has no stream.
        live: bool,
        /// Whether there is more than this; the rest is read over HTTP.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        more: bool,
        /// The state.
        #[serde(flatten)]
        state: State,
    },
    /// A reading was stored, or its value computed again.
    Reading {
        /// The topic.
        topic: String,
        /// The reading.
        #[serde(flatten)]
        reading: Point,
    },
    /// A level was reported, or a flow sensor deleted.
    Level {
        /// The topic.
        topic: String,
        /// The level.
        #[serde(flatten)]
        level: LatestLevel,
        /// Whether the flow sensor was deleted.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
    },
    /// The device scope of the person has changed. It takes effect on this connection when that is renewed with a new token.
    Scope {
        /// The device scope from the next token on: space-separated device ids, or `*`.
        devices: String,
    },
    /// A command was entered, or its state has changed.
    Command {
        /// The topic.
        topic: String,
        /// The command.
        #[serde(flatten)]
        command: Box<CommandJson>,
    },
    /// A problem was opened, has changed, or is over.
    Problem {
        /// The topic.
        topic: String,
        /// The problem.
        #[serde(flatten)]
        problem: Box<ProblemJson>,
    },
    /// A problem was withdrawn: late reports showed that it never existed.
    Withdrawn {
        /// The topic.
        topic: String,
        /// The problem.
        problem_id: String,
    },
    /// Something was quarantined, or replayed and refused again.
    Quarantined {
        /// The topic.
        topic: String,
        /// The entry.
        entry: Box<QuarantinedJson>,
    },
    /// An entry has left the quarantine.
    Released {
        /// The topic.
        topic: String,
        /// The entry.
        id: QuarantineId,
    },
    /// Something happened to a device.
    Event {
        /// The topic.
        topic: String,
        /// The event.
        event: Box<EventJson>,
    },
    /// A device has connected or disconnected.
    Connection {
        /// The topic.
        topic: String,
        /// The connection.
        #[serde(flatten)]
        connection: ConnectionJson,
    },
    /// Changes were left out: read these topics again.
    Gap {
        /// The topics.
        topics: Vec<String>,
    },
    /// These topics are no longer watched.
    Unsubscribed {
        /// The topics.
        topics: Vec<String>,
    },
    /// The connection lasts longer.
    Renewed {
        /// Until when, unless it is renewed again.
        #[serde(with = "time")]
        expires_at: Timestamp,
    },
    /// The answer to `ping`.
    Pong {
        /// Until when the connection lasts, unless it is renewed.
        #[serde(with = "time")]
        expires_at: Timestamp,
    },
    /// Something was refused. The connection stays open, unless the kind is `unauthorized`.
    Error {
        /// The kind, as in problems of the HTTP API: `urn:weir:problem:…`.
        kind: String,
        /// Why.
        detail: String,
        /// The topics that it is about; empty when it is about the whole message.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        topics: Vec<String>,
    },
}

impl Message {
    /// An error whose `kind` is the last part of the type of an API error.
    pub fn error(kind: &str, detail: impl Into<String>, topics: Vec<String>) -> Self {
        Self::Error { kind: format!("urn:weir:problem:{kind}"), detail: detail.into(), topics }
    }

    /// The topic of a change.
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Snapshot { topic, .. }
            | Self::Reading { topic, .. }
            | Self::Level { topic, .. }
            | Self::Command { topic, .. }
            | Self::Problem { topic, .. }
            | Self::Withdrawn { topic, .. }
            | Self::Quarantined { topic, .. }
            | Self::Released { topic, .. }
            | Self::Event { topic, .. }
            | Self::Connection { topic, .. } => Some(topic),
            Self::Scope { .. }
            | Self::Gap { .. }
            | Self::Unsubscribed { .. }
            | Self::Renewed { .. }
            | Self::Pong { .. }
            | Self::Error { .. } => None,
        }
    }
}

/// What goes over the wire: a list of messages, so that a batch of changes is one frame.
#[derive(Debug, Serialize)]
struct Frame<'a> {
    messages: &'a [&'a Message],
}

/// The frame with these messages.
pub fn frame(messages: &[&Message]) -> String {
    // Texts, numbers and instants that were read from the tables can always be written.
    serde_json::to_string(&Frame { messages }).unwrap_or_default()
}

/// The frame with these changes, at most [`MOST_BYTES`] long. Changes that do not fit are left out, the oldest first, and their
/// topics are in a `gap`, together with those in `gaps`.
///
/// `None` when there is nothing to send.
pub fn changes(changes: &[&Message], gaps: &[Topic]) -> Option<String> {
    let mut gaps: Vec<String> = gaps.iter().map(ToString::to_string).collect();
    let mut from = 0;
    loop {
        let kept = changes.get(from..).unwrap_or_default();
        let left_out = changes.get(..from).unwrap_or_default().iter().filter_map(|change| change.topic());
        gaps.extend(left_out.map(str::to_owned));
        gaps.sort();
        gaps.dedup();
        let gap = Message::Gap { topics: gaps.clone() };
        let mut all: Vec<&Message> = if gaps.is_empty() { Vec::new() } else { vec![&gap] };
        all.extend(kept);
        if all.is_empty() {
            return None;
        }
        let text = frame(&all);
        if text.len() <= MOST_BYTES || kept.is_empty() {
            return Some(text);
        }
        from += kept.len().div_ceil(4);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reading(device: &str, at: i64) -> Message {
        Message::Reading {
            topic: format!("device/{device}"),
            reading: Point {
                sensor: "ph".parse().unwrap(),
                at: Timestamp::from_millis(at),
                value: 7.02,
                unit: "pH".into(),
                quality: "good",
                raw: 702.0,
                calibration: Some(3),
                received_at: Timestamp::from_millis(at + 10),
            },
        }
    }

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_clients_messages_are_read_and_others_are_refused_without_being_quoted() {
        let topics = vec!["device/a".to_owned()];
        for (text, request) in [
            (r#"{"action":"subscribe","topics":["device/a"]}"#, Request::Subscribe { topics: topics.clone() }),
            (r#"{"topics":["device/a"],"action":"unsubscribe"}"#, Request::Unsubscribe { topics }),
            (r#"{"action":"renew","ticket":"t"}"#, Request::Renew { ticket: TicketText("t".into()) }),
            (r#"{"action":"ping"}"#, Request::Ping {}),
        ] {
            assert_eq!(Request::parse(text), Ok(request), "{text}");
        }
        for bad in [
            "",
            "x",
            "[]",
            "{}",
            r#"{"action":"shout"}"#,
            r#"{"action":"subscribe"}"#,
            r#"{"action":"renew","ticket":7}"#,
            r#"{"action":"subscribe","topics":"device/a"}"#,
            r#"{"action":"ping","token":"secret"}"#,
        ] {
            let refused = Request::parse(bad).unwrap_err();
            assert!(!refused.contains("secret"), "{bad}");
        }
    }

    #[test]
    fn a_ticket_is_not_shown_where_a_message_is_logged() {
        let message = Request::parse(r#"{"action":"renew","ticket":"0f8fad5b"}"#).unwrap();
        assert_eq!(format!("{message:?}"), "Renew { ticket: TicketText(…) }");
    }

    #[test]
    fn a_change_names_its_type_and_topic_beside_what_the_api_shows() {
        let shown = read(&frame(&[&reading("buoy-01", 1_795_155_884_123)]));
        let expected = json!({"type": "reading", "topic": "device/buoy-01", "sensor": "ph", "at": "2026-11-20T06:24:44.123Z",
            "value": 7.02, "unit": "pH", "quality": "good", "raw": 702.0, "calibration": 3,
            "received_at": "2026-11-20T06:24:44.133Z"});
        assert_eq!(shown, json!({"messages": [expected]}));
    }

    #[test]
    fn a_snapshot_says_whether_changes_follow_and_has_the_list_of_its_kind() {
        let level = LatestLevel { id: "01".parse().unwrap(), last_value: "40".into(), last_update: 7 };
        let snapshot =
            Message::Snapshot { topic: "tube/0".into(), live: true, more: false, state: State::Levels(vec![level]) };
        let expected = json!({"type": "snapshot", "topic": "tube/0", "live": true,
            "levels": [{"id": "01", "last_value": "40", "last_update": 7}]});
        assert_eq!(read(&frame(&[&snapshot])), json!({"messages": [expected]}));
    }

    #[test]
    fn what_is_too_much_for_a_frame_is_left_out_and_told_as_a_gap() {
        let many: Vec<Message> = (0..400).map(|at| reading(if at < 10 { "old" } else { "new" }, at)).collect();
        let all: Vec<&Message> = many.iter().collect();
        let text = changes(&all, &["problems".parse().unwrap()]).unwrap();
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        let shown = read(&text);
        let messages = shown["messages"].as_array().unwrap();
        assert_eq!(messages[0], json!({"type": "gap", "topics": ["device/new", "device/old", "problems"]}));
        assert_eq!(messages.last().unwrap()["at"], "1970-01-01T00:00:00.399Z");
        assert!(messages.len() > 50, "{}", messages.len());
        // What fits is told whole and without a gap.
        let few = read(&changes(&all[..3], &[]).unwrap());
        assert_eq!(few["messages"].as_array().unwrap().len(), 3);
        assert_eq!(changes(&[], &[]), None);
    }
}
