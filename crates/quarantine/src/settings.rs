//! The settings of `quarantine`.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `quarantine`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) quarantine_table: String,
    pub(crate) calibration_function: String,
    pub(crate) organizer_function: String,
    pub(crate) twin_function: String,
    pub(crate) events: EventSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            quarantine_table: environment.text("QUARANTINE_TABLE")?,
            calibration_function: environment.text("CALIBRATION_FUNCTION")?,
            organizer_function: environment.text("ORGANIZER_FUNCTION")?,
            twin_function: environment.text("TWIN_FUNCTION")?,
            events: weir_runtime::Settings::read(environment)?,
        })
    }
}
