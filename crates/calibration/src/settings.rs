//! The settings of `calibration`.

use weir_aws::time_series::StoreSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `calibration`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) calibrations_table: String,
    pub(crate) device_cache_seconds: i64,
    pub(crate) quarantine_table: String,
    pub(crate) quarantine_ttl_days: i64,
    pub(crate) store: StoreSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            calibrations_table: environment.text("CALIBRATIONS_TABLE")?,
            device_cache_seconds: environment.number("DEVICE_CACHE_SECONDS", 60, 0)?,
            quarantine_table: environment.text("QUARANTINE_TABLE")?,
            quarantine_ttl_days: environment.number("QUARANTINE_TTL_DAYS", 30, 1)?,
            store: weir_runtime::Settings::read(environment)?,
        })
    }
}
