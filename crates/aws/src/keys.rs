//! Keys of rows, in tables and in indexes, as pure functions. The adapters write with them, and `cargo xtask capacity` uses the same
//! functions to count which partition of a large fleet takes the most writes.
//!
//! DynamoDB writes at most 1,000 units a second under one partition key ("Best practices for designing and using partition
//! keys effectively" in its developer guide). A list that all devices write to therefore lies in [`SHARDS`] partitions of its
//! index, and a page merges them (`list.rs`). Lists that only people write to have one partition: the API takes
//! `ApiRateLimit` requests a second from all of them together.

use sha2::{Digest, Sha256};

use weir_core::domain::problem::Status;
use weir_core::domain::reading::Series;
use weir_core::domain::serial::SerialState;
use weir_core::domain::{Reason, Timestamp};
use weir_core::id::{CertificateId, DeviceId, EventId, LevelId, Serial};

/// The partitions of a list.
///
/// The number follows from the quarantine, the list that devices can write to fastest. Its table accepts at most 4,000 entries a
/// second in all by default (`QuarantineWrites` in template.yaml), and an entry costs one unit in each of its lists: 4,000 / 8 = 500
/// units a second for a partition. DynamoDB accepts twice that, so neither an uneven second (a standard deviation of 21) nor a
/// `QuarantineWrites` of 6,000, the maximum of the template, does any harm.
///
/// The lists of levels and of problems stay below that: `cargo xtask capacity` prints them.
pub const SHARDS: u8 = 8;

/// The list of all levels, and the index of those that may be silent.
pub const LEVELS: &str = "level";
/// The index of devices that have to be looked at.
pub const DEVICES: &str = "device";
/// The index of devices whose certificates have to be looked at.
pub const EXPIRING: &str = "expiring";
/// The index of the queues of commands that have to be looked at.
pub const COMMANDS: &str = "command";
/// The list of all quarantine entries.
pub const ENTRIES: &str = "all";

/// The list of all events.
pub const EVENTS: &str = "event";
/// The list of devices that are not connected.
pub const OFFLINE: &str = "offline";
/// The partition of events that concern people, or no single device. No device id begins with `-`.
pub const NO_DEVICE: &str = "-";

/// The index of outboxes and of reminders that are due.
pub const NOTICES: &str = "notice";
/// The only partition of the index `listed` of `subscriptions`.
pub const SUBSCRIPTIONS: &str = "subscription";

/// The only partition of the index `links` of `devices`: flow sensors that name the ones after them.
pub const LINKS: &str = "level";
/// The only partition of the index `pending` of `devices`: those whose settings are to be delivered.
pub const PENDING: &str = "settings";
/// The only partition of the index `listed` of `users`, which holds profiles but no leases, tombstones or deleted profiles.
pub const PROFILES: &str = "profile";
/// The only partition of the index `due` of `recalculations`: jobs with something left to do.
pub const JOBS: &str = "job";
/// The partition of `jobs` with the announced firmwares.
pub const FIRMWARES: &str = "firmware";
/// The partition of `jobs` with the jobs of the fleet, and the only one of its index `due`: jobs with something left to do.
pub const FLEET_JOBS: &str = "job";

/// The shard of a row with this key. It never changes, and all shards are equally likely.
pub fn shard(key: &str) -> u8 {
    Sha256::digest(key).first().map_or(0, |byte| byte % SHARDS)
}

/// The partition of `list` in which the row with this key is.
pub fn partition(list: &str, key: &str) -> String {
    format!("{list}#{}", shard(key))
}

/// All partitions of `list`.
pub fn partitions(list: &str) -> Vec<String> {
    (0..SHARDS).map(|shard| format!("{list}#{shard}")).collect()
}

/// The partition key of a series in `readings`, `rollups`, `calibrations` and `recalculations`: `device#code`.
pub fn series(series: &Series) -> String {
    format!("{}#{}", series.device, series.sensor)
}

/// The sort key of a version in `calibrations`: ordered by `valid_from`, then by version.
pub fn since(valid_from: Timestamp, version: u32) -> String {
    format!("{:013}#{version:06}", valid_from.millis().max(0))
}

