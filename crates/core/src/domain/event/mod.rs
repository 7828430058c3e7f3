//! Events: what happened to a device or a person and what it changed, each recorded once.
//!
//! The key of an event (device, instant, id) is derived from what happened. If a message arrives twice or a request is repeated, the
//! same row is written again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::id::{DeviceId, EventId};

mod changes;
mod diff;

pub use changes::{Changes, MOST_BYTES, MOST_CHANGES};
pub use diff::{FieldChange, applied, diff};

/// What happened.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::EnumIter,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = EventKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// The device reported another state in its shadow.
    Reported,
    /// The desired state in the shadow of the device changed.
    Desired,
    /// The device connected.
    Connected,
    /// The device disconnected, or its connection was lost.
    Disconnected,
    /// A person registered, changed or deleted the device or one of its sensors.
    Device,
    /// A person added a calibration.
    Calibration,
    /// A person changed the settings of the device.
    Settings,
    /// A person changed the alerts of a sensor.
    Alert,
    /// A person began a recalculation.
    Recalculation,
    /// A person replayed or deleted a quarantine entry.
    Quarantine,
    /// A person acknowledged or resolved a problem, or changed its note.
    Problem,
    /// A person deleted a level.
    Level,
    /// A command was sent, answered, cancelled, or expired.
    Command,
    /// A certificate of the device was requested, issued, revoked or removed.
    Certificate,
    /// The allow list changed, or a board with a listed serial number was provisioned or refused.
    Serial,
    /// A job of the device made progress.
    Job,
    /// A person, or a profile, was added, changed or deleted.
    People,
    /// A person changed a subscription to notices.
    Subscription,
}

impl Kind {
    /// The kind as it is stored and shown.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The kind with this code.
    pub fn of(code: &str) -> Option<Self> {
        code.parse().ok()
    }

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The device; `None` for what concerns people, or no single device.
    pub device: Option<DeviceId>,
    /// What happened.
    pub kind: Kind,
    /// Unique within its device and instant.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// The name of the person who did it; `None` when it was not a person.
    pub by: Option<String>,
    /// What it was done to: something of the device, such as a sensor, or without a device for example a person.
    pub target: Option<String>,
    /// More about it, such as why a connection ended.
    pub detail: Option<String>,
    /// What it changed.
    pub changes: Changes,
}

impl Event {
    /// An event without an author, a target, a detail or changes. `key` distinguishes it from others of this kind. Repeating the
    /// same action must lead to the same key and instant.
    pub fn new(device: Option<DeviceId>, kind: Kind, key: &dyn fmt::Display, at: Timestamp) -> Self {
        let id = EventId::of(kind.code(), key);
        Self { device, kind, id, at, by: None, target: None, detail: None, changes: Changes::default() }
    }

    /// The event with its author.
    pub fn by(self, name: impl Into<String>) -> Self {
        Self { by: Some(name.into()), ..self }
    }

    /// The event with its target.
    pub fn target(self, target: impl fmt::Display) -> Self {
        Self { target: Some(target.to_string()), ..self }
    }

    /// The event with a detail.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The event with its changes.
    pub fn changes(self, changes: Vec<FieldChange>) -> Self {
        Self { changes: Changes::of(changes), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        assert!(Kind::all().count() > 10);
        for kind in Kind::all() {
            assert_eq!(Kind::of(kind.code()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
        assert_eq!(Kind::of("Device"), None);
    }

    #[test]
    fn the_same_deed_has_the_same_id() {
        let event = |version: u64| Event::new("a".parse().ok(), Kind::Settings, &version, Timestamp::from_millis(7));
        assert_eq!(event(3), event(3));
        assert_ne!(event(3).id, event(4).id);
    }
}
