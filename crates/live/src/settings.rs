//! The settings of `live`.

use weir_aws::time_series::StoreSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `live`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) live_table: String,
    pub(crate) live_url: String,
    pub(crate) devices_table: String,
    pub(crate) levels_table: String,
    pub(crate) problems_table: String,
    pub(crate) quarantine_table: String,
    pub(crate) store: StoreSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            live_table: environment.text("LIVE_TABLE")?,
            live_url: environment.text("LIVE_URL")?,
            devices_table: environment.text("DEVICES_TABLE")?,
            levels_table: environment.text("LEVELS_TABLE")?,
            problems_table: environment.text("PROBLEMS_TABLE")?,
            quarantine_table: environment.text("QUARANTINE_TABLE")?,
            store: weir_runtime::Settings::read(environment)?,
        })
    }
}
