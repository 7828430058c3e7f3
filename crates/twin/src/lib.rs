//! `twin`: turns AWS IoT's messages about shadows and connections into events and the connection state of devices.
//!
//! IoT rules invoke it with one message each, in any order and possibly twice. The key of an event is derived from what
//! happened, and the connection state is that of the newest event, so a message that fails half-way can be delivered again.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_aws::config;
use weir_aws::device::{DeviceTable, Registration};
use weir_aws::event::EventTable;
use weir_aws::quarantine::{QuarantineEntry, QuarantineTable};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::presence::Connection;
use weir_core::domain::{Quarantined, Refusal};
use weir_core::id::DeviceId;
use weir_core::wire::twin::{Told, TwinMessage, Unreadable};
use weir_core::wire::{Envelope, replay};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod principal;
mod settings;

pub use settings::Settings;

/// The function's name in quarantine entries.
const FUNCTION: &str = "twin";
/// Attempts to write the connection state of a device while others write it.
const ATTEMPTS: u32 = 10;

/// The function with its dependencies.
pub struct Twin {
    devices: DeviceTable,
    events: EventTable,
    quarantine: QuarantineTable,
    clock: Arc<dyn Clock>,
}

impl Twin {
    /// The function with these dependencies.
    pub fn new(devices: DeviceTable, events: EventTable, quarantine: QuarantineTable, clock: Arc<dyn Clock>) -> Self {
        Self { devices, events, quarantine, clock }
    }
}

impl Function for Twin {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let dynamodb = config::dynamodb(&config::sdk()?);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        let events = EventTable::open(dynamodb.clone(), settings.events);
        let quarantine = QuarantineTable::new(dynamodb, settings.quarantine_table, settings.quarantine_ttl_days);
        devices.warm_up().await;
        Ok(Self::new(devices, events, quarantine, Arc::new(SystemClock)))
    }

    /// Answers with the outcome of the message: `changed` or `unchanged` for a shadow, `newest` or `stale` for a connection,
    /// `ignored` for anything that is not a device, or `quarantined`.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        until.finish(self.handle_message(event.into_json())).await.unwrap_or_else(|| Err(Retry::out_of_time()))
    }
}

impl Twin {
    async fn handle_message(&self, event: Value) -> Result<Response, Retry> {
        let envelope = Envelope::open(&event, self.clock.now());
        let (outcome, quarantined) = match TwinMessage::read(&envelope) {
            Ok(Some(message)) => (self.record(message).await?, None),
            Ok(None) => ("ignored", None),
            Err(unreadable) => ("quarantined", Some(self.keep(&envelope, unreadable).await?)),
        };
        let answer = json!({"outcome": outcome});
        if envelope.replay.is_none() {
            return Ok(answer.into());
        }
        Ok(replay::answer(answer, quarantined.as_slice()).into())
    }

    async fn record(&self, TwinMessage { device, told }: TwinMessage) -> Result<&'static str, AwsError> {
        // What changes nothing costs nothing.
        if matches!(&told, Told::Shadow(events, _) if events.is_empty()) {
            return Ok("unchanged");
        }
        // Read consistently: a device may connect as soon as it is registered.
        let Registration::Device(stored) = self.devices.find(&device).await? else { return Ok("ignored") };
        match told {
            Told::Shadow(events, firmware) => {
                self.events.put_all(&events).await?;
                if let Some(report) = firmware {
                    // Overtaken by a later report, or the device was deleted meanwhile.
                    self.devices.report_firmware(&device, &report).await?;
                }
                Ok("changed")
            }
            Told::Presence(connection, event, principal) => {
                if let Some(principal) = principal {
                    self.heard_of(*stored, &principal).await?;
                }
                // Also what is stale has happened. If the function is killed after this, the message is delivered again.
                self.events.put(&event).await?;
                self.connect(&device, &connection).await
            }
        }
    }

    /// Writes the connection state of the device, unless a newer one is known or the device was deleted meanwhile.
    async fn connect(&self, device: &DeviceId, connection: &Connection) -> Result<&'static str, AwsError> {
        let mut attempts = Attempts::new("events", device, ATTEMPTS);
        loop {
            attempts.next().await?;
            let known = self.events.connection(device).await?;
            if known.as_ref().is_some_and(|known| !connection.is_newer_than(known)) {
                return Ok("stale");
            }
            let written = match &known {
                Some(known) => self.events.set_connection(device, known, connection).await?,
                None => self.events.set_first_connection(&self.devices, device, connection).await?,
            };
            if written == WriteOutcome::Done {
                return Ok("newest");
            }
            if self.devices.find(device).await?.device().is_none() {
                return Ok("ignored");
            }
        }
    }

    /// Quarantines a message that cannot be read.
    async fn keep(&self, envelope: &Envelope, unreadable: Unreadable) -> Result<Quarantined, AwsError> {
        let Unreadable { device, refusal } = unreadable;
        let entry = QuarantineEntry {
            function: FUNCTION,
            refusal,
            topic: envelope.topic.clone(),
            device_id: device.map(|device| device.to_string()),
            sensor: None,
            at: envelope.received_at,
            received_at: envelope.received_at,
            payload: envelope.payload.clone(),
        };
        self.quarantine.put(&entry, self.clock.now()).await?;
        let Refusal { reason, detail } = &entry.refusal;
        tracing::info!(%reason, topic = entry.topic, detail, "quarantined");
        Ok(Quarantined { id: entry.id(), refusal: entry.refusal })
    }
}
