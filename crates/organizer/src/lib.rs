//! `organizer`: level reports become the latest value and the recent measurements of each flow sensor.
//!
//! Woken by the IoT rules with one message each: plain reports, and uplinks of The Things Stack. The full history goes
//! to the time-series store as sensor `filling` of the level id, the newest measurements to the table `levels`. Both
//! writes are such that a second delivery changes nothing, so a message that fails half-way is simply delivered again.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::{Keeping, LevelTable};
use weir_aws::quarantine::{QuarantineEntry, QuarantineTable};
use weir_aws::registry::Registry;
use weir_aws::time_series::{QuarantineWriter, TimeSeries, Written};
use weir_core::domain::Refusal;
use weir_core::domain::level::Measurement;
use weir_core::id::QuarantineId;
use weir_core::wire::{Envelope, replay};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::telemetry::metric;
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod identify;
mod report;
mod settings;

pub use settings::Settings;

use report::{Refused, Report};

/// The function's name, as kept with what it sets aside.
const FUNCTION: &str = "organizer";

/// The function with what it works on.
pub struct Organizer {
    registry: Registry,
    levels: LevelTable,
    keeping: Keeping,
    store: TimeSeries,
    quarantine: QuarantineTable,
    clock: Arc<dyn Clock>,
}

/// What a message came to in a word, and how each reading of it ended.
type Outcome = (&'static str, Vec<Written>);

impl Organizer {
    /// The function over these parts.
    pub fn new(
        registry: Registry,
        levels: LevelTable,
        keeping: Keeping,
        store: TimeSeries,
        quarantine: QuarantineTable,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { registry, levels, keeping, store, quarantine, clock }
    }
}

impl Function for Organizer {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        // A level needs no calibration, so the history of calibrations is never asked for.
        let calibrations = CalibrationTable::new(dynamodb.clone(), "");
        let function = Self::new(
            Registry::new(devices, calibrations, settings.device_cache_seconds, Arc::clone(&clock)),
            LevelTable::new(dynamodb.clone(), settings.levels_table),
            settings.keeping,
            TimeSeries::open(&sdk, &dynamodb, &settings.store).await?,
            QuarantineTable::new(dynamodb, settings.quarantine_table, settings.quarantine_ttl_days),
            clock,
        );
        function.registry.warm_up().await;
        Ok(function)
    }

    /// Answers with the outcome of the message: `registered`, `newest`, `late`, `duplicate`, `too_old` or `quarantined`.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        until.finish(self.handle_message(event.into_json())).await.unwrap_or_else(|| Err(Retry::out_of_time()))
    }
}

impl Organizer {
    async fn handle_message(&self, event: Value) -> Result<Response, Retry> {
        let envelope = Envelope::open(&event, self.clock.now());
        let replayed: Vec<QuarantineId> = envelope.replay.iter().cloned().collect();
        let aside = QuarantineWriter {
            table: &self.quarantine,
            clock: self.clock.as_ref(),
            function: FUNCTION,
            message: report::single,
            replayed: &replayed,
        };
        let (outcome, written) = match self.report(&envelope).await? {
            Ok(report) => self.deliver(&report, &envelope, &aside).await?,
            Err(refused) => set_aside(&envelope, refused, &aside).await?,
        };
        let count = |kind: &Written| written.iter().filter(|written| *written == kind).count();
        metric::stored(count(&Written::Stored), count(&Written::Duplicate), self.clock.now());
        let answer = json!({"outcome": outcome});
        if envelope.replay.is_none() {
            return Ok(answer.into());
        }
        let kept = written.into_iter().filter_map(|written| match written {
            Written::Quarantined(kept) => Some(kept),
            Written::Stored | Written::Duplicate => None,
        });
        Ok(replay::answer(answer, &kept.collect::<Vec<_>>()).into())
    }

    /// Keeps a report: the history and the latest state, with one request where that is possible, else side by side.
    async fn deliver(
        &self,
        report: &Report,
        envelope: &Envelope,
        aside: &QuarantineWriter<'_>,
    ) -> Result<Outcome, Retry> {
        let history = [report.reading(envelope.received_at)?];
        let measurement = Measurement { at: report.at, level: report.level };
        if let (Some(rows), [reading]) = (self.store.rows(), &history) {
            let with = self.levels.report_with(&report.id, measurement, &self.keeping, rows, reading, aside);
            if let Some((written, reported)) = with.await {
                return Ok((reported?.code(), vec![written?]));
            }
        }
        let (written, reported) =
            tokio::join!(self.store.write(&history, aside), self.levels.report(&report.id, measurement, &self.keeping));
        let written = written.into_iter().collect::<Result<_, _>>()?;
        Ok((reported?.code(), written))
    }
}

async fn set_aside(envelope: &Envelope, refused: Refused, aside: &QuarantineWriter<'_>) -> Result<Outcome, Retry> {
    let message = QuarantineEntry {
        function: FUNCTION,
        refusal: refused.refusal,
        topic: envelope.topic.clone(),
        device_id: refused.device,
        sensor: None,
        at: refused.at.unwrap_or(envelope.received_at),
        received_at: envelope.received_at,
        payload: envelope.payload.clone(),
    };
    let kept = aside.keep(&message).await?;
    let Refusal { reason, detail } = &message.refusal;
    tracing::info!(%reason, topic = message.topic, detail, "set aside");
    Ok(("quarantined", vec![kept]))
}
