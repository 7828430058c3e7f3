//! AWS IoT's messages about a device: the documents of its shadow, and its connections.
//!
//! | topic | payload |
//! |---|---|
//! | `$aws/things/<id>/shadow/update/documents` | `{"previous": {"state": …}, "current": {"state": …, "version": 7}, "timestamp": <s>}` |
//! | `$aws/events/presence/connected/<id>` | `{"clientId": …, "timestamp": <ms>, "versionNumber": 3, "principalIdentifier": <certificate>}` |
//! | `$aws/events/presence/disconnected/<id>` | the same, and `"disconnectReason"` |
//! | `$aws/events/presence/connect_failed/<id>` | a refused connection. Its client id is freely chosen, so the message is ignored |
//!
//! Sources: AWS IoT Core Developer Guide, "Device Shadow MQTT topics" and "Connect/Disconnect events".

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Envelope;
use crate::domain::event::{Event, Kind, diff};
use crate::domain::firmware::{self, FirmwareReport};
use crate::domain::presence::{Connection, Presence};
use crate::domain::{Reason, Refusal, Timestamp};
use crate::id::{CertificateId, DeviceId};

/// Maximum characters of the reason why a connection ended.
const LONGEST_REASON: usize = 64;

/// The content of a message about a device.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Its shadow changed: an event for a changed reported state and one for a changed desired state; and the firmware, if the device
    /// reports another one than before.
    Shadow(Vec<Event>, Option<FirmwareReport>),
    /// It connected or disconnected; with the certificate that it used, if AWS IoT names one.
    Presence(Connection, Box<Event>, Option<CertificateId>),
}

/// A message, and the device that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct TwinMessage {
    /// The device.
    pub device: DeviceId,
    /// The content.
    pub told: Told,
}

/// A message that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// The device, if the topic names one.
    pub device: Option<DeviceId>,
    /// What is wrong.
    pub refusal: Refusal,
}

