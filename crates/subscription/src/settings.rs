//! The settings of `subscription`.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `subscription`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) subscriptions_table: String,
    pub(crate) notices_table: String,
    pub(crate) events: EventSettings,
    pub(crate) notify_function: String,
    /// The address that e-mails come from; `None`: e-mail is off.
    pub(crate) notice_from: Option<String>,
    /// Whether webhooks may go to the same machine.
    pub(crate) loopback: bool,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            subscriptions_table: environment.text("SUBSCRIPTIONS_TABLE")?,
            notices_table: environment.text("NOTICES_TABLE")?,
            events: <EventSettings as weir_runtime::Settings>::read(environment)?,
            notify_function: environment.text("NOTIFY_FUNCTION")?,
            notice_from: environment.optional("NOTICE_FROM"),
            loopback: environment.switch("LOOPBACK_WEBHOOKS")?,
        })
    }
}
