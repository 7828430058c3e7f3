//! The simulation, second by second.

use anyhow::Result;
use fastrand::Rng;

use super::fleet::{Fleet, PUBLISHES, THROUGHPUT};
use super::store::{Store, Tally};
use super::traffic::{self, ENTRIES, SENSORS, VALUES};

/// Seconds of the flood that are simulated. Every second of it is alike.
const FLOOD: u32 = 10;
/// Seconds between two sweeps for silent sensors.
const SWEEP: u32 = 300;
/// Sensors that a sweep can process per second: ten at once, each in at least 5 ms.
const SWEPT: u32 = 2_000;
/// Devices that a sweep can check per second: ten at once, each in at least 20 ms.
const LOOKED_AT: u32 = 500;
/// Seconds of a day.
const DAY: u32 = 86_400;
/// Updates per second that AWS IoT accepts for one shadow ("Requests per second per thing", AWS IoT Device Management and Core quotas).
const SHADOW_UPDATES: u32 = 20;
/// Connections per second that AWS IoT accepts unless the account's quota is raised ("Connect requests per second per account").
const CONNECTS: u32 = 500;
/// Size of a message of a thousand values, in bytes: `"aa":1,` for each value, and one timestamp per 64 sensors.
const LARGE: usize = 1_000 * 7 + 16 * 40;

/// The result of the simulation.
#[derive(Debug)]
pub struct Figures {
    /// The writes of the fleet on an ordinary day.
    pub fleet: Tally,
    /// The same with the flood.
    pub flood: Tally,
    /// Messages per second: of the fleet, and of the flood.
    pub messages: (f64, f64),
    /// Level reports per second: of the fleet, and of the flood.
    pub reports: (f64, f64),
    /// Quarantine entries per second that the flood would cause without any limit.
    pub entries_offered: f64,
    /// Readings per second that the flood would cause without any limit.
    pub readings_offered: f64,
}

/// The second in which each device sends, and which devices are broken.
struct Schedule {
    /// The devices that send in each second.
    senders: Vec<Vec<u32>>,
    broken: Vec<bool>,
}

/// Simulates the fleet for the given time, and then some seconds with the flood.
///
/// # Errors
/// Never, as long as the generated ids are valid.
pub fn simulate(of: &Fleet) -> Result<Figures> {
    let mut rng = Rng::with_seed(of.seed);
    let schedule = Schedule::of(of, &mut rng);
    let mut fleet = Tally::default();
    for second in 0..of.seconds.max(1) {
        seconds_of_fleet(&mut fleet, of, &schedule, second, &mut rng)?;
        fleet.tick();
    }
    let mut flood = Tally::default();
    for second in 0..FLOOD {
        seconds_of_fleet(&mut flood, of, &schedule, second, &mut rng)?;
        seconds_of_flood(&mut flood, of, second, &mut rng)?;
        flood.tick();
    }
    let (refused, stored) = halves(of.hostile);
    let (refusals, large) = (f64::from(refused * PUBLISHES), f64::from(stored * large_messages()));
    let (per, flow) = (f64::from(of.devices) / f64::from(of.every.max(1)), of.flow / 100.0);
    let reports = f64::from(of.gateways * PUBLISHES);
    Ok(Figures {
        fleet,
        flood,
        messages: (per, refusals + large),
        reports: (per * flow, reports),
        entries_offered: refusals * f64::from(ENTRIES),
        readings_offered: large * f64::from(VALUES),
    })
}

/// The larger half, and the other one.
fn halves(all: u32) -> (u32, u32) {
    (all.div_ceil(2), all / 2)
}

/// Messages of a thousand values that one connection can send per second.
fn large_messages() -> u32 {
    PUBLISHES.min(u32::try_from(THROUGHPUT / LARGE).unwrap_or(PUBLISHES))
}

impl Schedule {
    fn of(fleet: &Fleet, rng: &mut Rng) -> Self {
        let mut senders = vec![Vec::new(); fleet.every.max(1) as usize];
        let mut broken = Vec::with_capacity(fleet.devices as usize);
        for device in 0..fleet.devices {
            let second = rng.usize(0..senders.len());
            if let Some(sending) = senders.get_mut(second) {
                sending.push(device);
            }
            broken.push(rng.f64() * 100.0 < fleet.broken);
        }
        Self { senders, broken }
    }
}

/// The number of flow sensors.
fn flow_sensors(of: &Fleet) -> u32 {
    (f64::from(of.devices) * of.flow / 100.0) as u32
}