/// The partition of a device in the index `listed` of `devices`.
pub fn device(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

/// The partition of a flow sensor on a tube in the index `tubes` of `devices`.
pub fn tube(tube: &str, enabled: bool) -> String {
    format!("{tube}#{}", device(enabled))
}

/// The partition of a sensor in the indexes `listed` and `watched` of `levels`.
pub fn level(id: &LevelId) -> String {
    partition(LEVELS, id.as_str())
}

/// The partition of a device in the index `watched` of `devices`.
pub fn watched_device(id: &DeviceId) -> String {
    partition(DEVICES, id.as_str())
}

/// The partition of a device in the index `expiring` of `devices`.
pub fn expiring(id: &DeviceId) -> String {
    partition(EXPIRING, id.as_str())
}

/// The partition of a serial number in the index `states` of `serials`: a file adds 5,000 at once.
pub fn listed_serial(state: SerialState, serial: &Serial) -> String {
    partition(state.code(), serial.as_str())
}

/// The key of the row in `serials` that says which serial number has a device. No serial number has a `#`.
pub fn serial_of_device(device: &DeviceId) -> String {
    format!("device#{device}")
}

/// The key of the row in `serials` that says for which serial number a certificate was provisioned.
pub fn serial_of_certificate(certificate: &CertificateId) -> String {
    format!("certificate#{certificate}")
}

/// The partition of a device's queue in the index `watched` of `commands`.
pub fn queue(id: &DeviceId) -> String {
    partition(COMMANDS, id.as_str())
}

/// The partition of a problem in the index `listed` of `problems`.
pub fn problem(status: Status, problem_id: &str) -> String {
    partition(status.code(), problem_id)
}

/// The sort key of a problem in that index: by the beginning of its newest episode, in seconds, then by id.
pub fn problem_place(began: i64, problem_id: &str) -> String {
    format!("{:012}#{problem_id}", began.max(0))
}

/// The sort key of an entry in all indexes of `quarantine`: by the time it was first seen, then by id.
pub fn entry_place(first_seen: Timestamp, id: &str) -> String {
    format!("{:013}#{id}", first_seen.millis().max(0))
}

/// The partition of `events` with the events of a device, or of no device.
pub fn events_of(device: Option<&DeviceId>) -> &str {
    device.map_or(NO_DEVICE, DeviceId::as_str)
}

/// The sort key of an event in `events`: by instant, then by id.
pub fn event_row(at: Timestamp, id: &EventId) -> String {
    format!("{}#{id}", event_bound(at))
}

/// A sort key of `events` before all events of this instant and after all earlier ones.
pub fn event_bound(at: Timestamp) -> String {
    format!("{:013}", at.millis().max(0))
}

/// The sort key of an event in the index `listed` of `events`: by instant, then by device and id.
pub fn event_place(at: Timestamp, device: Option<&DeviceId>, id: &EventId) -> String {
    format!("{}#{}#{id}", event_bound(at), events_of(device))
}

/// The partition of a device in the index `offline` of `events`.
pub fn offline(device: &DeviceId) -> String {
    partition(OFFLINE, device.as_str())
}

/// The sort key of a notice in the index `listed` of `notices`, and of a subscription in that of `subscriptions`: by the time it was
/// made, then by id.
pub fn made_place(made: Timestamp, id: &str) -> String {
    format!("{:013}#{id}", made.millis().max(0))
}

/// The list of the entries of a device with a reason. A reason has no `#`, so no device can look like another with a reason.
pub fn device_reason(device: &str, reason: Reason) -> String {
    format!("{device}#{reason}")
}

/// The partitions of a quarantine entry in its indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPartitions {
    /// In `listed`.
    pub listed: String,
    /// In `reasons`.
    pub reason: String,
    /// In `devices`, when the device is known.
    pub device: Option<String>,
    /// In `device_reasons`, when the device is known.
    pub device_reason: Option<String>,
}

impl EntryPartitions {
    /// Those of the entry with this id.
    pub fn of(id: &str, reason: Reason, device: Option<&str>) -> Self {
        Self {
            listed: partition(ENTRIES, id),
            reason: partition(reason.code(), id),
            device: device.map(|device| partition(device, id)),
            device_reason: device.map(|device| partition(&device_reason(device, reason), id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_spread_evenly_over_the_partitions_whatever_their_keys_look_like() {
        let ids = |form: fn(u32) -> String| (0..8_000).map(form).collect::<Vec<_>>();
        for keys in [ids(|n| format!("0{n}")), ids(|n| format!("buoy-{n:07}#ph")), ids(|n| format!("{n:032x}"))] {
            let mut counts = [0_u32; SHARDS as usize];
            for key in &keys {
                counts[usize::from(shard(key))] += 1;
            }
            assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn a_row_is_in_one_of_the_partitions_of_its_list_for_ever() {
        assert_eq!(partitions("all").len(), usize::from(SHARDS));
        for key in ["01", "a#b", ""] {
            assert!(partitions("all").contains(&partition("all", key)), "{key}");
        }
        // Rows that are stored would be lost to their list if these changed.
        assert_eq!(["01", "02", "0102", "x"].map(shard), [3, 1, 1, 5]);
    }
}
