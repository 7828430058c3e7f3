//! The settings of `reading`.

use weir_aws::time_series::StoreSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `reading`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) store: StoreSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            store: weir_runtime::Settings::read(environment)?,
        })
    }
}
