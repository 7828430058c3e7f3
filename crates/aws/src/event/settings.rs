//! Where events are kept, from the environment of a function that writes them.

use weir_runtime::{Environment, Settings, SettingsError};

/// The table of events.
#[derive(Debug, Clone)]
pub struct EventSettings {
    /// The name of the table.
    pub table: String,
    /// Days that an event is kept.
    pub keep_days: i64,
}

impl Settings for EventSettings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { table: environment.text("EVENTS_TABLE")?, keep_days: environment.number("EVENT_TTL_DAYS", 400, 1)? })
    }
}
