//! The start of functions that only need the user pool.

use weir_runtime::{Environment, SettingsError, StartError};

use super::{Pool, client};
use crate::config;

/// What these functions read from their environment.
#[derive(Debug)]
pub struct PoolSettings {
    user_pool_id: String,
}

impl weir_runtime::Settings for PoolSettings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { user_pool_id: environment.text("USER_POOL_ID")? })
    }
}

impl Pool {
    /// The pool of these settings, with an open connection.
    ///
    /// # Errors
    /// When there is no region or the HTTPS client cannot be made.
    pub async fn start(settings: PoolSettings) -> Result<Self, StartError> {
        let pool = Self::new(client(&config::sdk()?), settings.user_pool_id);
        pool.warm_up().await;
        Ok(pool)
    }
}
