//! A sensor whose values the formula of another one needs stays where it is.

use weir_core::domain::device_record::{Content, Record};
use weir_core::http::Problem;
use weir_core::id::SensorCode;

use super::Parts;

impl Parts {
    /// Refuses `content` when it lacks a sensor that a formula asks for: one that is in force now, or the one that begins
    /// last. Without its input every value of that formula would be set aside as `missing_input`.
    pub(super) async fn keeps_inputs(&self, record: &Record, content: &Content) -> Result<(), Problem> {
        let gone = |code: &SensorCode| record.content.probe(code).is_some() && content.probe(code).is_none();
        if !record.content.sensors.iter().any(|probe| gone(&probe.code)) {
            return Ok(());
        }
        for (code, calibrated) in record.calibrations.iter().filter(|(code, _)| content.probe(code).is_some()) {
            let now = self.in_force(record, code).await?;
            for entry in now.iter().chain([&calibrated.latest]) {
                if let Some(input) = entry.calibration.model.input_sensors().into_iter().find(|input| gone(input)) {
                    let version = entry.calibration.version;
                    return Err(Problem::in_use(format!(
                        "the formula of {code} (version {version} of its calibration) needs {input}: give {code} another \
                         calibration first, or take it away too"
                    )));
                }
            }
        }
        Ok(())
    }
}
