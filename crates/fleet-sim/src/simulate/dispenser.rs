//! The firmware of the simulated dispenser: the rules for devices in `docs/commands.md`, as a state machine without a network.
//!
//! It executes a command at most once, even if messages are duplicated, late or reordered, and whenever it loses power: the id of the last
//! command and its status are in flash memory, and are written before the command is executed.

use serde_json::{Map, Value, json};

/// The status of a command, as reported by the device and stored in its flash memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is being executed.
    Accepted,
    /// It was executed.
    Succeeded,
    /// It could not be executed.
    Failed,
}

impl Status {
    /// Its name in the report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

/// The last command, in flash memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Its id.
    pub id: String,
    /// Its last reported status.
    pub status: Status,
    /// Details of the status.
    pub detail: &'static str,
}

/// The firmware.
#[derive(Debug, Clone, Default)]
pub struct Firmware {
    /// In flash memory: the last command.
    pub last: Option<Last>,
    /// In flash memory: the settings.
    pub settings: Map<String, Value>,
    /// In volatile memory: whether the last command is being executed.
    busy: bool,
}

impl Firmware {
    /// Handles `command` in its shadow at `now`, by its own clock, in seconds since the epoch. Returns the report. If that is `ACCEPTED`,
    /// the caller has to execute the command and then call [`Firmware::done`].
    pub fn find(&mut self, command: &Value, now: i64) -> Option<Value> {
        // A delta about an answered command has no id.
        let id = command.get("id")?.as_str()?;
        // It executes one command at a time, and reads the shadow again afterwards.
        if self.busy {
            return None;
        }
        match &self.last {
            Some(last) if last.id == id => return self.said(),
            // Ids of a device are ascending, so this command is older than the last one.
            Some(last) if last.id.as_str() > id => return None,
            _ => {}
        }
        if command.get("expires_at").and_then(Value::as_i64).is_none_or(|expires_at| now > expires_at) {
            return None;
        }
        let name = command.get("name").and_then(Value::as_str).unwrap_or_default();
        if name != "dispense" {
            self.last = Some(Last { id: id.to_owned(), status: Status::Failed, detail: "unknown command" });
            return self.said();
        }
        self.last = Some(Last { id: id.to_owned(), status: Status::Accepted, detail: "" });
        self.busy = true;
        self.said()
    }

    /// Whether it is executing a command.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// The command is executed. Returns the report.
    pub fn done(&mut self) -> Option<Value> {
        if !std::mem::take(&mut self.busy) {
            return None;
        }
        if let Some(last) = &mut self.last {
            last.status = Status::Succeeded;
        }
        self.said()
    }

    /// Restarts after a loss of power. Returns the report about a command that was interrupted: it is unknown how much of it was executed,
    /// so it is not executed again.
    pub fn restart(&mut self) -> Option<Value> {
        self.busy = false;
        let last = self.last.as_mut()?;
        if last.status == Status::Accepted {
            (last.status, last.detail) = (Status::Failed, "interrupted by a restart");
        }
        self.said()
    }

    /// Applies these settings of its shadow. Returns the report.
    pub fn apply(&mut self, settings: &Map<String, Value>) -> Option<Value> {
        let changed: Map<_, _> = settings
            .iter()
            .filter(|(name, value)| self.settings.get(*name) != Some(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if changed.is_empty() {
            return None;
        }
        for (name, value) in &changed {
            merge(self.settings.entry(name.clone()).or_insert(Value::Null), value);
        }
        Some(json!({"settings": self.settings}))
    }

    /// The configured time of dispensing, in ms.
    pub fn dispense_time_ms(&self) -> u64 {
        self.settings.get("dispense_time_ms").and_then(Value::as_u64).unwrap_or(500).min(10_000)
    }

    /// The report about the last command.
    fn said(&self) -> Option<Value> {
        let Last { id, status, detail } = self.last.as_ref()?;
        let mut said = json!({"id": id, "status": status.word()});
        if let (false, Some(said)) = (detail.is_empty(), said.as_object_mut()) {
            said.insert("detail".to_owned(), (*detail).into());
        }
        Some(json!({"command": said}))
    }
}

/// A delta contains only differences: objects are merged, other values replaced.
fn merge(value: &mut Value, change: &Value) {
    match (value, change) {
        (Value::Object(value), Value::Object(change)) => {
            for (name, change) in change {
                merge(value.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_155_884;

    fn command(id: &str, expires_at: i64) -> Value {
        json!({"id": id, "name": "dispense", "args": {"ml": 30}, "expires_at": expires_at})
    }

    fn word(said: Option<Value>) -> Option<String> {
        Some(said?.pointer("/command/status")?.as_str()?.to_owned())
    }

    #[test]
    fn a_command_is_accepted_once_and_its_answer_repeated() {
        let mut firmware = Firmware::default();
        let one = command("1795155884123", NOW + 60);
        assert_eq!(word(firmware.find(&one, NOW)).as_deref(), Some("ACCEPTED"));
        assert_eq!(firmware.find(&one, NOW), None, "it is at it");
        assert_eq!(firmware.find(&command("1795155884999", NOW + 60), NOW), None, "one at a time");
        assert_eq!(word(firmware.done()).as_deref(), Some("SUCCEEDED"));
        assert_eq!(firmware.done(), None);
        assert_eq!(word(firmware.find(&one, NOW)).as_deref(), Some("SUCCEEDED"), "the cloud may not have heard it");
        assert_eq!(
            firmware.find(&json!({"name": "dispense", "expires_at": NOW + 60}), NOW),
            None,
            "a delta without an id"
        );
    }

    #[test]
    fn an_older_one_and_an_expired_one_are_left_alone() {
        let mut firmware = Firmware::default();
        assert_eq!(firmware.find(&command("1795155884123", NOW - 1), NOW), None);
        assert!(firmware.find(&command("1795155884124", NOW), NOW).is_some());
        firmware.done();
        assert_eq!(firmware.find(&command("1795155884123", NOW + 60), NOW), None);
    }

    #[test]
    fn a_restart_ends_what_was_interrupted_and_does_not_do_it_again() {
        let mut firmware = Firmware::default();
        assert_eq!(firmware.restart(), None);
        let one = command("1795155884123", NOW + 60);
        firmware.find(&one, NOW);
        assert_eq!(word(firmware.restart()).as_deref(), Some("FAILED"));
        assert_eq!(word(firmware.find(&one, NOW)).as_deref(), Some("FAILED"));
        assert!(!firmware.is_busy());
    }

    #[test]
    fn settings_are_merged_and_reported_once() {
        let mut firmware = Firmware::default();
        let settings = |value: Value| value.as_object().unwrap().clone();
        firmware.apply(&settings(json!({"led": true, "led_ring": {"count": 8, "color": "red"}})));
        let reported = firmware.apply(&settings(json!({"led_ring": {"color": "blue"}, "dispense_time_ms": 900})));
        let whole = json!({"led": true, "led_ring": {"count": 8, "color": "blue"}, "dispense_time_ms": 900});
        assert_eq!(reported, Some(json!({"settings": whole})));
        assert_eq!((firmware.apply(&settings(whole)), firmware.dispense_time_ms()), (None, 900));
    }

    #[test]
    fn an_unknown_command_fails() {
        let mut firmware = Firmware::default();
        let said = firmware.find(&json!({"id": "1795155884123", "name": "fly", "expires_at": NOW}), NOW);
        assert_eq!(word(said).as_deref(), Some("FAILED"));
        assert!(!firmware.is_busy());
    }
}
