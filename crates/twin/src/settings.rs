//! What `twin` reads from its environment.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `twin`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) events: EventSettings,
    pub(crate) quarantine_table: String,
    pub(crate) quarantine_ttl_days: i64,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
            quarantine_table: environment.text("QUARANTINE_TABLE")?,
            quarantine_ttl_days: environment.number("QUARANTINE_TTL_DAYS", 30, 1)?,
        })
    }
}
