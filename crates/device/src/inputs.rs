//! Checks the inputs of a device's formulas: a sensor that a formula needs is not deleted, and no formula depends on itself.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::AwsError;
use weir_core::domain::calibration::{CalibrationEntry, Model, check_inputs};
use weir_core::domain::device::{Device, DeviceDetails, Sensor};
use weir_core::domain::{FieldError, Timestamp};
use weir_core::id::SensorCode;
use weir_http::ApiError;

use super::Parts;
use super::show::CONCURRENT;

/// The calibrations of each sensor that are in force at some instant or later.
type InForceFrom = BTreeMap<SensorCode, Vec<CalibrationEntry>>;

impl Parts {
    /// Rejects `details` that lack a sensor needed by a formula that is in force now or later. All values of that formula
    /// would be quarantined as `missing_input`.
    pub(super) async fn check_removed_inputs(&self, device: &Device, details: &DeviceDetails) -> Result<(), ApiError> {
        let removed = |code: &SensorCode| device.sensor(code).is_some() && details.sensor(code).is_none();
        if !device.details.sensors.iter().any(|sensor| removed(&sensor.code)) {
            return Ok(());
        }
        let calibrations = self.all_in_force_from(device, self.clock.now()).await?;
        for (code, entries) in calibrations.iter().filter(|(code, _)| details.sensor(code).is_some()) {
            for entry in entries {
                if let Some(input) = entry.calibration.model.input_sensors().into_iter().find(|input| removed(input)) {
                    let version = entry.calibration.version;
                    return Err(ApiError::in_use(format!(
                        "the formula of {code} (version {version} of its calibration) needs {input}: give {code} another \
                         calibration first, or remove it too"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Rejects `model` as the calibration of the sensor from `since` on if one of its inputs does not exist or depends on
    /// the sensor itself by a version that is in force then or later.
    pub(super) async fn check_inputs(
        &self,
        device: &Device,
        sensor: &SensorCode,
        model: &Model,
        since: Timestamp,
    ) -> Result<(), ApiError> {
        let others = if model.asks() { self.all_in_force_from(device, since).await? } else { InForceFrom::new() };
        Ok(check_inputs(sensor, model, |code| models(device, &others, code))?)
    }

    /// Rejects sensors that would get back an earlier calibration whose formula no longer finds its inputs.
    pub(super) async fn check_restored(&self, device: &Device, restored: &[SensorCode]) -> Result<(), ApiError> {
        if restored.is_empty() {
            return Ok(());
        }
        let all = self.all_in_force_from(device, self.clock.now()).await?;
        for (code, entry) in
            restored.iter().flat_map(|code| all.get(code).into_iter().flatten().map(move |it| (code, it)))
        {
            let calibration = &entry.calibration;
            let errors = check_inputs(code, &calibration.model, |other| models(device, &all, other)).err();
            if let Some(first) = errors.as_ref().and_then(|errors| errors.first()) {
                let detail = format!(
                    "{code} would get version {} of its calibration back, whose formula cannot be used: {}",
                    calibration.version, first.detail
                );
                return Err(FieldError::new("", detail).into());
            }
        }
        Ok(())
    }

    async fn all_in_force_from(&self, device: &Device, since: Timestamp) -> Result<InForceFrom, AwsError> {
        let calibrated = device.details.sensors.iter().filter(|sensor| sensor.calibrations.is_some());
        let requests: Vec<_> = calibrated.map(|sensor| self.with_code(device, sensor, since)).collect();
        stream::iter(requests).buffered(CONCURRENT).try_collect().await
    }

    async fn with_code(
        &self,
        device: &Device,
        sensor: &Sensor,
        since: Timestamp,
    ) -> Result<(SensorCode, Vec<CalibrationEntry>), AwsError> {
        Ok((sensor.code.clone(), self.in_force_from(device, sensor, since).await?))
    }
}

/// The models of a sensor of the device; `None` if it has no such sensor.
fn models<'a>(device: &Device, all: &'a InForceFrom, code: &SensorCode) -> Option<Vec<&'a Model>> {
    device.sensor(code)?;
    Some(all.get(code).into_iter().flatten().map(|entry| &entry.calibration.model).collect())
}
