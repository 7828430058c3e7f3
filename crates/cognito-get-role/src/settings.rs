//! The settings of `cognito-get-role`.

use weir_runtime::{Environment, SettingsError};

/// The settings of `cognito-get-role`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) user_pool_id: String,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { user_pool_id: environment.text("USER_POOL_ID")? })
    }
}
