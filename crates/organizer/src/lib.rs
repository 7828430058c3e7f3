//! `organizer`: level reports become the latest value and the recent measurements of each flow sensor.
//!
//! Woken by the IoT rules with one message each: plain reports, and uplinks of The Things Stack. The full history goes
//! to the time-series store as sensor `filling` of the level id, the newest measurements to the table `levels`. Both
//! writes are such that a second delivery changes nothing, so a message that fails half-way is simply delivered again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::level::{Keeping, LevelTable};
use weir_core::aws::quarantine::{QuarantineTable, SetAside};
use weir_core::aws::registry::Registry;
use weir_core::aws::time_series::{Aside, TimeSeries, Written};
use weir_core::aws::{AwsError, CalibrationTable};
use weir_core::clock::{Clock, SystemClock, Until};
use weir_core::domain::Refusal;
use weir_core::domain::level::Measurement;
use weir_core::id::AsideId;
use weir_core::telemetry::metric;
use weir_core::wire::{Envelope, replay};

mod identify;
mod report;

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

/// The report could not be delivered: the caller has to call again.
#[derive(Debug, thiserror::Error)]
pub enum CallAgain {
    /// AWS failed on the way.
    #[error("call again: {0}")]
    Aws(#[from] AwsError),
    /// There was no time to find out how the report ends.
    #[error("call again: out of time")]
    Late,
}

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

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), config::required("DEVICES_TABLE")?);
        // A level needs no calibration, so the history of calibrations is never asked for.
        let calibrations = CalibrationTable::new(dynamodb.clone(), "");
        let seconds = config::number("DEVICE_CACHE_SECONDS", 60, 0)?;
        let counts_reports =
            config::number("PROBLEM_OPEN_AFTER", 1_u32, 1)? > 1 || config::number("PROBLEM_CLOSE_AFTER", 1_u32, 1)? > 1;
        let keeping = Keeping {
            measurements: config::number("MEASUREMENTS_KEPT", 24, 1)?,
            silent_after_seconds: config::number("SILENT_AFTER_SECONDS", 10_800, 1)?,
            judge_all: counts_reports,
        };
        let keep_days = config::number("QUARANTINE_TTL_DAYS", 30, 1)?;
        Ok(Self::new(
            Registry::new(devices, calibrations, seconds, Arc::clone(&clock)),
            LevelTable::new(dynamodb.clone(), config::required("LEVELS_TABLE")?),
            keeping,
            TimeSeries::from_environment(&sdk, &dynamodb).await?,
            QuarantineTable::new(dynamodb, config::required("QUARANTINE_TABLE")?, keep_days),
            clock,
        ))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor.
    pub async fn warm_up(&self) {
        self.registry.warm_up().await;
    }

    /// Handles one message and answers with what it came to: `registered`, `newest`, `late`, `duplicate`, `too_old` or
    /// `quarantined`.
    ///
    /// # Errors
    /// When the message has to be delivered again.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        self.handle_within(event, Duration::MAX).await
    }

    /// As [`Organizer::handle`], and a message that is not finished when `left` is over has to be delivered again.
    ///
    /// # Errors
    /// When the message has to be delivered again.
    pub async fn handle_within(&self, event: Value, left: Duration) -> Result<Value, CallAgain> {
        Until::after(left).finish(self.handle_message(event)).await.ok_or(CallAgain::Late)?
    }

    async fn handle_message(&self, event: Value) -> Result<Value, CallAgain> {
        let envelope = Envelope::open(&event, self.clock.now());
        let replayed: Vec<AsideId> = envelope.replay.iter().cloned().collect();
        let aside = Aside {
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
            return Ok(answer);
        }
        let kept = written.into_iter().filter_map(|written| match written {
            Written::SetAside(kept) => Some(kept),
            Written::Stored | Written::Duplicate => None,
        });
        Ok(replay::answer(answer, &kept.collect::<Vec<_>>()))
    }

    /// Keeps a report: the history and the latest state, with one request where that is possible, else side by side.
    async fn deliver(&self, report: &Report, envelope: &Envelope, aside: &Aside<'_>) -> Result<Outcome, CallAgain> {
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

async fn set_aside(envelope: &Envelope, refused: Refused, aside: &Aside<'_>) -> Result<Outcome, CallAgain> {
    let message = SetAside {
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
