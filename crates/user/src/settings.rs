//! The settings of `user`.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `user`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) users_table: String,
    pub(crate) events: EventSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { users_table: environment.text("USERS_TABLE")?, events: weir_runtime::Settings::read(environment)? })
    }
}
