//! The settings of `cognito-add-update-delete-user`.

use weir_runtime::{Environment, SettingsError};

/// The settings of `cognito-add-update-delete-user`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) users_table: String,
    pub(crate) user_pool_id: String,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { users_table: environment.text("USERS_TABLE")?, user_pool_id: environment.text("USER_POOL_ID")? })
    }
}
