//! Which sensors a caller may ask for, and which series of the store each of them is.

use std::collections::BTreeMap;

use weir_aws::device::Found;
use weir_core::domain::access::Role;
use weir_core::domain::device_record::{Content, MOST_SENSORS};
use weir_core::domain::reading::{FILLING, Series};
use weir_core::id::{DeviceId, SensorCode};
use weir_http::{ApiError, Caller};

use super::Parts;

/// The unit of a flow sensor's level.
const PERCENT: &str = "%";

/// Sensors with the series and the unit of each, in the order of the codes.
#[derive(Debug, Clone, Default)]
pub(super) struct Sensors(BTreeMap<SensorCode, (Series, String)>);

/// A device that the caller may see.
pub(super) struct Seen {
    id: DeviceId,
    sensors: Sensors,
    registered: bool,
}

impl Sensors {
    /// Their series, in the order of the codes.
    pub fn series(&self) -> Vec<Series> {
        self.0.values().map(|(series, _)| series.clone()).collect()
    }

    /// The unit of a sensor.
    pub fn unit(&self, sensor: &SensorCode) -> &str {
        self.0.get(sensor).map_or("", |(_, unit)| unit)
    }
}

impl Parts {
    /// The device. Readings outlive it: of one that was deleted an admin may still read them, who alone could register
    /// it again and read them then.
    ///
    /// # Errors
    /// 404 for any other that is not there or not in scope.
    pub(super) async fn seen(&self, caller: &Caller, id: DeviceId) -> Result<Seen, ApiError> {
        caller.sees(&id)?;
        match self.devices.find(&id).await? {
            Found::Live(stored) => Ok(Seen { sensors: registered(&id, &stored.record.content), id, registered: true }),
            Found::Deleted(_) if caller.role == Some(Role::Admin) => {
                Ok(Seen { id, sensors: Sensors::default(), registered: false })
            }
            Found::Deleted(_) | Found::Never => Err(ApiError::not_found()),
        }
    }

    /// Those of the device's sensors that are asked for; all when none is named. One that the device no longer has can
    /// be named as long as there are readings of it.
    ///
    /// # Errors
    /// 422 for one that it neither has nor had readings of, and for more than a device can have.
    pub(super) async fn sensors(&self, seen: Seen, asked: &[SensorCode]) -> Result<Sensors, ApiError> {
        let Seen { id, sensors: Sensors(mut known), registered } = seen;
        if asked.len() > MOST_SENSORS {
            return Err(ApiError::unfit("sensor", format!("names more than {MOST_SENSORS} sensors")));
        }
        if asked.is_empty() {
            let gone = "must name the sensors: the device was deleted, and with it the list of what it had";
            return if registered { Ok(Sensors(known)) } else { Err(ApiError::unfit("sensor", gone)) };
        }
        known.retain(|code, _| asked.contains(code));
        let unknown: Vec<_> = asked.iter().filter(|code| !known.contains_key(code)).collect();
        // Under the device's own id there is at most the history of a level that is called as the device is.
        if unknown.iter().any(|code| code.as_str() == FILLING) {
            return Err(none(FILLING));
        }
        let unknown: Vec<_> =
            unknown.into_iter().map(|code| Series { device: id.clone(), sensor: code.clone() }).collect();
        let found = self.history.latest(&unknown, self.clock.now()).await?;
        if let Some(series) = unknown.iter().find(|series| found.iter().all(|reading| reading.series != **series)) {
            return Err(none(series.sensor.as_str()));
        }
        known.extend(found.into_iter().map(|reading| (reading.series.sensor.clone(), (reading.series, reading.unit))));
        Ok(Sensors(known))
    }
}

fn none(sensor: &str) -> ApiError {
    ApiError::unfit("sensor", format!("the device has no sensor {sensor}, nor are there readings of one"))
}

/// The sensors of a registered device. A flow sensor's level is one of them: its history is kept under the level id.
fn registered(id: &DeviceId, content: &Content) -> Sensors {
    let own = |code: &SensorCode| Series { device: id.clone(), sensor: code.clone() };
    // No sensor is called so any more; one that was registered before is not shown, for its series may be a level's.
    let probes = content.sensors.iter().filter(|probe| probe.code.as_str() != FILLING);
    let probes = probes.map(|probe| (probe.code.clone(), (own(&probe.code), probe.unit.clone())));
    let mut sensors: BTreeMap<_, _> = probes.collect();
    // Every level id is a device id, and the word a code.
    let level = content.level_id.as_ref().and_then(|level| level.as_str().parse().ok()).zip(FILLING.parse().ok());
    if let Some((device, sensor)) = level {
        let sensor: SensorCode = sensor;
        sensors.insert(sensor.clone(), (Series { device, sensor }, PERCENT.to_owned()));
    }
    Sensors(sensors)
}
