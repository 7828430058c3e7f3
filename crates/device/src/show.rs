//! How a device is shown: each sensor with the calibration in force now.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::AwsError;
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{CalibrationEntry, SensorCalibrations};
use weir_core::domain::device::{Device, Sensor};
use weir_core::domain::reading::Series;
use weir_core::id::SensorCode;
use weir_core::wire::device::DeviceJson;

use super::Parts;

/// Versions that are read at once to find the one in force.
const PAGE: usize = 50;
/// Maximum concurrent requests for the histories of sensors.
pub(super) const CONCURRENT: usize = 8;

impl Parts {
    /// The device as the API shows it.
    pub(super) async fn show(&self, device: &Device) -> Result<DeviceJson, AwsError> {
        let shown = self.show_all(&[device]).await?.pop();
        // One device results in one.
        Ok(shown.unwrap_or_else(|| DeviceJson::of(device, &BTreeMap::new())))
    }

    /// The devices as the API shows them. Only a sensor whose latest calibration begins in the future costs a request.
    pub(super) async fn show_all(&self, devices: &[&Device]) -> Result<Vec<DeviceJson>, AwsError> {
        let now = self.clock.now();
        let mut in_force: Vec<BTreeMap<SensorCode, CalibrationEntry>> = Vec::with_capacity(devices.len());
        let mut future = Vec::new();
        for (place, device) in devices.iter().enumerate() {
            let mut known = BTreeMap::new();
            for (code, SensorCalibrations { latest, .. }) in device.calibrated_sensors() {
                if latest.calibration.valid_from <= now {
                    known.insert(code.clone(), latest.clone());
                } else {
                    future.extend(device.sensor(code).map(|sensor| self.in_force_at(place, device, sensor)));
                }
            }
            in_force.push(known);
        }
        let found: Vec<_> = stream::iter(future).buffered(CONCURRENT).try_collect().await?;
        for (place, code, entry) in found {
            if let (Some(in_force), Some(entry)) = (in_force.get_mut(place), entry) {
                in_force.insert(code, entry);
            }
        }
        Ok(devices.iter().zip(&in_force).map(|(device, in_force)| DeviceJson::of(device, in_force)).collect())
    }

    async fn in_force_at(
        &self,
        place: usize,
        device: &Device,
        sensor: &Sensor,
    ) -> Result<(usize, SensorCode, Option<CalibrationEntry>), AwsError> {
        Ok((place, sensor.code.clone(), self.in_force(device, sensor).await?))
    }

    /// The sensor's calibration in force now.
    pub(super) async fn in_force(
        &self,
        device: &Device,
        sensor: &Sensor,
    ) -> Result<Option<CalibrationEntry>, AwsError> {
        let now = self.clock.now();
        let from_now = self.in_force_from(device, sensor, now).await?;
        Ok(from_now.into_iter().find(|entry| entry.calibration.valid_from <= now))
    }

    /// The sensor's calibrations in force at `since` or later, the latest `valid_from` first. It costs requests only if
    /// the latest version begins after `since`.
    pub(super) async fn in_force_from(
        &self,
        device: &Device,
        sensor: &Sensor,
        since: Timestamp,
    ) -> Result<Vec<CalibrationEntry>, AwsError> {
        let Some(SensorCalibrations { latest, count }) = &sensor.calibrations else { return Ok(Vec::new()) };
        if latest.calibration.valid_from <= since || *count < 2 {
            return Ok(vec![latest.clone()]);
        }
        let series = Series { device: device.id.clone(), sensor: sensor.code.clone() };
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (entries, next) = self.calibrations.entries(&series, PAGE, after).await?;
            for entry in entries {
                let begun = entry.calibration.valid_from <= since;
                found.push(entry);
                if begun {
                    return Ok(found);
                }
            }
            if next.is_none() {
                return Ok(found);
            }
            after = next;
        }
    }
}

/// Whether the device has been shown in the same way ever since its version was written. A calibration that was entered
/// for the future comes into force without a new version of the device, so then "not modified" could be wrong.
pub(super) fn constant(device: &Device) -> bool {
    let begun = |entry: &CalibrationEntry| entry.calibration.valid_from <= device.updated_at;
    device.calibrated_sensors().all(|(_, calibrations)| begun(&calibrations.latest))
}
