//! What `certificate` reads from its environment.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `certificate`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) events: EventSettings,
    pub(crate) device_policy: String,
    pub(crate) renew_days: u32,
    pub(crate) most_days: u32,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
            device_policy: environment.text("DEVICE_POLICY")?,
            renew_days: environment.number("CERTIFICATE_RENEW_DAYS", 30, 1)?,
            most_days: environment.number("CERTIFICATE_MOST_DAYS", 365, 0)?,
        })
    }
}
