//! What `health` reads from its environment.

use weir_core::wire::system::SwitchesJson;
use weir_runtime::{Environment, SettingsError};

/// The settings of `health`.
#[derive(Debug)]
pub struct Settings {
    /// What is deployed.
    pub(crate) stack: Stack,
    /// The prefix of the names of the stack's alarms.
    pub(crate) alarm_prefix: String,
    /// Where CloudWatch is.
    pub(crate) monitoring_url: String,
}

/// What the stack has, and what it was deployed with.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The first part of every resource name.
    pub project: String,
    /// The second part of every resource name.
    pub environment: String,
    /// The store of readings.
    pub time_series_store: String,
    /// Which options are on.
    pub switches: SwitchesJson,
    /// The URLs of its queues.
    pub queues: Vec<String>,
    /// The names of its tables.
    pub tables: Vec<String>,
    /// The tables in which something may wait: devices, recalculations and jobs.
    pub waiting: [String; 3],
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        let list = |name| {
            let all = environment.text(name)?;
            Ok(all.split(',').map(str::to_owned).collect())
        };
        let switches = SwitchesJson {
            email: environment.switch("EMAIL")?,
            alarm_email: environment.switch("ALARM_EMAIL")?,
            device_defender: environment.switch("DEVICE_DEFENDER")?,
            backup: environment.switch("BACKUP")?,
            tracing: environment.switch("TRACING")?,
            mfa_required: environment.switch("MFA_REQUIRED")?,
            registered_levels_only: environment.switch("REGISTERED_LEVELS_ONLY")?,
        };
        let stack = Stack {
            project: environment.text("PROJECT")?,
            environment: environment.text("ENVIRONMENT")?,
            time_series_store: environment.text("TIME_SERIES_STORE")?,
            switches,
            queues: list("QUEUES")?,
            tables: list("TABLES")?,
            waiting: [
                environment.text("DEVICES_TABLE")?,
                environment.text("RECALCULATIONS_TABLE")?,
                environment.text("JOBS_TABLE")?,
            ],
        };
        Ok(Self {
            stack,
            alarm_prefix: environment.text("ALARM_PREFIX")?,
            monitoring_url: environment.text("MONITORING_URL")?,
        })
    }
}
