//! The series in which the readings of a device's sensors are stored.

use std::collections::BTreeMap;

use super::DeviceDetails;
use crate::domain::reading::{FILLING, Series};
use crate::id::{DeviceId, SensorCode};

/// The unit of a flow sensor's level.
const PERCENT: &str = "%";

impl DeviceDetails {
    /// The series of each sensor of the device `id`, with its unit. The level of a flow sensor is one of them: its code is
    /// [`FILLING`], and its history is stored under the level id.
    pub fn series(&self, id: &DeviceId) -> BTreeMap<SensorCode, (Series, String)> {
        let own = |code: &SensorCode| Series { device: id.clone(), sensor: code.clone() };
        // The code is reserved. A sensor that was registered with it earlier is left out, because its series may be that of a level.
        let sensors = self.sensors.iter().filter(|sensor| sensor.code.as_str() != FILLING);
        let sensors = sensors.map(|sensor| (sensor.code.clone(), (own(&sensor.code), sensor.unit.clone())));
        let mut series: BTreeMap<_, _> = sensors.collect();
        // Every level id is also a valid device id, and `filling` a valid sensor code.
        let level = self.level_id.as_ref().and_then(|level| level.as_str().parse().ok());
        if let Some((device, sensor)) = level.zip(FILLING.parse::<SensorCode>().ok()) {
            series.insert(sensor.clone(), (Series { device, sensor }, PERCENT.to_owned()));
        }
        series
    }
}
