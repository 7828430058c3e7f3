//! What `provision` reads from its environment.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `provision`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) serials_table: String,
    pub(crate) devices_table: String,
    pub(crate) events: EventSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            serials_table: environment.text("SERIALS_TABLE")?,
            devices_table: environment.text("DEVICES_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
        })
    }
}
