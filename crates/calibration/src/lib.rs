//! `calibration`: calibrates raw readings and stores them in the time-series store.
//!
//! It is invoked by IoT rules with one message, and by SQS with a batch. Each value of a message ends stored, as a duplicate, or
//! in quarantine. When a request to AWS fails, the function asks for the message to be delivered again, which changes nothing
//! that the first delivery did.

use std::sync::Arc;

use serde_json::json;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::registry::Registry;
use weir_aws::time_series::TimeSeries;
use weir_aws::{AwsError, CalibrationTable};
use weir_core::domain::Quarantined;
use weir_core::wire::{Envelope, replay};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

pub mod message;
pub mod part;

mod calibrate;
mod deliver;
mod queue;
mod settings;

pub use settings::Settings;

/// The function `calibration`.
pub struct Calibration {
    registry: Registry,
    store: TimeSeries,
    quarantine: QuarantineTable,
    clock: Arc<dyn Clock>,
}

/// Values of a message that could not be delivered.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {all} values could not be delivered: {first}")]
struct DeliveryError {
    /// The number of these values.
    failed: usize,
    /// The number of values of the message.
    all: usize,
    /// The error of the first of them.
    first: AwsError,
}

impl From<DeliveryError> for Retry {
    fn from(error: DeliveryError) -> Self {
        Self::new(error)
    }
}

/// The outcomes of the values of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    stored: usize,
    duplicate: usize,
    quarantined: Vec<Quarantined>,
}

impl Calibration {
    /// Creates the function from its parts.
    pub fn new(registry: Registry, store: TimeSeries, quarantine: QuarantineTable, clock: Arc<dyn Clock>) -> Self {
        Self { registry, store, quarantine, clock }
    }
}

impl Function for Calibration {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        let calibrations = CalibrationTable::new(dynamodb.clone(), settings.calibrations_table);
        let store = TimeSeries::open(&sdk, &dynamodb, &settings.store).await?;
        let quarantine = QuarantineTable::new(dynamodb, settings.quarantine_table, settings.quarantine_ttl_days);
        let registry = Registry::new(devices, calibrations, settings.device_cache_seconds, Arc::clone(&clock));
        registry.warm_up().await;
        Ok(Self::new(registry, store, quarantine, clock))
    }

    /// Answers a message from a rule with its counts, and a batch from SQS with the messages to deliver again.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if let Some(messages) = event.queue_messages() {
            return Ok(self.handle_queue(messages, until).await);
        }
        let envelope = Envelope::open(event.json(), self.clock.now());
        let is_replay = envelope.replay.is_some();
        let ended = until.finish(self.deliver(vec![envelope])).await.ok_or_else(Retry::out_of_time)?;
        let count = ended.into_iter().next().unwrap_or_else(|| Ok(Counts::default()))?;
        let quarantined = count.quarantined.len();
        let answer = json!({"stored": count.stored, "duplicate": count.duplicate, "quarantined": quarantined});
        Ok(if is_replay { replay::answer(answer, &count.quarantined) } else { answer }.into())
    }
}
