//! The sensors that a caller may read, and the series of each.

use std::collections::BTreeMap;

use weir_aws::device::Registration;
use weir_core::domain::access::Role;
use weir_core::domain::device::MAX_SENSORS;
use weir_core::domain::reading::{FILLING, Series};
use weir_core::id::{DeviceId, SensorCode};
use weir_http::{ApiError, Caller};

use super::Parts;

/// Sensors in the order of their codes, with the series and the unit of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Sensors(BTreeMap<SensorCode, (Series, String)>);

/// A device whose readings the caller may read.
pub(super) struct ReadableDevice {
    id: DeviceId,
    sensors: Sensors,
    registered: bool,
}

impl Sensors {
    /// The series, in the order of the sensor codes.
    pub fn series(&self) -> Vec<Series> {
        self.0.values().map(|(series, _)| series.clone()).collect()
    }

    /// The unit of a sensor.
    pub fn unit(&self, sensor: &SensorCode) -> &str {
        self.0.get(sensor).map_or("", |(_, unit)| unit)
    }
}

impl Parts {
    /// The device, if the caller may read it. Readings outlive the device: an admin may read those of a deleted one, since an
    /// admin could register it again and read them then.
    ///
    /// # Errors
    /// 404 for any other device that does not exist or is not in scope.
    pub(super) async fn readable(&self, caller: &Caller, id: DeviceId) -> Result<ReadableDevice, ApiError> {
        caller.sees(&id)?;
        match self.devices.find(&id).await? {
            Registration::Device(stored) => {
                let sensors = Sensors(stored.device.details.series(&id));
                Ok(ReadableDevice { id, sensors, registered: true })
            }
            Registration::Deleted(_) if caller.role == Some(Role::Admin) => {
                Ok(ReadableDevice { id, sensors: Sensors::default(), registered: false })
            }
            Registration::Deleted(_) | Registration::None => Err(ApiError::not_found()),
        }
    }

    /// The requested sensors of the device, or all if none are requested. Sensors that were deleted can be requested as long as
    /// there are readings of them.
    ///
    /// # Errors
    /// 422 for a sensor that the device does not have and that has no readings, and for more sensors than a device can have.
    pub(super) async fn sensors(&self, device: ReadableDevice, requested: &[SensorCode]) -> Result<Sensors, ApiError> {
        let ReadableDevice { id, sensors: Sensors(mut known), registered } = device;
        if requested.len() > MAX_SENSORS {
            return Err(ApiError::unfit("sensor", format!("names more than {MAX_SENSORS} sensors")));
        }
        if requested.is_empty() {
            let gone = "must name the sensors, because the device and its list of sensors were deleted";
            return if registered { Ok(Sensors(known)) } else { Err(ApiError::unfit("sensor", gone)) };
        }
        known.retain(|code, _| requested.contains(code));
        let unknown: Vec<_> = requested.iter().filter(|code| !known.contains_key(code)).collect();
        // The series `filling` under the id of the device could only be that of a level with the same id.
        if unknown.iter().any(|code| code.as_str() == FILLING) {
            return Err(no_such_sensor(FILLING));
        }
        let unknown: Vec<_> =
            unknown.into_iter().map(|code| Series { device: id.clone(), sensor: code.clone() }).collect();
        let found = self.history.latest(&unknown, self.clock.now()).await?;
        if let Some(series) = unknown.iter().find(|series| found.iter().all(|reading| reading.series != **series)) {
            return Err(no_such_sensor(series.sensor.as_str()));
        }
        known.extend(found.into_iter().map(|reading| (reading.series.sensor.clone(), (reading.series, reading.unit))));
        Ok(Sensors(known))
    }
}

fn no_such_sensor(sensor: &str) -> ApiError {
    ApiError::unfit("sensor", format!("the device has no sensor {sensor}, and there are no readings of one"))
}
