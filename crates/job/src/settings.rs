//! What `job` reads from its environment.

use weir_aws::event::EventSettings;
use weir_runtime::{Environment, SettingsError};

/// The settings of `job`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) jobs_table: String,
    pub(crate) devices_table: String,
    pub(crate) events: EventSettings,
    /// What the names of the groups of things begin with.
    pub(crate) group_prefix: String,
    pub(crate) firmware_bucket: String,
    /// Where S3 is.
    pub(crate) s3_url: String,
    /// The role with which AWS IoT signs the addresses of files.
    pub(crate) download_role: String,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            jobs_table: environment.text("JOBS_TABLE")?,
            devices_table: environment.text("DEVICES_TABLE")?,
            events: weir_runtime::Settings::read(environment)?,
            group_prefix: environment.text("GROUP_PREFIX")?,
            firmware_bucket: environment.text("FIRMWARE_BUCKET")?,
            s3_url: environment.text("S3_URL")?,
            download_role: environment.text("DOWNLOAD_ROLE")?,
        })
    }
}
