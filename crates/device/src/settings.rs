//! What `device` reads from its environment.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `device`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) calibrations_table: String,
    pub(crate) problems_table: String,
    pub(crate) events: EventSettings,
    pub(crate) certificate_function: String,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            calibrations_table: environment.text("CALIBRATIONS_TABLE")?,
            problems_table: environment.text("PROBLEMS_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
            certificate_function: environment.text("CERTIFICATE_FUNCTION")?,
        })
    }
}
