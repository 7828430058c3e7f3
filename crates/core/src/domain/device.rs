//! The registry's record of a device, as far as readings need it.

use std::sync::Arc;

use super::Timestamp;
use super::calibration::{Calibration, Interval};
use crate::id::{DeviceId, LevelId, SensorCode};

/// A registered device.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its id: MQTT client id and thing name.
    pub id: DeviceId,
    /// A switched-off device's messages are set aside.
    pub enabled: bool,
    /// The flow sensor it is, if it is one.
    pub level_id: Option<LevelId>,
    /// The flow sensors after it, when it is not simply the next number on its tube. `Some` and empty: nothing follows.
    pub followed_by: Option<Vec<LevelId>>,
    /// Its sensors; codes are unique.
    pub sensors: Vec<Sensor>,
}

impl Device {
    /// The sensor of that code.
    pub fn sensor(&self, code: &SensorCode) -> Option<&Sensor> {
        self.sensors.iter().find(|sensor| sensor.code == *code)
    }
}

/// One sensor of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// What it measures, as in the topic.
    pub code: SensorCode,
    /// The unit of its calibrated values, e.g. `°C`; may be empty.
    pub unit: String,
    /// A switched-off sensor's values are set aside.
    pub enabled: bool,
    /// A calibrated value outside is kept and marked `out_of_range`.
    pub limits: Option<Interval>,
    /// The calibration with the latest `valid_from`.
    pub latest: Option<Arc<Calibration>>,
    /// How many versions there are in all; the others are in the history.
    pub versions: u32,
}

/// Where the calibration in force at an instant is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InForce<'a> {
    /// In the device's own record.
    Here(&'a Arc<Calibration>),
    /// Nowhere: the instant lies before the only version, or there is none.
    None,
    /// In the history: the instant lies before the latest version, and there are others.
    InHistory,
}

impl Sensor {
    /// Where the calibration in force at `at` is found.
    pub fn in_force(&self, at: Timestamp) -> InForce<'_> {
        match &self.latest {
            Some(latest) if latest.valid_from <= at => InForce::Here(latest),
            Some(_) if self.versions > 1 => InForce::InHistory,
            Some(_) | None => InForce::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::calibration::{Model, Options};
    use super::*;

    #[test]
    fn the_history_is_asked_only_for_instants_before_the_latest_version() {
        let valid_from = Timestamp::from_millis(1000);
        let latest = Calibration { version: 2, valid_from, model: Model::Identity, options: Options::default() };
        let latest = Arc::new(latest);
        let mut sensor = Sensor {
            code: "ph".parse().unwrap(),
            unit: String::new(),
            enabled: true,
            limits: None,
            latest: Some(latest.clone()),
            versions: 2,
        };
        assert_eq!(sensor.in_force(valid_from), InForce::Here(&latest));
        assert_eq!(sensor.in_force(Timestamp::from_millis(999)), InForce::InHistory);
        sensor.versions = 1;
        assert_eq!(sensor.in_force(Timestamp::from_millis(999)), InForce::None);
        sensor.latest = None;
        assert_eq!(sensor.in_force(valid_from), InForce::None);
    }
}
