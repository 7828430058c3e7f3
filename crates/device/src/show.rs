//! How a device is shown: each sensor with the calibration that is in force now.

use std::collections::BTreeMap;

use weir_core::aws::AwsError;
use weir_core::domain::device_record::{Entry, Record};
use weir_core::domain::reading::Series;
use weir_core::id::SensorCode;
use weir_core::wire::device::DeviceJson;

use super::Parts;

/// So many versions are looked through at once for the one in force.
const PAGE: usize = 50;

impl Parts {
    /// The record as it is shown.
    pub(super) async fn show(&self, record: &Record) -> Result<DeviceJson, AwsError> {
        let mut in_force = BTreeMap::new();
        for code in record.calibrations.keys() {
            in_force.extend(self.in_force(record, code).await?.map(|entry| (code.clone(), entry)));
        }
        Ok(DeviceJson::of(record, &in_force))
    }

    /// The calibration of the sensor that is in force now. It is in the record, unless its beginning was set ahead.
    pub(super) async fn in_force(&self, record: &Record, code: &SensorCode) -> Result<Option<Entry>, AwsError> {
        let Some(calibrated) = record.calibrations.get(code) else { return Ok(None) };
        let now = self.clock.now();
        if calibrated.latest.calibration.valid_from <= now {
            return Ok(Some(calibrated.latest.clone()));
        }
        if calibrated.versions < 2 {
            return Ok(None);
        }
        let series = Series { device: record.id.clone(), sensor: code.clone() };
        let mut after = None;
        loop {
            // The latest beginning comes first, so the first that has begun is the one.
            let (entries, next) = self.calibrations.entries(&series, PAGE, after).await?;
            let begun = entries.into_iter().find(|entry| entry.calibration.valid_from <= now);
            if begun.is_some() || next.is_none() {
                return Ok(begun);
            }
            after = next;
        }
    }
}

/// Whether the device has looked the same ever since its version was written. A calibration whose beginning was set ahead
/// comes into force without a change of the record, so then "not modified" could be wrong.
pub(super) fn constant(record: &Record) -> bool {
    let begun = |entry: &Entry| entry.calibration.valid_from <= record.updated_at;
    record.calibrations.values().all(|calibrated| begun(&calibrated.latest))
}
