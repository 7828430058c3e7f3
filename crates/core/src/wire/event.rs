//! Events and connections as JSON.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::time;
use crate::domain::Timestamp;
use crate::domain::event::{Changes, Event, FieldChange, Kind};
use crate::domain::presence::{Connection, Presence};
use crate::id::{DeviceId, EventId};

/// A value that an event changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeJson {
    /// The place: a JSON pointer (RFC 6901). Sensors and alerts are named by their codes and ids, e.g. `/sensors/ph/unit`.
    #[cfg_attr(feature = "schema", schema(example = "/settings/sample_interval_s"))]
    pub pointer: String,
    /// The value before; absent where there was none.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub before: Option<Value>,
    /// The value after; absent where there no longer is one.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub after: Option<Value>,
}

/// Distinguishes `null` from an absent field.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Something that happened to a device, or to a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Event))]
pub struct EventJson {
    /// Unique within its device and instant.
    pub id: EventId,
    /// The device; absent where it concerns people or no single device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What happened.
    pub kind: Kind,
    /// When it happened.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// Who did it; absent where it was no person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it was done to: a sensor, a problem, a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// More about it, such as why a connection ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(example = "CONNECTION_LOST"))]
    pub detail: Option<String>,
    /// What it changed, at most 100 values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub changes: Vec<ChangeJson>,
    /// How many further values it changed.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub more: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference; not where a reference is smaller")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<Event> for EventJson {
    fn from(event: Event) -> Self {
        let Event { device, kind, id, at, by, target, detail, changes } = event;
        let more = changes.more();
        Self { id, device, kind, at, by, target, detail, changes: changes_json(&changes), more }
    }
}

/// The changes as JSON.
pub fn changes_json(changes: &Changes) -> Vec<ChangeJson> {
    let json = |FieldChange { pointer, before, after }: &FieldChange| ChangeJson {
        pointer: pointer.clone(),
        before: before.clone(),
        after: after.clone(),
    };
    changes.list().iter().map(json).collect()
}

/// The changes from their JSON.
pub fn changes_of(list: Vec<ChangeJson>, more: u64) -> Changes {
    let change = |ChangeJson { pointer, before, after }| FieldChange { pointer, before, after };
    Changes::stored(list.into_iter().map(change).collect(), more)
}

/// The connection of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConnectionJson {
    /// Whether it is connected.
    pub state: Presence,
    /// Since when.
    #[serde(with = "time")]
    pub since: Timestamp,
    /// Why the connection ended, in AWS IoT's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false, example = "CONNECTION_LOST"))]
    pub reason: Option<String>,
}

impl From<Connection> for ConnectionJson {
    fn from(connection: Connection) -> Self {
        let Connection { state, since, reason, version: _ } = connection;
        Self { state, since, reason }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_only_what_there_is_to_say() {
        let at = Timestamp::from_millis(1_795_155_884_123);
        let event = Event::new("buoy-01".parse().ok(), Kind::Connected, &5, at);
        let expected =
            json!({"id": "connected-5", "device": "buoy-01", "kind": "connected", "at": "2026-11-20T06:24:44.123Z"});
        assert_eq!(serde_json::to_value(EventJson::from(event)).unwrap(), expected);
        let change = FieldChange { pointer: "/led".into(), before: None, after: Some(json!(null)) };
        let event = Event::new(None, Kind::People, &"x", at).by("ann").target("sub").changes(vec![change; 103]);
        let shown = serde_json::to_value(EventJson::from(event)).unwrap();
        assert_eq!((&shown["changes"][0], &shown["more"]), (&json!({"pointer": "/led", "after": null}), &json!(3)));
        assert_eq!((shown.get("device"), &shown["by"], &shown["target"]), (None, &json!("ann"), &json!("sub")));
    }

    #[test]
    fn changes_are_read_as_they_were_written() {
        let changes = Changes::of(vec![
            FieldChange { pointer: "/a".into(), before: None, after: Some(json!(null)) },
            FieldChange { pointer: "/b".into(), before: Some(json!({"c": [1, 2.5]})), after: None },
        ]);
        let text = serde_json::to_string(&changes_json(&changes)).unwrap();
        assert_eq!(changes_of(serde_json::from_str(&text).unwrap(), 0), changes);
    }
}
