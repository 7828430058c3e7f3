//! Events: what happened to a device or to a person, once each, with what it changed.
//!
//! An event has a key of its own (device, instant, id) that follows from what happened. So whoever writes it again, because a
//! message came twice or a request was repeated, writes the same row.

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
    /// A certificate of the device was asked for, issued, ended or removed.
    Certificate,
    /// The allow list changed, or a board with a listed serial number was provisioned or refused.
    Serial,
    /// A job of the device moved on.
    Job,
    /// A person, or a profile, was added, changed or deleted.
    People,
    /// A person changed who is told what.
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
    /// Who did it, by the name that the audit log has; `None` when it was no person.
    pub by: Option<String>,
    /// What it was done to, within the device or, where there is none, at all: a sensor, a problem, a person.
    pub target: Option<String>,
    /// More about it, such as why a connection ended.
    pub detail: Option<String>,
    /// What it changed.
    pub changes: Changes,
}

impl Event {
    /// An event without an author, a target, a detail or changes. `key` tells it from others of this kind: repeating what was done
    /// has to result in the same key and instant.
    pub fn new(device: Option<DeviceId>, kind: Kind, key: &dyn fmt::Display, at: Timestamp) -> Self {
        let id = EventId::of(kind.code(), key);
        Self { device, kind, id, at, by: None, target: None, detail: None, changes: Changes::default() }
    }

    /// The event, done by this person.
    pub fn by(self, name: impl Into<String>) -> Self {
        Self { by: Some(name.into()), ..self }
    }

    /// The event, done to this.
    pub fn target(self, target: impl fmt::Display) -> Self {
        Self { target: Some(target.to_string()), ..self }
    }

    /// The event with more about it.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The event with what it changed.
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
