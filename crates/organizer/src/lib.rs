//! `organizer`: level reports become the latest value and the recent measurements of each flow sensor.
//!
//! IoT rules invoke it with one message each: a plain report, or an uplink of The Things Stack. The full history goes to
//! the time-series store as the series `filling` of the level id, and the newest measurements go to the table `levels`. A
//! second delivery changes nothing in either, so a message that fails half-way can be delivered again.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::quarantine::{QuarantineEntry, QuarantineTable};
use weir_aws::registry::Registry;
use weir_aws::time_series::{Origins, QuarantineWriter, TimeSeries, Written};
use weir_core::domain::Refusal;
use weir_core::domain::level::{Measurement, Reported};
use weir_core::id::QuarantineId;
use weir_core::wire::{Envelope, replay};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::telemetry::metric;
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod level_writer;
mod report;
mod settings;
mod uplink;

pub use settings::{Accepted, LevelSettings, Settings};

use level_writer::LevelWriter;
use report::{RefusedReport, Report, ReportError};

/// The function's name in quarantine entries.
const FUNCTION: &str = "organizer";

/// The function with its dependencies.
pub struct Organizer {
    registry: Registry,
    levels: LevelWriter,
    accepted: Accepted,
    store: TimeSeries,
    quarantine: QuarantineTable,
    clock: Arc<dyn Clock>,
}

/// The outcome of a message, and how each reading in it ended.
type Outcome = (&'static str, Vec<Written>);

impl Organizer {
    /// The function with these dependencies.
    pub fn new(
        registry: Registry,
        levels: LevelTable,
        level_settings: LevelSettings,
        store: TimeSeries,
        quarantine: QuarantineTable,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let accepted = level_settings.accepted;
        let levels = LevelWriter::new(levels, level_settings);
        Self { registry, levels, accepted, store, quarantine, clock }
    }
}

impl Function for Organizer {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        // Levels are not calibrated, so the history of calibrations is never read.
        let calibrations = CalibrationTable::new(dynamodb.clone(), "");
        let function = Self::new(
            Registry::new(devices, calibrations, settings.device_cache_seconds, Arc::clone(&clock)),
            LevelTable::new(dynamodb.clone(), settings.levels_table),
            settings.levels,
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
        let quarantine = QuarantineWriter {
            table: &self.quarantine,
            clock: self.clock.as_ref(),
            function: FUNCTION,
            message: report::message_of,
            replayed: &replayed,
            origins: &Origins::default(),
        };
        let (outcome, written) = match self.read_report(&envelope).await {
            Ok(report) => self.store_report(&report, &envelope, &quarantine).await?,
            Err(ReportError::Refused(refused)) => keep_refused(&envelope, refused, &quarantine).await?,
            Err(ReportError::Registry(error)) => return Err(error.into()),
        };
        let count = |kind: &Written| written.iter().filter(|written| *written == kind).count();
        metric::stored(count(&Written::Stored), count(&Written::Duplicate), self.clock.now());
        if outcome == Reported::Registered.code() {
            metric::new_level(self.clock.now());
        }
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

    /// Stores a report in the history and in the table `levels`: with one request if possible, otherwise concurrently.
    async fn store_report(
        &self,
        report: &Report,
        envelope: &Envelope,
        quarantine: &QuarantineWriter<'_>,
    ) -> Result<Outcome, Retry> {
        let history = [report.reading(envelope.received_at)?];
        let measurement = Measurement { at: report.at, level: report.level };
        if let (Some(readings), [reading]) = (self.store.rows(), &history) {
            let now = self.clock.now();
            let combined = self.levels.combined_write(&report.id, measurement, readings, reading, quarantine, now);
            if let Some((written, reported)) = combined.await {
                return Ok((reported?.code(), vec![written?]));
            }
        }
        let levels = self.levels.write(&report.id, measurement, self.clock.now());
        let (written, reported) = tokio::join!(self.store.write(&history, quarantine), levels);
        let written = written.into_iter().collect::<Result<_, _>>()?;
        Ok((reported?.code(), written))
    }
}

/// Writes a refused message to quarantine.
async fn keep_refused(
    envelope: &Envelope,
    refused: RefusedReport,
    quarantine: &QuarantineWriter<'_>,
) -> Result<Outcome, Retry> {
    let entry = QuarantineEntry {
        function: FUNCTION,
        refusal: refused.refusal,
        topic: envelope.topic.clone(),
        device_id: refused.device,
        sensor: None,
        at: refused.at.unwrap_or(envelope.received_at),
        received_at: envelope.received_at,
        payload: envelope.payload.clone(),
    };
    let kept = quarantine.write(&entry).await?;
    let Refusal { reason, detail } = &entry.refusal;
    tracing::info!(%reason, topic = entry.topic, detail, "quarantined");
    Ok(("quarantined", vec![kept]))
}
