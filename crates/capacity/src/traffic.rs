//! The writes of each kind of event: each function here is one event, and counts the rows that it writes, with their keys.
//!
//! The units are those in `docs/costs-and-figures.md`, which tests check: a reading costs one; a quarantine entry one, and one in each
//! list; a write in a transaction two.

use weir_aws::keys::{self, EntryPartitions};
use weir_aws::quarantine::QuarantineEntry;
use weir_core::domain::bounds;
use weir_core::domain::event::{Event, Kind};
use weir_core::domain::problem::{AlertKey, Status, Subject};
use weir_core::domain::reading::Series;
use weir_core::domain::serial::SerialState;
use weir_core::domain::topology::Pair;
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{BadId, LevelId};

use super::store::{Store, Tally};

/// Maximum quarantine entries per message.
pub const ENTRIES: u32 = bounds::MOST_ENTRIES as u32;
/// Maximum values per message.
pub const VALUES: u32 = bounds::MOST_VALUES as u32;
/// Maximum sensors per device.
pub const SENSORS: u32 = 64;

/// The timestamp of everything. It is not part of any partition key.
const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

/// The series of a device's sensor.
///
/// # Errors
/// Never, as long as `device` is a device id and `sensor` a sensor code.
pub fn series(device: &str, sensor: &str) -> Result<Series, BadId> {
    Ok(Series { device: device.parse()?, sensor: sensor.parse()? })
}

/// A value is stored.
pub fn reading(tally: &mut Tally, of: &Series) {
    tally.write(Store::Readings, keys::series(of), 1.0);
}

/// A value is stored late, which invalidates the aggregates of its hour and day.
pub fn late_reading(tally: &mut Tally, of: &Series) {
    reading(tally, of);
    tally.write(Store::Rollups, keys::series(of), 2.0);
}

/// A value is refused. `number` distinguishes it from others of its device.
pub fn refused(tally: &mut Tally, device: &str, number: u64) {
    let reason = Reason::UnknownSensor;
    let id = QuarantineEntry {
        function: "calibration",
        refusal: Refusal::new(reason, "the device has no such sensor"),
        topic: format!("{device}/readings"),
        device_id: Some(device.to_owned()),
        sensor: Some("x".to_owned()),
        at: NOW,
        received_at: NOW,
        payload: number.to_be_bytes().to_vec(),
    }
    .id();
    let in_index = EntryPartitions::of(&id, reason, Some(device));
    tally.write(Store::Quarantine, id, 1.0);
    tally.write(Store::QuarantineListed, in_index.listed, 1.0);
    tally.write(Store::QuarantineReasons, in_index.reason, 1.0);
    for (store, key) in
        [(Store::QuarantineDevices, in_index.device), (Store::QuarantineDeviceReasons, in_index.device_reason)]
    {
        if let Some(key) = key {
            tally.write(store, key, 1.0);
        }
    }
}

/// A known sensor reports a level: its row, and its history.
///
/// # Errors
/// Never: a level id is a device id.
pub fn level(tally: &mut Tally, id: &LevelId) -> Result<(), BadId> {
    tally.write(Store::Levels, id.as_str(), 1.0);
    reading(tally, &series(id.as_str(), "filling")?);
    Ok(())
}

/// A sensor was due in a sweep and gets a new due time: the index removes the old key and adds the new one.
pub fn watched_again(tally: &mut Tally, id: &LevelId) {
    tally.write(Store::Levels, id.as_str(), 1.0);
    tally.write(Store::LevelsWatched, keys::level(id), 2.0);
}

/// A sensor reports for the first time: the detector adds it to both indexes.
///
/// # Errors
/// As [`level`].
pub fn new_level(tally: &mut Tally, id: &LevelId) -> Result<(), BadId> {
    level(tally, id)?;
    tally.write(Store::Levels, id.as_str(), 1.0);
    tally.write(Store::LevelsListed, keys::level(id), 1.0);
    tally.write(Store::LevelsWatched, keys::level(id), 1.0);
    Ok(())
}

/// The problem of two neighbours opens or closes, in one transaction with both levels.
pub fn turned(tally: &mut Tally, current: &LevelId, following: &LevelId, opens: bool) {
    let problem = Subject::Pair(Pair { current: current.clone(), following: following.clone() }).key();
    let (before, after) =
        if opens { (Status::Resolved, Status::Unresolved) } else { (Status::Unresolved, Status::Resolved) };
    for status in [before, after] {
        tally.write(Store::ProblemsListed, keys::problem(status, &problem), 1.0);
    }
    told(tally, &problem);
    tally.write(Store::Problems, problem, 2.0);
    for id in [current, following] {
        tally.write(Store::Levels, id.as_str(), 2.0);
    }
}

/// A device with a reporting interval was due in a sweep and gets a new due time: the index removes the old key and adds the new one.
///
/// # Errors
/// Never, as long as `device` is a device id.
pub fn looked_at(tally: &mut Tally, device: &str) -> Result<(), BadId> {
    tally.write(Store::Devices, device, 1.0);
    tally.write(Store::DevicesWatched, keys::watched_device(&device.parse()?), 2.0);
    Ok(())
}

/// The problem of an alert opens or ends, in one transaction with a condition on its device.
///
/// # Errors
/// Never, as long as `device` is a device id.
pub fn alerted(tally: &mut Tally, device: &str, opens: bool) -> Result<(), BadId> {
    let (device, sensor, alert) = (device.parse()?, "s0".parse()?, "limit".parse()?);
    let problem = Subject::Alert(AlertKey { device, sensor, alert });
    let (before, after) =
        if opens { (Status::Resolved, Status::Unresolved) } else { (Status::Unresolved, Status::Resolved) };
    for status in [before, after] {
        tally.write(Store::ProblemsListed, keys::problem(status, &problem.key()), 1.0);
    }
    if let Some(device) = problem.device() {
        tally.write(Store::ProblemsDevices, device.as_str(), 1.0);
        tally.write(Store::Devices, device.as_str(), 2.0);
    }
    told(tally, &problem.key());
    tally.write(Store::Problems, problem.key(), 2.0);
    Ok(())
}

