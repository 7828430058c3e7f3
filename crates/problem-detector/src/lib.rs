//! `problem-detector`: neighbouring flow sensors are compared, and problems opened and closed.
//!
//! Woken by the stream of the table `levels`. A record only says which sensor has something new; what is judged is
//! what is stored now of it and its neighbours. So records may come late, twice or out of order, and the batch is
//! worked through by pairs of sensors rather than by records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::level::LevelTable;
use weir_core::aws::problem::ProblemTable;
use weir_core::aws::registry::Registry;
use weir_core::aws::{AwsError, CalibrationTable};
use weir_core::clock::{Clock, SystemClock};
use weir_core::domain::problem::Rules;
use weir_core::domain::topology::Pair;

mod record;

use record::{Poison, Record};

/// The function with what it works on.
pub struct ProblemDetector {
    registry: Registry,
    problems: ProblemTable,
    rules: Rules,
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
}

impl ProblemDetector {
    /// The function over these parts.
    pub fn new(registry: Registry, problems: ProblemTable, rules: Rules) -> Self {
        Self { registry, problems, rules }
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
        Ok(Self::new(Registry::new(devices, calibrations, seconds, clock), problems, rules))
    }

    /// Reads the registry's links, and so opens the connection to DynamoDB, while the init phase still has a whole
    /// processor.
    pub async fn warm_up(&self) {
        let _ = self.registry.topology().await;
    }

    /// Handles a batch of stream records and answers with those to deliver again. A record that cannot be read, or
    /// whose pair cannot be judged, does not hold back any other.
    ///
    /// # Errors
    /// When the whole batch has to be delivered again.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        let records = event.get("Records").and_then(Value::as_array).ok_or(CallAgain::NoBatch("no `Records`"))?;
        let topology = self.registry.topology().await?;
        let mut failed = BTreeSet::new();
        let mut waiting: BTreeMap<Pair, Vec<&str>> = BTreeMap::new();
        for record in records {
            match Record::parse(record) {
                Ok(Record { sequence, id }) => {
                    for pair in topology.pairs(&id) {
                        waiting.entry(pair).or_default().push(sequence);
                    }
                }
                Err(Poison::Unnamed) => return Err(CallAgain::NoBatch("a record without a sequence number")),
                Err(Poison::Unreadable { sequence, detail }) => {
                    tracing::error!(sequence, detail, "a record that cannot be read");
                    failed.insert(sequence);
                }
            }
        }
        for (pair, judged) in self.problems.judge(&waiting.keys().cloned().collect(), &self.rules).await {
            match judged {
                Ok(judged) => tracing::debug!(pair = pair.key(), ?judged, "judged"),
                Err(error) => {
                    tracing::warn!(pair = pair.key(), %error, "the pair has to be judged again");
                    failed.extend(waiting.get(&pair).into_iter().flatten());
                }
            }
        }
        let failures: Vec<Value> = failed.iter().map(|sequence| json!({"itemIdentifier": sequence})).collect();
        Ok(json!({"batchItemFailures": failures}))
    }
}
