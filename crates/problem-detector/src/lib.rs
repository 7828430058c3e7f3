//! `problem-detector`: neighbouring flow sensors are compared, silent ones found, and problems opened and closed.
//!
//! Woken by the stream of the table `levels`. A record only says which sensor has something new; what is judged is
//! what is stored now of it and its neighbours. So records may come late, twice or out of order, and the batch is
//! worked through by what is judged (a pair of sensors, a sensor's silence) rather than by records. Woken by a schedule
//! as well, since nothing but the clock tells of a sensor that says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_aws::registry::Registry;
use weir_core::domain::problem::{Rules, Subject};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::event::Record;
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod record;
mod settings;

pub use settings::Settings;

/// The function with what it works on.
pub struct ProblemDetector {
    registry: Registry,
    devices: DeviceTable,
    problems: ProblemTable,
    rules: Rules,
    clock: Arc<dyn Clock>,
}

impl ProblemDetector {
    /// The function over these parts.
    pub fn new(
        registry: Registry,
        devices: DeviceTable,
        problems: ProblemTable,
        rules: Rules,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { registry, devices, problems, rules, clock }
    }
}

impl Function for ProblemDetector {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let dynamodb = config::dynamodb(&config::sdk()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        // Levels have no calibration, so the history of calibrations is never asked for.
        let calibrations = CalibrationTable::new(dynamodb.clone(), "");
        let levels = LevelTable::new(dynamodb.clone(), settings.levels_table);
        let problems = ProblemTable::new(dynamodb, settings.problems_table, levels);
        let registry = Registry::new(devices.clone(), calibrations, settings.device_cache_seconds, Arc::clone(&clock));
        // Opens the connection, and has the neighbours ready for the first batch.
        let _ = registry.topology().await;
        Ok(Self::new(registry, devices, problems, settings.rules, clock))
    }

    /// A batch of stream records is answered with those to deliver again, a schedule with what the sweep found.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_schedule() { self.sweep(until).await } else { self.batch(&event, until).await }
    }
}

impl ProblemDetector {
    /// Looks for sensors that have fallen silent, and answers with how many it looked at and found.
    async fn sweep(&self, until: Until) -> Result<Response, Retry> {
        let after = self.rules.silent_after_seconds;
        let swept = self.problems.sweep(&self.devices, after, self.clock.now(), until).await?;
        if swept.more {
            tracing::warn!(looked = swept.looked, "no time for all sensors that may be silent; the rest is next");
        }
        Ok(json!({"looked": swept.looked, "silent": swept.silent, "failed": swept.failed, "more": swept.more}).into())
    }

    /// Judges what a batch of stream records tells of and answers with those to deliver again. A record that cannot be
    /// read, or whose pair cannot be judged, does not hold back any other.
    ///
    /// It is judged in the order of the records: what was done before the time was over is then the beginning of the
    /// batch, and Lambda goes on behind it, since of the records named the first one counts.
    async fn batch(&self, event: &Event, until: Until) -> Result<Response, Retry> {
        let records = event.stream_records().ok_or_else(|| Retry::new("the event is not a batch of a stream"))??;
        let topology = until.finish(self.registry.topology()).await.ok_or_else(Retry::out_of_time)??;
        let mut failed = BTreeSet::new();
        let mut subjects = Vec::new();
        let mut waiting: BTreeMap<Subject, Vec<String>> = BTreeMap::new();
        for Record { id: sequence, decoded } in records {
            match decoded.and_then(|record| record::sensor(&record)) {
                Ok(id) => {
                    let pairs = topology.pairs(&id).into_iter().map(Subject::Pair);
                    for subject in pairs.chain([Subject::Sensor(id)]) {
                        let named = waiting.entry(subject.clone()).or_default();
                        if named.is_empty() {
                            subjects.push(subject);
                        }
                        named.push(sequence.clone());
                    }
                }
                Err(detail) => {
                    tracing::error!(sequence, detail, "a stream record cannot be read");
                    failed.insert(sequence);
                }
            }
        }
        for (subject, judged) in self.problems.judge(&subjects, &self.rules, self.clock.now(), until).await {
            match judged {
                Ok(judged) => tracing::debug!(problem = subject.key(), ?judged, "judged"),
                Err(error) => {
                    tracing::warn!(problem = subject.key(), %error, "has to be judged again");
                    failed.extend(waiting.remove(&subject).into_iter().flatten());
                }
            }
        }
        Ok(Response::failed_records(failed))
    }
}
