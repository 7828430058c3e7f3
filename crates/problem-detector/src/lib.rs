//! `problem-detector`: compares neighbouring flow sensors, finds silent ones, and opens and closes problems.
//!
//! The stream of the table `levels` invokes it. A record only names a sensor that has changed; the detector judges the stored state of
//! that sensor and its neighbours. So records may arrive late, twice or out of order, and a batch is processed by
//! subjects (a pair of sensors, or a sensor's silence) instead of by records. A schedule invokes it as well, because only the
//! clock shows that a sensor or a device has become silent.

use std::sync::Arc;

use serde_json::json;
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_aws::registry::Registry;
use weir_aws::time_series::History;
use weir_core::domain::problem::Rules;
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod device;
mod judge;
mod settings;
mod silence;

pub use settings::Settings;

/// The function with its dependencies.
pub struct ProblemDetector {
    registry: Registry,
    devices: DeviceTable,
    levels: LevelTable,
    problems: ProblemTable,
    history: History,
    rules: Rules,
    clock: Arc<dyn Clock>,
}

impl ProblemDetector {
    /// The function with these dependencies.
    pub fn new(
        registry: Registry,
        devices: DeviceTable,
        levels: LevelTable,
        problems: ProblemTable,
        history: History,
        rules: Rules,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { registry, devices, levels, problems, history, rules, clock }
    }
}

impl Function for ProblemDetector {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let history = History::open(&sdk, &dynamodb, &settings.store).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        // Levels are not calibrated, so the history of calibrations is never read.
        let calibrations = CalibrationTable::new(dynamodb.clone(), "");
        let levels = LevelTable::new(dynamodb.clone(), settings.levels_table);
        let problems = ProblemTable::new(dynamodb, settings.problems_table, levels.clone());
        let registry = Registry::new(devices.clone(), calibrations, settings.device_cache_seconds, Arc::clone(&clock));
        // Opens the connection, and loads the topology for the first batch.
        let _ = registry.topology().await;
        Ok(Self::new(registry, devices, levels, problems, history, settings.rules, clock))
    }

    /// Answers a batch of stream records with those to deliver again, and a schedule with what the sweep found.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if !event.is_schedule() {
            return self.judge_batch(&event, until).await;
        }
        let sensors = self.sweep(until).await?;
        let swept = sensors.and(self.sweep_devices(until).await?);
        if swept.more {
            tracing::warn!(looked = swept.looked, "no time for everything that may be silent; the rest is next");
        }
        Ok(json!({"looked": swept.looked, "silent": swept.silent, "failed": swept.failed, "more": swept.more}).into())
    }
}
