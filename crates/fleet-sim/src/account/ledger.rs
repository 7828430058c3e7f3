//! The rows that the messages sent so far have to cause.

use std::collections::BTreeMap;

use crate::simulate::{Effect, Level, Message, Reading};

/// The series code of a level's history in the table of readings.
const FILLING: &str = "filling";
/// Tolerance of times of reception, in ms. Sender and broker share a clock here, but the broker may acknowledge a message before its rule
/// stamps it, and on a busy computer this can take long.
const SLACK: i64 = 10_000;

/// Expectations, which grow with every message.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Readings by series and timestamp.
    pub readings: BTreeMap<(String, i64), Reading>,
    /// Readings without a timestamp, each with the earliest and the latest time of its reception.
    pub arrivals: Vec<(Reading, i64, i64)>,
    /// Levels by sensor and second.
    pub levels: BTreeMap<String, BTreeMap<i64, Level>>,
    /// Series and timestamp of levels that were sent after newer ones.
    pub late: Vec<(String, i64)>,
    /// Expected quarantine entries.
    pub quarantined: Vec<QuarantineEntry>,
    /// Expected events, by device and kind.
    pub events: BTreeMap<(String, String), u64>,
    /// Expected number of runs of each function.
    pub runs: BTreeMap<&'static str, u64>,
    /// Counts of what was sent.
    pub sent: Sent,
}

/// An expected quarantine entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuarantineEntry {
    /// Reason code.
    pub reason: String,
    /// The function that refused it.
    pub function: String,
    /// The topic, as the function sees it.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// Counts of what was sent. `values` is the sum of the five kinds after it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Messages.
    pub messages: u64,
    /// Values in them; a malformed message counts as one.
    pub values: u64,
    /// Values to be stored as readings.
    pub readings: u64,
    /// Levels to be kept.
    pub levels: u64,
    /// Values that are duplicates.
    pub duplicates: u64,
    /// Levels that were sent after newer ones.
    pub late: u64,
    /// Values to be quarantined.
    pub quarantined: u64,
}

impl Ledger {
    /// Records a message that was published between `from` and `to` (ms since the epoch).
    pub fn enter(&mut self, message: &Message, from: i64, to: i64) {
        self.sent.messages += 1;
        *self.runs.entry(message.function).or_default() += 1;
        for effect in &message.effects {
            self.sent.values += 1;
            match effect {
                Effect::Reading(reading) => {
                    self.sent.readings += 1;
                    match reading.at {
                        Some(at) => drop(self.readings.insert((reading.series.clone(), at), reading.clone())),
                        None => self.arrivals.push((reading.clone(), from - SLACK, to + SLACK)),
                    }
                }
                Effect::Level(level) => {
                    self.sent.levels += 1;
                    self.level(level);
                }
                Effect::Late(level) => {
                    self.sent.late += 1;
                    self.late.push((format!("{}#{FILLING}", level.id), level.at));
                    self.level(level);
                }
                Effect::Duplicate => self.sent.duplicates += 1,
                Effect::Quarantined(quarantined) => {
                    self.sent.quarantined += 1;
                    let (topic, payload) = match &quarantined.part {
                        Some((topic, value)) => (topic.clone(), value.to_string().into_bytes()),
                        None => (message.plain_topic().to_owned(), message.payload.clone()),
                    };
                    let (reason, function) = (quarantined.reason.to_owned(), message.function.to_owned());
                    self.quarantined.push(QuarantineEntry { reason, function, topic, payload });
                }
            }
        }
    }

    fn level(&mut self, level: &Level) {
        self.levels.entry(level.id.clone()).or_default().insert(level.at.div_euclid(1000), level.clone());
        // The readings also contain the whole history of a level.
        let series = format!("{}#{FILLING}", level.id);
        let reading = Reading {
            series: series.clone(),
            at: Some(level.at),
            raw: level.filling,
            value: level.filling,
            unit: "%".to_owned(),
            calibration: 0,
            quality: "good",
        };
        self.readings.insert((series, level.at), reading);
    }

    /// The newest `keep` measurements of a sensor, in ascending order of time.
    pub fn kept(&self, sensor: &str, keep: usize) -> Vec<Level> {
        let all =
            self.levels.get(sensor).map(|levels| levels.values().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let skip = all.len().saturating_sub(keep);
        all.into_iter().skip(skip).collect()
    }
}

impl Sent {
    /// Whether every value is counted as exactly one of the kinds.
    pub fn adds_up(&self) -> bool {
        self.readings + self.levels + self.duplicates + self.late + self.quarantined == self.values
    }
}
