//! The settings of `recalculation`.

use weir_aws::event::EventSettings;
use weir_aws::time_series::StoreSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `recalculation`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) calibrations_table: String,
    pub(crate) recalculations_table: String,
    pub(crate) device_cache_seconds: i64,
    pub(crate) events: EventSettings,
    pub(crate) store: StoreSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            calibrations_table: environment.text("CALIBRATIONS_TABLE")?,
            recalculations_table: environment.text("RECALCULATIONS_TABLE")?,
            device_cache_seconds: environment.number("DEVICE_CACHE_SECONDS", 60, 0)?,
            events: weir_runtime::Settings::read(environment)?,
            store: weir_runtime::Settings::read(environment)?,
        })
    }
}
