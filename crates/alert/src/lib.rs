//! `alert`: compares readings with the alerts of their sensors, and opens and ends problems.
//!
//! The stream of the table `readings` invokes it with the rows that `calibration` has marked: those of sensors with alerts. A record says
//! which reading has changed. The stored problem decides whether that matters, and the stored readings decide what follows from
//! it. So records may arrive late, twice or out of order.

use std::sync::Arc;

use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_aws::registry::Registry;
use weir_aws::time_series::ReadingTable;
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod batch;
mod change;
mod judge;
mod settings;
mod timeline;

pub use settings::Settings;

/// The function with its dependencies.
pub struct Alert {
    registry: Registry,
    devices: DeviceTable,
    problems: ProblemTable,
    readings: ReadingTable,
    clock: Arc<dyn Clock>,
}

impl Alert {
    /// The function with these dependencies.
    pub fn new(
        registry: Registry,
        devices: DeviceTable,
        problems: ProblemTable,
        readings: ReadingTable,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { registry, devices, problems, readings, clock }
    }
}

impl Function for Alert {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let dynamodb = config::dynamodb(&config::sdk()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        // Readings are calibrated already, and alerts do not depend on levels: these tables are never read.
        let (calibrations, levels) =
            (CalibrationTable::new(dynamodb.clone(), ""), LevelTable::new(dynamodb.clone(), ""));
        let problems = ProblemTable::new(dynamodb.clone(), settings.problems_table, levels);
        // Readings are only read, by their key.
        let readings = ReadingTable::new(dynamodb, settings.readings_table, "", 0);
        let registry = Registry::new(devices.clone(), calibrations, settings.device_cache_seconds, Arc::clone(&clock));
        registry.warm_up().await;
        Ok(Self::new(registry, devices, problems, readings, clock))
    }

    /// Answers a batch of stream records with those to deliver again.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        self.judge_batch(&event, until).await
    }
}
