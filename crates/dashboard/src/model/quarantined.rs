//! What of each device is in quarantine, for the list of devices.

use std::collections::{BTreeMap, BTreeSet};

use weir_core::domain::Reason;

use crate::wire::Page;
use crate::wire::quarantine::Quarantined;

/// The newest entries of the quarantine, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    entries: BTreeMap<String, Quarantined>,
    /// Whether there are older ones.
    more: bool,
}

/// How many entries there are of each device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Of the registered devices.
    devices: BTreeMap<String, usize>,
    /// Those that belong to no registered device.
    pub strangers: usize,
    /// Whether these are only the newest ones.
    pub more: bool,
}

impl Waiting {
    /// The entries of a list.
    pub fn of(listed: Page<Quarantined>) -> Self {
        let more = listed.next.is_some();
        Self { entries: listed.items.into_iter().map(|entry| (entry.id.clone(), entry)).collect(), more }
    }

    /// Adds an entry that the live feed reports, or its new reason.
    pub fn take(&mut self, entry: Quarantined) {
        self.entries.insert(entry.id.clone(), entry);
    }

    /// Removes an entry that has left the quarantine.
    pub fn release(&mut self, id: &str) {
        self.entries.remove(id);
    }

    /// Counts the entries. Unless `registered` is the `whole` list, nothing is known about other devices, except those that were refused
    /// because they are not registered.
    pub fn tally(&self, registered: &BTreeSet<&str>, whole: bool) -> Tally {
        let mut tally = Tally { more: self.more, ..Tally::default() };
        for entry in self.entries.values() {
            match &entry.device {
                Some(device) if registered.contains(device.as_str()) => {
                    *tally.devices.entry(device.clone()).or_default() += 1;
                }
                Some(_) if !whole && entry.reason != Reason::UnknownDevice.code() => {}
                _ => tally.strangers += 1,
            }
        }
        tally
    }
}

impl Tally {
    /// The number of entries of a registered device.
    pub fn count(&self, device: &str) -> usize {
        self.devices.get(device).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, reason: &str, device: Option<&str>) -> Quarantined {
        let first_seen = "2026-11-20T06:25:00Z".to_owned();
        Quarantined { id: id.into(), reason: reason.into(), device: device.map(str::to_owned), first_seen }
    }

    #[test]
    fn entries_are_counted_at_their_devices_and_the_rest_together() {
        let items = vec![
            entry("1", "bad_value", Some("a")),
            entry("2", "bad_topic", None),
            entry("3", "unknown_device", Some("x")),
            entry("4", "bad_value", Some("a")),
            entry("5", "bad_value", Some("y")),
        ];
        let mut waiting = Waiting::of(Page { items, next: None });
        let registered = BTreeSet::from(["a", "b"]);
        let counts = |waiting: &Waiting, whole| {
            let tally = waiting.tally(&registered, whole);
            (tally.count("a"), tally.count("b"), tally.strangers)
        };
        assert_eq!(counts(&waiting, true), (2, 0, 3));
        // `y` may be one of the devices that are not listed.
        assert_eq!(counts(&waiting, false), (2, 0, 2));
        // What the feed reports counts once, also if the list has it already.
        for _ in 0..2 {
            waiting.take(entry("6", "bad_value", Some("b")));
            waiting.take(entry("1", "unknown_sensor", Some("a")));
            waiting.release("2");
        }
        assert_eq!(counts(&waiting, true), (2, 1, 2));
        assert!(!waiting.tally(&registered, true).more);
        assert!(Waiting::of(Page { items: Vec::new(), next: Some("c".into()) }).tally(&registered, true).more);
    }
}
