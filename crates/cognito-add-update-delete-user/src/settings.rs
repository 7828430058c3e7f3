//! The settings of `cognito-add-update-delete-user`.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// Whether people sign in with one-time codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mfa {
    /// Each person decides.
    Optional,
    /// Everybody must.
    Required,
}

/// The settings of `cognito-add-update-delete-user`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) users_table: String,
    pub(crate) devices_table: String,
    pub(crate) live_table: String,
    pub(crate) events: EventSettings,
    pub(crate) user_pool_id: String,
    pub(crate) mfa: Mfa,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            users_table: environment.text("USERS_TABLE")?,
            devices_table: environment.text("DEVICES_TABLE")?,
            live_table: environment.text("LIVE_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
            user_pool_id: environment.text("USER_POOL_ID")?,
            mfa: mfa(environment)?,
        })
    }
}

/// Anything but `optional` means required, so that a typing error does not weaken security.
fn mfa(environment: &Environment) -> Result<Mfa, SettingsError> {
    Ok(if environment.text("MFA")? == "optional" { Mfa::Optional } else { Mfa::Required })
}
