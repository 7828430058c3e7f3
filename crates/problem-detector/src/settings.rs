//! The settings of `problem-detector`, from its environment.

use weir_aws::time_series::StoreSettings;
use weir_core::domain::problem::Rules;
use weir_runtime::{Environment, SettingsError};

/// The settings of `problem-detector`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) device_cache_seconds: i64,
    pub(crate) levels_table: String,
    pub(crate) problems_table: String,
    pub(crate) store: StoreSettings,
    pub(crate) rules: Rules,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            device_cache_seconds: environment.number("DEVICE_CACHE_SECONDS", 60, 0)?,
            levels_table: environment.text("LEVELS_TABLE")?,
            problems_table: environment.text("PROBLEMS_TABLE")?,
            store: weir_runtime::Settings::read(environment)?,
            rules: Rules {
                tolerance: environment.number("LEVEL_TOLERANCE", 0.0, 0.0)?,
                open_after: environment.number("PROBLEM_OPEN_AFTER", 1, 1)?,
                close_after: environment.number("PROBLEM_CLOSE_AFTER", 1, 1)?,
                silent_after_seconds: environment.number("SILENT_AFTER_SECONDS", 10_800, 1)?,
            },
        })
    }
}