/// What a topic is about, and the name in it.
enum Topic<'a> {
    Shadow(&'a str),
    Presence(Presence, &'a str),
}

impl<'a> Topic<'a> {
    fn parse(topic: &'a str) -> Option<Self> {
        let parts: Vec<&str> = topic.split('/').collect();
        match parts.as_slice() {
            ["$aws", "things", name, "shadow", "update", "documents"] => Some(Self::Shadow(name)),
            ["$aws", "events", "presence", state, ..] => {
                let name = topic.splitn(5, '/').nth(4)?;
                Presence::of(state).map(|state| Self::Presence(state, name))
            }
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Documents {
    #[serde(default)]
    previous: Option<Document>,
    current: Document,
    /// Seconds since the epoch.
    timestamp: i64,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    state: Option<State>,
    #[serde(default)]
    version: Option<u64>,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default)]
    desired: Option<Value>,
    #[serde(default)]
    reported: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PresenceEvent {
    /// Milliseconds since the epoch.
    timestamp: i64,
    version_number: u64,
    #[serde(default)]
    disconnect_reason: Option<String>,
    /// The id of the certificate, or another name of who connects without one.
    #[serde(default)]
    principal_identifier: Option<String>,
}

/// The prefix of the topics for refused connections. Anybody with any certificate can cause them, with any client id.
const REFUSED: &str = "$aws/events/presence/connect_failed/";

impl TwinMessage {
    /// Reads the message of a rule; `None` when the name in the topic cannot be that of a device, or the message is about a refused
    /// connection.
    ///
    /// # Errors
    /// `bad_topic` for any other topic, `unparseable` for a payload that does not have the form above, `bad_timestamp` and
    /// `future_timestamp` for an implausible instant.
    pub fn read(envelope: &Envelope) -> Result<Option<Self>, Unreadable> {
        if envelope.topic.starts_with(REFUSED) {
            return Ok(None);
        }
        let unknown = || Refusal::new(Reason::BadTopic, format!("{:?} tells nothing of a device", envelope.topic));
        let topic = Topic::parse(&envelope.topic).ok_or_else(|| Unreadable { device: None, refusal: unknown() })?;
        let (Topic::Shadow(name) | Topic::Presence(_, name)) = &topic;
        let Ok(device) = name.parse::<DeviceId>() else { return Ok(None) };
        let told = match topic {
            Topic::Shadow(_) => shadow(&device, envelope),
            Topic::Presence(state, _) => presence(&device, state, envelope),
        };
        match told {
            Ok(told) => Ok(Some(Self { device, told })),
            Err(refusal) => Err(Unreadable { device: Some(device), refusal }),
        }
    }
}

fn payload<T: DeserializeOwned>(envelope: &Envelope) -> Result<T, Refusal> {
    serde_json::from_slice(&envelope.payload)
        .map_err(|error| Refusal::new(Reason::Unparseable, format!("the payload is not what AWS IoT sends: {error}")))
}

fn shadow(device: &DeviceId, envelope: &Envelope) -> Result<Told, Refusal> {
    let Documents { previous, current, timestamp } = payload(envelope)?;
    let at = Timestamp::from_seconds(timestamp).plausible(envelope.received_at)?;
    let version = current.version.ok_or_else(|| Refusal::new(Reason::Unparseable, "the shadow has no version"))?;
    let before = previous.and_then(|document| document.state).unwrap_or_default();
    let after = current.state.unwrap_or_default();
    let (before_reported, after_reported) = (before.reported.clone(), after.reported.clone());
    let sides = [(Kind::Reported, before.reported, after.reported), (Kind::Desired, before.desired, after.desired)];
    let event = |(kind, before, after)| {
        let changes = diff(&document(before), &document(after));
        let key = ordered(version);
        (!changes.is_empty()).then(|| Event::new(Some(device.clone()), kind, &key, at).changes(changes))
    };
    let firmware = firmware_of(before_reported.as_ref(), after_reported.as_ref(), version);
    Ok(Told::Shadow(sides.into_iter().filter_map(event).collect(), firmware))
}

/// The firmware that a device reports, if it differs from before. Anything but a short text counts as none.
fn firmware_of(before: Option<&Value>, after: Option<&Value>, shadow_version: u64) -> Option<FirmwareReport> {
    let of = |part: Option<&Value>| firmware::reported(part?.get("firmware")?.as_str()?);
    let (before, firmware) = (of(before), of(after));
    (before != firmware).then_some(FirmwareReport { firmware, shadow_version })
}

/// A part of the state; an absent part counts as empty.
fn document(part: Option<Value>) -> Value {
    part.filter(|part| !part.is_null()).unwrap_or_else(|| Map::new().into())
}

/// A number as text that sorts as the numbers do: events of one second are in the order in which they happened.
fn ordered(version: u64) -> String {
    format!("{version:010}")
}

fn presence(device: &DeviceId, state: Presence, envelope: &Envelope) -> Result<Told, Refusal> {
    let PresenceEvent { timestamp, version_number: version, disconnect_reason, principal_identifier } =
        payload(envelope)?;
    let principal = principal_identifier.filter(|_| state == Presence::Connected).and_then(|id| id.parse().ok());
    let since = Timestamp::from_millis(timestamp).plausible(envelope.received_at)?;
    let (kind, reason) = match state {
        Presence::Connected => (Kind::Connected, None),
        Presence::Disconnected => (Kind::Disconnected, disconnect_reason),
    };
    let reason = reason.map(|reason| reason.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect());
    let event = Event::new(Some(device.clone()), kind, &ordered(version), since);
    let event = Event { detail: reason.clone(), ..event };
    Ok(Told::Presence(Connection { state, since, reason, version }, Box::new(event), principal))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECOND: i64 = 1_795_155_884;

    fn envelope(topic: &str, payload: &Value) -> Envelope {
        Envelope {
            topic: topic.to_owned(),
            received_at: Timestamp::from_millis(SECOND * 1000 + 500),
            payload: payload.to_string().into_bytes(),
            replay: None,
        }
    }

    fn documents(previous: &Value, current: &Value) -> Result<Option<TwinMessage>, Unreadable> {
        let payload = json!({"previous": previous, "current": current, "timestamp": SECOND, "clientToken": "t"});
        TwinMessage::read(&envelope("$aws/things/dispenser-123/shadow/update/documents", &payload))
    }

    fn events(message: Result<Option<TwinMessage>, Unreadable>) -> Vec<(String, usize)> {
        match message.unwrap().unwrap().told {
            Told::Shadow(events, _) => {
                events.iter().map(|event| (event.id.to_string(), event.changes.list().len())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_shadow_that_changes_on_both_sides_is_an_event_of_each() {
        let previous = json!({"state": {"desired": {"led": true}, "reported": {"led": false, "n": 1}}, "version": 6});
        let current = json!({"state": {"desired": {"led": false}, "reported": {"led": true, "n": 2}}, "version": 7});
        let told = events(documents(&previous, &current));
        assert_eq!(told, [("reported-0000000007".to_owned(), 2), ("desired-0000000007".to_owned(), 1)]);
    }

    #[test]
    fn another_firmware_than_before_is_told_with_the_version_of_the_shadow() {
        let told = |before: &Value, after: &Value| {
            let previous = json!({"state": {"reported": before}});
            let current = json!({"state": {"reported": after}, "version": 8});
            match documents(&previous, &current).unwrap().unwrap().told {
                Told::Shadow(_, firmware) => firmware.map(|report| (report.firmware, report.shadow_version)),
                other => panic!("{other:?}"),
            }
        };
        let new = json!({"firmware": "1.4.2"});
        assert_eq!(told(&json!({}), &new), Some((Some("1.4.2".to_owned()), 8)));
        assert_eq!(told(&json!({"firmware": "1.4.1"}), &new), Some((Some("1.4.2".to_owned()), 8)));
        assert_eq!(told(&new, &json!({"led": true})), Some((None, 8)));
        assert_eq!(told(&new, &json!({"firmware": 5})), Some((None, 8)));
        assert_eq!(told(&new, &new), None);
        assert_eq!(told(&json!({}), &json!({"firmware": "x".repeat(65)})), None);
    }

    #[test]
    fn a_document_that_changes_nothing_is_no_event() {
        let state = json!({"desired": {"led": true, "n": 10}, "reported": {"a": [1]}});
        let same = json!({"desired": {"led": true, "n": 10.0}, "reported": {"a": [1]}});
        assert_eq!(events(documents(&json!({"state": state}), &json!({"state": same, "version": 8}))), []);
    }

    #[test]
    fn the_first_document_of_a_shadow_has_no_state_before_it() {
        let current = json!({"state": {"reported": {"led": true}}, "version": 1});
        for previous in [json!(null), json!({}), json!({"state": null}), json!({"state": {"reported": null}})] {
            assert_eq!(events(documents(&previous, &current)), [("reported-0000000001".to_owned(), 1)], "{previous}");
        }
    }

    #[test]
    fn a_connection_has_its_number_its_instant_and_why_it_ended() {
        let payload = json!({"clientId": "dispenser-123", "timestamp": SECOND * 1000 + 7, "eventType": "disconnected",
            "versionNumber": 3, "disconnectReason": "CONNECTION_LOST", "ipAddress": "203.0.113.7"});
        let message = TwinMessage::read(&envelope("$aws/events/presence/disconnected/dispenser-123", &payload));
        let Told::Presence(connection, event, _) = message.unwrap().unwrap().told else { panic!("no presence") };
        let since = Timestamp::from_millis(SECOND * 1000 + 7);
        let reason = Some("CONNECTION_LOST".to_owned());
        assert_eq!(connection, Connection { state: Presence::Disconnected, since, reason, version: 3 });
        assert_eq!(
            (event.id.as_str(), event.at, event.detail.as_deref()),
            ("disconnected-0000000003", since, Some("CONNECTION_LOST"))
        );
        assert!(!format!("{event:?}").contains("203.0.113.7"), "no address is kept");
    }

    #[test]
    fn what_is_no_device_is_ignored_and_what_cannot_be_read_is_refused() {
        let good = json!({"timestamp": SECOND * 1000, "versionNumber": 0});
        for name in ["iotconsole-5/x", "a b", ""] {
            let topic = format!("$aws/events/presence/connected/{name}");
            assert_eq!(TwinMessage::read(&envelope(&topic, &good)), Ok(None), "{name}");
        }
        for payload in [&good, &json!({"disconnectReason": "AUTH_ERROR"}), &json!([])] {
            let failed = envelope("$aws/events/presence/connect_failed/a", payload);
            assert_eq!(TwinMessage::read(&failed), Ok(None), "{payload}");
        }
        let connected = "$aws/events/presence/connected/a";
        for (topic, payload, reason) in [
            ("$aws/events/presence/asleep/a", good.clone(), Reason::BadTopic),
            ("$aws/things/a/shadow/get", good.clone(), Reason::BadTopic),
            ("", good.clone(), Reason::BadTopic),
            (connected, json!({"timestamp": SECOND * 1000}), Reason::Unparseable),
            (connected, json!({"timestamp": "x", "versionNumber": 0}), Reason::Unparseable),
            (connected, json!({"timestamp": SECOND * 1000, "versionNumber": -1}), Reason::Unparseable),
            (connected, json!({"timestamp": 5, "versionNumber": 0}), Reason::BadTimestamp),
            (connected, json!({"timestamp": (SECOND + 1_000) * 1000, "versionNumber": 0}), Reason::FutureTimestamp),
            (
                "$aws/things/a/shadow/update/documents",
                json!({"current": {"state": {}}, "timestamp": SECOND}),
                Reason::Unparseable,
            ),
            ("$aws/things/a/shadow/update/documents", json!([]), Reason::Unparseable),
        ] {
            let refused = TwinMessage::read(&envelope(topic, &payload)).unwrap_err();
            assert_eq!(refused.refusal.reason, reason, "{topic} {payload}");
        }
    }
}
