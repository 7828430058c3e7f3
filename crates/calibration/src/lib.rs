//! `calibration`: raw readings become calibrated readings in the time-series store.
//!
//! Woken by the IoT rules with one message, or by SQS with a batch of them. Each value of a message ends stored, known
//! as a duplicate, or in quarantine; when AWS fails on the way the function says "call me again", and a second
//! delivery changes nothing of what the first one did.

use std::sync::Arc;

use serde_json::json;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::registry::Registry;
use weir_aws::time_series::TimeSeries;
use weir_aws::{AwsError, CalibrationTable};
use weir_core::domain::Kept;
use weir_core::wire::{Envelope, replay};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

pub mod message;

mod calibrate;
mod deliver;
mod queue;
mod settings;

pub use settings::Settings;

/// The function with what it works on.
pub struct Calibration {
    registry: Registry,
    store: TimeSeries,
    quarantine: QuarantineTable,
    clock: Arc<dyn Clock>,
}

/// Values of a message that could not be delivered.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {all} values could not be delivered: {first}")]
struct Failed {
    /// How many values of the message.
    failed: usize,
    /// How many it has.
    all: usize,
    /// Why the first of them could not.
    first: AwsError,
}

impl From<Failed> for Retry {
    fn from(failed: Failed) -> Self {
        Self::new(failed)
    }
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

    /// A message from a rule is answered with its counts, a batch from SQS with the messages to deliver again.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if let Some(messages) = event.queue_messages() {
            return Ok(self.handle_queue(messages, until).await);
        }
        let envelope = Envelope::open(event.json(), self.clock.now());
        let again = envelope.replay.is_some();
        let ended = until.finish(self.deliver(vec![envelope])).await.ok_or_else(Retry::out_of_time)?;
        let count = ended.into_iter().next().unwrap_or_else(|| Ok(Count::default()))?;
        let quarantined = count.aside.len();
        let answer = json!({"stored": count.stored, "duplicate": count.duplicate, "quarantined": quarantined});
        Ok(if again { replay::answer(answer, &count.aside) } else { answer }.into())
    }
}
