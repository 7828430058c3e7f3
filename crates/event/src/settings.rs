//! What `event` reads from its environment.

use weir_runtime::{Environment, SettingsError};

/// The settings of `event`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) events_table: String,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { events_table: environment.text("EVENTS_TABLE")? })
    }
}