/// Simulates one second of an ordinary day.
fn seconds_of_fleet(tally: &mut Tally, of: &Fleet, schedule: &Schedule, second: u32, rng: &mut Rng) -> Result<()> {
    let flow = flow_sensors(of);
    for &device in schedule.senders.get((second % of.every.max(1)) as usize).into_iter().flatten() {
        let id = format!("device-{device:07}");
        for value in 0..of.values {
            if schedule.broken.get(device as usize).is_some_and(|broken| *broken) {
                traffic::refused(tally, &id, u64::from(value));
            } else {
                traffic::reading(tally, &traffic::series(&id, &format!("s{value}"))?);
            }
        }
        // As often as the levels of flow sensors change a problem.
        if rng.f64() * 100.0 < of.turning {
            traffic::alerted(tally, &id, rng.bool())?;
        }
        if device < flow {
            let level = traffic::flow_sensor(device)?;
            traffic::level(tally, &level)?;
            if rng.f64() * 100.0 < of.turning {
                let opens = rng.bool();
                traffic::turned(tally, &level, &traffic::flow_sensor(device + 1)?, opens);
                traffic::turned(tally, &traffic::flow_sensor(device.saturating_sub(1))?, &level, opens);
            }
        }
    }
    // Every device reconnects once a day, and its settings change once: desired, and reported back.
    for _ in 0..of.devices / DAY + 1 {
        let id = format!("device-{:07}", rng.u32(0..of.devices.max(1)));
        traffic::reconnected(tally, &id, rng.u64(..))?;
        traffic::shadow_changed(tally, &id, rng.u64(..))?;
        traffic::shadow_changed(tally, &id, rng.u64(..))?;
    }
    // A sweep handles the sensors that have become due since the previous one, and takes as many seconds as it needs.
    let due = u64::from(flow) * u64::from(SWEEP) / u64::from(of.silent_after.max(1));
    let due = u32::try_from(due).unwrap_or(u32::MAX).min(flow);
    let begun = second % SWEEP * SWEPT;
    for number in begun..due.min(begun + SWEPT) {
        traffic::watched_again(tally, &traffic::flow_sensor(number)?);
    }
    // The same for devices, each of which has a reporting interval and may be silent for three times that long.
    let due = (u64::from(of.devices) * u64::from(SWEEP) / (3 * u64::from(of.every.max(1)))).min(u64::from(of.devices));
    let begun = second % SWEEP * LOOKED_AT;
    for number in begun..u32::try_from(due).unwrap_or(u32::MAX).min(begun + LOOKED_AT) {
        traffic::looked_at(tally, &format!("device-{number:07}"))?;
    }
    Ok(())
}

/// Adds one second of the flood. In every other second, a single device causes all quarantine entries that the table accepts.
fn seconds_of_flood(tally: &mut Tally, of: &Fleet, second: u32, rng: &mut Rng) -> Result<()> {
    let (refused, stored) = halves(of.hostile);
    let senders = if second.is_multiple_of(2) { refused } else { refused.min(1) };
    let (mut left, limit) = (senders * PUBLISHES * ENTRIES, f64::from(of.quarantine_writes));
    while left > 0 && tally.of(Store::Quarantine) < limit {
        let id = format!("hostile-{}", rng.u32(0..senders));
        traffic::refused(tally, &id, rng.u64(..));
        left -= 1;
    }
    // In the first second the values are late.
    let (late, limit) = (second == 0, f64::from(of.table_writes));
    let mut left = stored * large_messages() * VALUES;
    while left > 0 && tally.of_table("readings").max(tally.of_table("rollups")) < limit {
        let series = traffic::series(&format!("flood-{}", rng.u32(0..stored)), &format!("s{}", rng.u32(0..SENSORS)))?;
        if late {
            traffic::late_reading(tally, &series)
        } else {
            traffic::reading(tally, &series)
        }
        left -= 1;
    }
    let (unknown, turning) = halves(of.gateways);
    for _ in 0..unknown * PUBLISHES {
        traffic::new_level(tally, &format!("z{}", rng.u32(0..1_000_000_000)).parse()?)?;
    }
    for gateway in 0..turning {
        for sensor in 0..PUBLISHES {
            let number = |of: u32| traffic::flow_sensor(gateway * 1_000 + of);
            let level = number(sensor + 1)?;
            traffic::level(tally, &level)?;
            let opens = second.is_multiple_of(2);
            traffic::turned(tally, &level, &number(sensor + 2)?, opens);
            traffic::turned(tally, &number(sensor)?, &level, opens);
        }
    }
    for hostile in 0..of.hostile {
        let id = format!("hostile-{hostile}");
        for _ in 0..SHADOW_UPDATES {
            traffic::shadow_changed(tally, &id, rng.u64(..))?;
        }
    }
    for _ in 0..CONNECTS {
        traffic::reconnected(tally, &format!("device-{:07}", rng.u32(0..of.devices.max(1))), rng.u64(..))?;
    }
    for request in 0..of.api_rate {
        traffic::requests(tally, &format!("new-{second}-{request}"))?;
    }
    Ok(())
}
