//! A sensor whose values the formula of another one needs stays where it is, and no formula is made of itself.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::AwsError;
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{FieldError, Model, check_inputs};
use weir_core::domain::device_record::{Content, Entry, Record};
use weir_core::id::SensorCode;
use weir_http::ApiError;

use super::Parts;
use super::show::TOGETHER;

/// Of each sensor the calibrations that are in force from some instant on.
type Coming = BTreeMap<SensorCode, Vec<Entry>>;

impl Parts {
    /// Refuses `content` when it lacks a sensor that a formula asks for: one that is in force now, or one that was set ahead.
    /// Without its input every value of that formula would be set aside as `missing_input`.
    pub(super) async fn keeps_inputs(&self, record: &Record, content: &Content) -> Result<(), ApiError> {
        let gone = |code: &SensorCode| record.content.probe(code).is_some() && content.probe(code).is_none();
        if !record.content.sensors.iter().any(|probe| gone(&probe.code)) {
            return Ok(());
        }
        let coming = self.coming(record, self.clock.now()).await?;
        for (code, entries) in coming.iter().filter(|(code, _)| content.probe(code).is_some()) {
            for entry in entries {
                if let Some(input) = entry.calibration.model.input_sensors().into_iter().find(|input| gone(input)) {
                    let version = entry.calibration.version;
                    return Err(ApiError::in_use(format!(
                        "the formula of {code} (version {version} of its calibration) needs {input}: give {code} another \
                         calibration first, or take it away too"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Refuses `model` as the calibration of the sensor from `since` on when an input of it is not there, or is made of the
    /// sensor itself by any version that is in force then or later.
    pub(super) async fn takes_inputs(
        &self,
        record: &Record,
        sensor: &SensorCode,
        model: &Model,
        since: Timestamp,
    ) -> Result<(), ApiError> {
        let others = if model.asks() { self.coming(record, since).await? } else { Coming::new() };
        Ok(check_inputs(sensor, model, |code| models(record, &others, code))?)
    }

    /// Refuses sensors that come back with a calibration of before, when its formula does not find its inputs any more.
    pub(super) async fn finds_inputs(&self, record: &Record, restored: &[SensorCode]) -> Result<(), ApiError> {
        if restored.is_empty() {
            return Ok(());
        }
        let all = self.coming(record, self.clock.now()).await?;
        for (code, entry) in
            restored.iter().flat_map(|code| all.get(code).into_iter().flatten().map(move |it| (code, it)))
        {
            let calibration = &entry.calibration;
            let refused = check_inputs(code, &calibration.model, |other| models(record, &all, other)).err();
            if let Some(first) = refused.as_ref().and_then(|refused| refused.first()) {
                let detail = format!(
                    "{code} comes back with version {} of its calibration, and its formula cannot be used: {}",
                    calibration.version, first.detail
                );
                return Err(FieldError::new("", detail).into());
            }
        }
        Ok(())
    }

    async fn coming(&self, record: &Record, since: Timestamp) -> Result<Coming, AwsError> {
        let asked: Vec<_> = record.calibrations.keys().map(|code| self.coming_of(record, code, since)).collect();
        stream::iter(asked).buffered(TOGETHER).try_collect().await
    }

    async fn coming_of(
        &self,
        record: &Record,
        code: &SensorCode,
        since: Timestamp,
    ) -> Result<(SensorCode, Vec<Entry>), AwsError> {
        Ok((code.clone(), self.in_force_from(record, code, since).await?))
    }
}

/// The models of a sensor of the record; none when it has no such sensor.
fn models<'a>(record: &Record, coming: &'a Coming, code: &SensorCode) -> Option<Vec<&'a Model>> {
    record.content.probe(code)?;
    Some(coming.get(code).into_iter().flatten().map(|entry| &entry.calibration.model).collect())
}
