//! The settings of `notify`, from its environment.

use weir_runtime::{Environment, SettingsError};

/// The settings of `notify`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) notices_table: String,
    pub(crate) problems_table: String,
    pub(crate) readings_table: String,
    pub(crate) subscriptions_table: String,
    pub(crate) user_pool_id: String,
    pub(crate) users_table: String,
    /// The address that e-mails come from; `None`: e-mail is off.
    pub(crate) notice_from: Option<String>,
    /// The address of the API, for links that unsubscribe.
    pub(crate) api_url: String,
    /// The address of the page that shows problems; `None`: notices have no link.
    pub(crate) page_url: Option<String>,
    /// Whether webhooks may go to the same machine.
    pub(crate) loopback: bool,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            notices_table: environment.text("NOTICES_TABLE")?,
            problems_table: environment.text("PROBLEMS_TABLE")?,
            readings_table: environment.text("READINGS_TABLE")?,
            subscriptions_table: environment.text("SUBSCRIPTIONS_TABLE")?,
            user_pool_id: environment.text("USER_POOL_ID")?,
            users_table: environment.text("USERS_TABLE")?,
            notice_from: environment.optional("NOTICE_FROM"),
            api_url: environment.text("API_URL")?,
            page_url: environment.optional("PAGE_URL"),
            loopback: environment.switch("LOOPBACK_WEBHOOKS")?,
        })
    }
}
