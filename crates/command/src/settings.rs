//! What `command` reads from its environment.

use weir_runtime::{Environment, SettingsError};

/// The settings of `command`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) commands_table: String,
    pub(crate) devices_table: String,
    pub(crate) events_table: String,
    pub(crate) event_ttl_days: i64,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            commands_table: environment.text("COMMANDS_TABLE")?,
            devices_table: environment.text("DEVICES_TABLE")?,
            events_table: environment.text("EVENTS_TABLE")?,
            event_ttl_days: environment.number("EVENT_TTL_DAYS", 400, 1)?,
        })
    }
}
