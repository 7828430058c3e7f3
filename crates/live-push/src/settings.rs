//! The settings of `live-push`.

use weir_runtime::{Environment, SettingsError};

/// The tables whose streams invoke the function, by their names.
#[derive(Debug, Clone)]
pub struct Tables {
    /// The readings.
    pub readings: String,
    /// The levels.
    pub levels: String,
    /// The problems.
    pub problems: String,
    /// The quarantine.
    pub quarantine: String,
    /// The events.
    pub events: String,
    /// The commands.
    pub commands: String,
}

/// The settings of `live-push`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) live_table: String,
    pub(crate) live_url: String,
    pub(crate) tables: Tables,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            live_table: environment.text("LIVE_TABLE")?,
            live_url: environment.text("LIVE_URL")?,
            tables: Tables {
                readings: environment.text("READINGS_TABLE")?,
                levels: environment.text("LEVELS_TABLE")?,
                problems: environment.text("PROBLEMS_TABLE")?,
                quarantine: environment.text("QUARANTINE_TABLE")?,
                events: environment.text("EVENTS_TABLE")?,
                commands: environment.text("COMMANDS_TABLE")?,
            },
        })
    }
}
