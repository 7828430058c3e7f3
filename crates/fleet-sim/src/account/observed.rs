//! The rows of the tables.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tooling::tables::Tables;

use crate::fleet::DISPENSER;

/// The kind of the events of jobs.
const JOB: &str = "job";

/// The rows of the tables that messages affect.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Table `readings`.
    pub readings: Vec<ReadingRow>,
    /// Table `levels`.
    pub levels: Vec<LevelRow>,
    /// Table `problems`.
    pub problems: Vec<ProblemRow>,
    /// Table `quarantine`.
    pub quarantine: Vec<QuarantineRow>,
    /// Table `events`, without those of the dispenser: the number of its shadow changes depends on when commands end, so they are checked
    /// with its commands, by what they tell. Without those of jobs as well, which are checked with the firmware.
    pub events: Vec<EventRow>,
}

/// A row of `events`: an event, or the connection state of a device, which has no kind.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct EventRow {
    pub device: String,
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub state: Option<String>,
}

/// A row of `readings`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct ReadingRow {
    pub sensor: String,
    pub at: i64,
    pub received_at: i64,
    pub raw: f64,
    pub value: f64,
    pub unit: String,
    pub calibration: u32,
    pub quality: String,
}

/// A row of `levels`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct LevelRow {
    pub id: String,
    pub last_value: String,
    pub last_update: i64,
    pub measurements: Vec<MeasurementRow>,
}

/// An entry of a level's measurements.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs)]
pub struct MeasurementRow {
    pub filling: String,
    pub dt: i64,
}

/// A row of `problems`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct ProblemRow {
    pub problem_id: String,
    pub problem: String,
    pub problem_time: i64,
    pub problem_status: String,
    #[serde(default)]
    pub current: String,
    #[serde(default)]
    pub following: String,
    #[serde(default)]
    pub current_value: String,
    #[serde(default)]
    pub following_value: String,
    pub episodes: u32,
}

/// A row of `quarantine`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct QuarantineRow {
    pub id: String,
    pub reason: String,
    pub detail: String,
    pub function: String,
    pub topic: String,
    pub payload: String,
    pub device_id: Option<String>,
    pub sensor: Option<String>,
}

impl QuarantineRow {
    /// The quarantined bytes.
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.payload).unwrap_or_default()
    }
}

impl Observed {
    /// Reads all of these tables.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub async fn read(tables: &Tables) -> Result<Self> {
        let (readings, levels, problems, quarantine, events) = tokio::try_join!(
            tables.all("Readings"),
            tables.all("Levels"),
            tables.all("Problems"),
            tables.all("Quarantine"),
            tables.all("Events")
        )?;
        let events = events
            .into_iter()
            .filter(|row: &EventRow| row.device != DISPENSER && row.kind.as_deref() != Some(JOB))
            .collect();
        Ok(Self { readings, levels, problems, quarantine, events })
    }
}