/// Notifies one of a thousand subscriptions of a problem: 21 units, as counted in `tests/it/notify/cost.rs`.
fn told(tally: &mut Tally, problem: &str) {
    let number = problem.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 1_000;
    let (subscription, notice) = (format!("{number:032x}"), format!("{number:032x}-{problem}"));
    tally.write(Store::Notices, &subscription, 12.0);
    // Added, leased, and removed.
    tally.write(Store::NoticesDue, keys::partition(keys::NOTICES, &subscription), 4.0);
    for (status, units) in [("pending", 2.0), ("sent", 3.0)] {
        tally.write(Store::NoticesListed, keys::partition(status, &notice), units);
    }
}

/// The shadow of a device changes. `number` distinguishes the event from others.
///
/// # Errors
/// Never, as long as `device` is a device id.
pub fn shadow_changed(tally: &mut Tally, device: &str, number: u64) -> Result<(), BadId> {
    event(tally, Event::new(Some(device.parse()?), Kind::Reported, &number, NOW), 1.0);
    Ok(())
}

/// A device reconnects: one connection ends, and the next one begins.
///
/// # Errors
/// Never, as long as `device` is a device id.
pub fn reconnected(tally: &mut Tally, device: &str, number: u64) -> Result<(), BadId> {
    let id = device.parse()?;
    for kind in [Kind::Disconnected, Kind::Connected] {
        event(tally, Event::new(Some(device.parse()?), kind, &number, NOW), 1.0);
        tally.write(Store::Events, device, 1.0);
        // Added, and removed.
        tally.write(Store::EventsOffline, keys::offline(&id), 1.0);
    }
    Ok(())
}

/// An event, and its entry in the list of all events; in a transaction its row costs two units.
fn event(tally: &mut Tally, event: Event, units: f64) {
    let device = keys::events_of(event.device.as_ref()).to_owned();
    let listed = keys::partition(keys::EVENTS, &format!("{device}#{}", keys::event_row(event.at, &event.id)));
    tally.write(Store::Events, device, units);
    tally.write(Store::EventsListed, listed, 1.0);
}

/// One request to the API of each kind that writes most: a device is registered, with its settings to be delivered; a profile with 4 KB of
/// preferences is written; a recalculation starts and ends; a command is sent and succeeds; a job is created and ends. Each kind is counted
/// as if it used the whole rate.
///
/// # Errors
/// Never, as long as `device` is a device id.
pub fn requests(tally: &mut Tally, device: &str) -> Result<(), BadId> {
    tally.write(Store::Devices, device, 4.0);
    tally.write(Store::DevicesListed, keys::device(true), 1.0);
    tally.write(Store::DevicesTubes, keys::tube("0", true), 1.0);
    tally.write(Store::DevicesLinks, keys::LINKS, 1.0);
    // It has a reporting interval, so it is added.
    tally.write(Store::DevicesWatched, keys::watched_device(&device.parse()?), 1.0);
    // Added, leased (removed and added with another time), and removed.
    tally.write(Store::DevicesPending, keys::PENDING, 4.0);
    // Its serial number is listed, with a row that reserves the device id; its certificate is checked once.
    tally.write(Store::Serials, device, 4.0);
    tally.write(Store::SerialsStates, keys::listed_serial(SerialState::Expected, &device.parse()?), 1.0);
    tally.write(Store::DevicesExpiring, keys::expiring(&device.parse()?), 2.0);
    tally.write(Store::Users, "one person", 5.0);
    tally.write(Store::UsersListed, keys::PROFILES, 5.0);
    // A subscription is created, in one transaction with their count.
    tally.write(Store::Subscriptions, "one person", 4.0);
    tally.write(Store::SubscriptionsListed, keys::SUBSCRIPTIONS, 2.0);
    for kind in [Kind::Device, Kind::Calibration, Kind::Recalculation] {
        event(tally, Event::new(Some(device.parse()?), kind, &1, NOW), 2.0);
    }
    event(tally, Event::new(None, Kind::People, &device, NOW), 2.0);
    let of = series(device, "ph")?;
    tally.write(Store::Calibrations, keys::series(&of), 1.0);
    tally.write(Store::Recalculations, keys::series(&of), 6.0);
    tally.write(Store::RecalculationsDue, keys::JOBS, 4.0);
    // Queued, sent, accepted, succeeded: each in a transaction of two rows; and the two leases of its delivery.
    tally.write(Store::Commands, device, 4.0 * 4.0 + 2.0 + 2.0);
    // A job is created, prepared, checked, and ends: each in a transaction with its row, and its entry in the index.
    tally.write(Store::Jobs, "one job", 4.0 * 2.0 + 1.0);
    tally.write(Store::JobsDue, keys::FLEET_JOBS, 5.0);
    // Added, leased, and added again for its expiry; leased and removed when it has ended.
    tally.write(Store::CommandsWatched, keys::queue(&device.parse()?), 8.0);
    Ok(())
}

/// The flow sensor with this number: twenty on each tube.
///
/// # Errors
/// Never: the id has the form of a level id.
pub fn flow_sensor(number: u32) -> Result<LevelId, BadId> {
    const TUBES: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let tube = TUBES.iter().cycle().nth((number / 20) as usize % TUBES.len()).map_or('0', |tube| char::from(*tube));
    format!("{tube}{}", number).parse()
}
