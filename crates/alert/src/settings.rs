//! The settings of `alert`, from its environment.

use weir_runtime::{Environment, SettingsError};

/// The settings of `alert`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) device_cache_seconds: i64,
    pub(crate) problems_table: String,
    pub(crate) readings_table: String,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            device_cache_seconds: environment.number("DEVICE_CACHE_SECONDS", 60, 0)?,
            problems_table: environment.text("PROBLEMS_TABLE")?,
            readings_table: environment.text("READINGS_TABLE")?,
        })
    }
}
