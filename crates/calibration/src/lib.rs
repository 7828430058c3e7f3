//! `calibration`: raw readings become calibrated readings in the time-series store.
//!
//! Woken by the IoT rules with one message, or by SQS with a batch of them. Each value of a message ends stored, known
//! as a duplicate, or in quarantine; when AWS fails on the way the function says "call me again", and a second
//! delivery changes nothing of what the first one did.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::quarantine::QuarantineTable;
use weir_core::aws::registry::Registry;
use weir_core::aws::time_series::TimeSeries;
use weir_core::aws::{AwsError, CalibrationTable};
use weir_core::clock::{Clock, SystemClock, Until};
use weir_core::domain::Kept;
use weir_core::wire::{Envelope, replay};

pub mod message;

mod calibrate;
mod deliver;
mod queue;

/// The function with what it works on.
pub struct Calibration {
    registry: Registry,
    store: TimeSeries,
    quarantine: QuarantineTable,
    clock: Arc<dyn Clock>,
}

/// Something could not be delivered: the caller has to call again.
#[derive(Debug, thiserror::Error)]
pub enum CallAgain {
    /// AWS failed on the way.
    #[error("call again, {failed} of {all} could not be delivered: {first}")]
    Failed {
        /// So many values of the message.
        failed: usize,
        /// So many it has.
        all: usize,
        /// Why the first of them could not.
        first: AwsError,
    },
    /// There was no time to find out how the message ends.
    #[error("call again: out of time")]
    Late,
}

/// How many values of a message ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Count {
    stored: usize,
    duplicate: usize,
    aside: Vec<Kept>,
}

impl Calibration {
    /// The function over these parts.
    pub fn new(registry: Registry, store: TimeSeries, quarantine: QuarantineTable, clock: Arc<dyn Clock>) -> Self {
        Self { registry, store, quarantine, clock }
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
        let calibrations = CalibrationTable::new(dynamodb.clone(), config::required("CALIBRATIONS_TABLE")?);
        let seconds = config::number("DEVICE_CACHE_SECONDS", 60, 0)?;
        let keep_days = config::number("QUARANTINE_TTL_DAYS", 30, 1)?;
        let quarantine = QuarantineTable::new(dynamodb.clone(), config::required("QUARANTINE_TABLE")?, keep_days);
        let store = TimeSeries::from_environment(&sdk, &dynamodb).await?;
        Ok(Self::new(Registry::new(devices, calibrations, seconds, Arc::clone(&clock)), store, quarantine, clock))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor.
    pub async fn warm_up(&self) {
        self.registry.warm_up().await;
    }

    /// Handles one event: a message from a rule, answered with its counts, or a batch from SQS, answered with the
    /// messages to deliver again.
    ///
    /// # Errors
    /// When a rule's message has to be delivered again.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        self.handle_within(event, Duration::MAX).await
    }

    /// As [`Calibration::handle`], and what is not finished when `left` is over has to be delivered again.
    ///
    /// # Errors
    /// When a rule's message has to be delivered again.
    pub async fn handle_within(&self, event: Value, left: Duration) -> Result<Value, CallAgain> {
        let until = Until::after(left);
        if let Some(messages) = queue::messages(&event) {
            return Ok(self.handle_queue(&messages, until).await);
        }
        let envelope = Envelope::open(&event, self.clock.now());
        let again = envelope.replay.is_some();
        let ended = until.finish(self.deliver(vec![envelope])).await.ok_or(CallAgain::Late)?;
        let count = ended.into_iter().next().unwrap_or_else(|| Ok(Count::default()))?;
        let quarantined = count.aside.len();
        let answer = json!({"stored": count.stored, "duplicate": count.duplicate, "quarantined": quarantined});
        Ok(if again { replay::answer(answer, &count.aside) } else { answer })
    }
}
