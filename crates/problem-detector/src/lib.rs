//! `problem-detector`: neighbouring flow sensors are compared, silent ones found, and problems opened and closed.
//!
//! Woken by the stream of the table `levels`. A record only says which sensor has something new; what is judged is
//! what is stored now of it and its neighbours. So records may come late, twice or out of order, and the batch is
//! worked through by what is judged (a pair of sensors, a sensor's silence) rather than by records. Woken by a schedule
//! as well, since nothing but the clock tells of a sensor that says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::level::LevelTable;
use weir_core::aws::problem::ProblemTable;
use weir_core::aws::registry::Registry;
use weir_core::aws::{AwsError, CalibrationTable};
use weir_core::clock::{Clock, SystemClock, Until};
use weir_core::domain::problem::{Rules, Subject};

mod record;

use record::{Poison, Record};

/// The function with what it works on.
pub struct ProblemDetector {
    registry: Registry,
    devices: DeviceTable,
    problems: ProblemTable,
    rules: Rules,
    clock: Arc<dyn Clock>,
}

/// The whole batch has to be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum CallAgain {
    /// Without the registry's links it is not known which sensors are neighbours.
    #[error("call again: {0}")]
    Aws(#[from] AwsError),
    /// The event is no batch of stream records, or a record has no sequence number to name it by.
    #[error("this is no batch of a stream: {0}")]
    NoBatch(&'static str),
    /// There was no time even to find out what is to be judged.
    #[error("call again: out of time")]
    Late,
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

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), config::required("DEVICES_TABLE")?);
        // Levels have no calibration, so the history of calibrations is never asked for.
        let calibrations = CalibrationTable::new(dynamodb.clone(), "");
        let seconds = config::number("DEVICE_CACHE_SECONDS", 60, 0)?;
        let levels = LevelTable::new(dynamodb.clone(), config::required("LEVELS_TABLE")?);
        let rules = Rules {
            tolerance: config::number("LEVEL_TOLERANCE", 0.0, 0.0)?,
            open_after: config::number("PROBLEM_OPEN_AFTER", 1, 1)?,
            close_after: config::number("PROBLEM_CLOSE_AFTER", 1, 1)?,
            silent_after_seconds: config::number("SILENT_AFTER_SECONDS", 10_800, 1)?,
        };
        let problems = ProblemTable::new(dynamodb, config::required("PROBLEMS_TABLE")?, levels);
        let registry = Registry::new(devices.clone(), calibrations, seconds, Arc::clone(&clock));
        Ok(Self::new(registry, devices, problems, rules, clock))
    }

    /// Reads the registry's links, and so opens the connection to DynamoDB, while the init phase still has a whole
    /// processor.
    pub async fn warm_up(&self) {
        let _ = self.registry.topology().await;
    }

    /// Handles what the schedule or the stream brings.
    ///
    /// # Errors
    /// When the whole event has to be delivered again.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        self.handle_within(event, Duration::MAX).await
    }

    /// As [`ProblemDetector::handle`], and what is not finished when `left` is over is named: the records of a batch to
    /// be delivered again, and of a sweep that there is more.
    ///
    /// # Errors
    /// When the whole event has to be delivered again.
    pub async fn handle_within(&self, event: Value, left: Duration) -> Result<Value, CallAgain> {
        let until = Until::after(left);
        if event.get("source").and_then(Value::as_str) == Some("aws.events") {
            self.sweep(until).await
        } else {
            self.batch(&event, until).await
        }
    }

    /// Looks for sensors that have fallen silent, and answers with how many it looked at and found.
    async fn sweep(&self, until: Until) -> Result<Value, CallAgain> {
        let after = self.rules.silent_after_seconds;
        let swept = self.problems.sweep(&self.devices, after, self.clock.now(), until).await?;
        if swept.more {
            tracing::warn!(looked = swept.looked, "no time for all sensors that may be silent; the rest is next");
        }
        Ok(json!({"looked": swept.looked, "silent": swept.silent, "failed": swept.failed, "more": swept.more}))
    }

    /// Judges what a batch of stream records tells of and answers with those to deliver again. A record that cannot be
    /// read, or whose pair cannot be judged, does not hold back any other.
    ///
    /// It is judged in the order of the records: what was done before the time was over is then the beginning of the
    /// batch, and Lambda goes on behind it, since of the records named the first one counts.
    async fn batch(&self, event: &Value, until: Until) -> Result<Value, CallAgain> {
        let records = event.get("Records").and_then(Value::as_array).ok_or(CallAgain::NoBatch("no `Records`"))?;
        let topology = until.finish(self.registry.topology()).await.ok_or(CallAgain::Late)??;
        let mut failed = BTreeSet::new();
        let mut subjects = Vec::new();
        let mut waiting: BTreeMap<Subject, Vec<&str>> = BTreeMap::new();
        for record in records {
            match Record::parse(record) {
                Ok(Record { sequence, id }) => {
                    let pairs = topology.pairs(&id).into_iter().map(Subject::Pair);
                    for subject in pairs.chain([Subject::Sensor(id)]) {
                        let named = waiting.entry(subject.clone()).or_default();
                        if named.is_empty() {
                            subjects.push(subject);
                        }
                        named.push(sequence);
                    }
                }
                Err(Poison::Unnamed) => return Err(CallAgain::NoBatch("a record without a sequence number")),
                Err(Poison::Unreadable { sequence, detail }) => {
                    tracing::error!(sequence, detail, "a record that cannot be read");
                    failed.insert(sequence);
                }
            }
        }
        for (subject, judged) in self.problems.judge(&subjects, &self.rules, self.clock.now(), until).await {
            match judged {
                Ok(judged) => tracing::debug!(problem = subject.key(), ?judged, "judged"),
                Err(error) => {
                    tracing::warn!(problem = subject.key(), %error, "has to be judged again");
                    failed.extend(waiting.get(&subject).into_iter().flatten());
                }
            }
        }
        let failures: Vec<Value> = failed.iter().map(|sequence| json!({"itemIdentifier": sequence})).collect();
        Ok(json!({"batchItemFailures": failures}))
    }
}
