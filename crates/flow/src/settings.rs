//! The settings of `flow`, from its environment.

use weir_aws::event::EventSettings;
use weir_aws::time_series::LatestSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `flow`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) device_cache_seconds: i64,
    pub(crate) levels_table: String,
    pub(crate) problems_table: String,
    pub(crate) events: EventSettings,
    pub(crate) readings: LatestSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            device_cache_seconds: environment.number("DEVICE_CACHE_SECONDS", 60, 0)?,
            levels_table: environment.text("LEVELS_TABLE")?,
            problems_table: environment.text("PROBLEMS_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
            readings: weir_runtime::Settings::read(environment)?,
        })
    }
}
