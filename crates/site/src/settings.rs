//! The settings of `site`.

use weir_runtime::{Environment, SettingsError};

/// The settings of `site`.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) client_id: String,
    pub(crate) sign_in_url: String,
    pub(crate) identity_url: String,
    pub(crate) live_url: String,
    pub(crate) uploads_url: String,
    pub(crate) map_tiles: Option<String>,
    pub(crate) map_attribution: Option<String>,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            client_id: environment.text("USER_POOL_CLIENT_ID")?,
            sign_in_url: environment.text("SIGN_IN_URL")?,
            identity_url: environment.text("IDENTITY_URL")?,
            live_url: environment.text("LIVE_URL")?,
            uploads_url: environment.text("UPLOADS_URL")?,
            map_tiles: environment.optional("MAP_TILES"),
            map_attribution: environment.optional("MAP_ATTRIBUTION"),
        })
    }
}
