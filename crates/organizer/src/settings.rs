//! The settings of `organizer`, from its environment.

use weir_aws::time_series::StoreSettings;
use weir_runtime::{Environment, SettingsError};

/// How reports are stored in the table `levels`.
#[derive(Debug, Clone, Copy)]
pub struct LevelSettings {
    /// How many measurements of a sensor are kept; at least 1.
    pub measurements: usize,
    /// A sensor without a report for more than this many seconds is silent, and the detector has to judge its next report.
    pub silent_after_seconds: i64,
    /// Whether the detector has to judge every new report: it does when it counts consecutive reports.
    pub judge_all: bool,
    /// Which reports are accepted.
    pub accepted: Accepted,
}

/// Which valid reports are accepted. The default is that of the template.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Only reports of levels that a registered device has.
    pub registered_only: bool,
    /// Also uplinks that were simulated in the console of The Things Stack.
    pub simulated: bool,
}

/// The settings of `organizer`.
#[derive(Debug)]
pub struct Settings {
    pub(crate) devices_table: String,
    pub(crate) device_cache_seconds: i64,
    pub(crate) levels_table: String,
    pub(crate) levels: LevelSettings,
    pub(crate) quarantine_table: String,
    pub(crate) quarantine_ttl_days: i64,
    pub(crate) store: StoreSettings,
}

impl weir_runtime::Settings for Settings {
    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        let open_after = environment.number("PROBLEM_OPEN_AFTER", 1_u32, 1)?;
        let close_after = environment.number("PROBLEM_CLOSE_AFTER", 1_u32, 1)?;
        Ok(Self {
            devices_table: environment.text("DEVICES_TABLE")?,
            device_cache_seconds: environment.number("DEVICE_CACHE_SECONDS", 60, 0)?,
            levels_table: environment.text("LEVELS_TABLE")?,
            levels: LevelSettings {
                measurements: environment.number("MEASUREMENTS_KEPT", 24, 1)?,
                silent_after_seconds: environment.number("SILENT_AFTER_SECONDS", 10_800, 1)?,
                judge_all: open_after > 1 || close_after > 1,
                accepted: Accepted {
                    registered_only: environment.switch("REGISTERED_LEVELS_ONLY")?,
                    simulated: environment.switch("SIMULATED_UPLINKS")?,
                },
            },
            quarantine_table: environment.text("QUARANTINE_TABLE")?,
            quarantine_ttl_days: environment.number("QUARANTINE_TTL_DAYS", 30, 1)?,
            store: weir_runtime::Settings::read(environment)?,
        })
    }
}
