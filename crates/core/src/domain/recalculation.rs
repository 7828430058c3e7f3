//! Recalculation: stored readings are worked out anew from their raw numbers, with the calibrations in force now.
//!
//! Versions of a calibration are only ever added, so the one in force at an instant only ever gets a higher number. A
//! reading is changed when that number is higher than the one it was made with; every other reading stays as it is. So
//! it does not matter how often, by whom and in which order a reading is looked at.

use std::sync::Arc;

use super::calibration::{Calibration, Inputs, in_force};
use super::device::Sensor;
use super::reading::{RawReading, Reading, Series};
use super::{Refusal, Timestamp};
use crate::id::JobId;

/// So long a function may still work with what it read before its memory ran out, in seconds: the time-out of functions.
const UNDER_WAY: i64 = 30;

/// How far a recalculation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Until every function uses the newest calibration.
    Waiting,
    /// Slice by slice.
    Running,
    /// To the end of its span.
    Done,
    /// Another one, over all that was left of it, began later.
    Cancelled,
    /// It cannot go on; `reason` says why.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Cancelled, Self::Failed];

    /// The word that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The state that the word stands for.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether there is anything left to do.
    pub const fn open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// How many readings came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Were looked at.
    pub seen: u64,
    /// Have another calibration now.
    pub changed: u64,
    /// Have a raw number that the calibration in force refuses: they stay as they are.
    pub refused: u64,
}

/// A recalculation of a series, from `from` on and before `to`.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The series.
    pub series: Series,
    /// The first instant in it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// How far it is.
    pub state: State,
    /// The first instant that is not done.
    pub cursor: Timestamp,
    /// What was done.
    pub count: Count,
    /// Not before this.
    pub begins_at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it last went on.
    pub updated_at: Timestamp,
    /// Why it failed, or what was first refused.
    pub reason: Option<String>,
}

impl Job {
    /// Whether it does all that is left of an older one, which then need not go on. Where an older one reaches beyond it
    /// both go on: a reading that both look at gets the higher version from either.
    pub fn covers(&self, older: &Self) -> bool {
        self.series == older.series && self.from <= older.cursor && older.to <= self.to
    }
}

/// When a recalculation may begin that is asked for `now`, where the newest version was entered at `entered` and
/// functions remember calibrations for `cache_seconds`: until then one of them may still store with an older version,
/// behind the recalculation's back.
pub fn begins_at(now: Timestamp, entered: Option<Timestamp>, cache_seconds: i64) -> Timestamp {
    let known = entered.map(|entered| entered.plus_seconds(cache_seconds.saturating_add(UNDER_WAY)));
    known.map_or(now, |known| known.max(now))
}

/// What becomes of a stored reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Point {
    /// It stays as it is.
    Same,
    /// It is replaced by this one: the same raw number, received when it was, with the calibration in force.
    Better(Reading),
    /// The calibration in force cannot be applied to it.
    Refused(Refusal),
}

/// Looks at a stored reading anew; `inputs` are the stored values of the device's other sensors at its instant.
pub fn recalculate(sensor: &Sensor, versions: &[Arc<Calibration>], stored: &Reading, inputs: Inputs<'_>) -> Point {
    let newer = in_force(versions, stored.at).filter(|calibration| calibration.version > stored.calibration);
    let Some(calibration) = newer else { return Point::Same };
    let raw = RawReading { sensor: stored.series.sensor.clone(), at: stored.at, raw: stored.raw };
    match Reading::of(&stored.series.device, sensor, Some(calibration), &raw, stored.received_at, inputs) {
        Ok(reading) => Point::Better(reading),
        Err(refusal) => Point::Refused(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::super::calibration::{Linear, Model, Options};
    use super::super::reading::Quality;
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn only_a_higher_version_in_force_changes_a_reading() {
        let version = |version: u32, valid_from: i64, slope: f64| {
            let model = Model::Linear(Linear::new(slope, 0.0).unwrap());
            Arc::new(Calibration { version, valid_from: at(valid_from), model, options: Options::default() })
        };
        let versions = [version(1, 0, 1.0), version(2, 200, 2.0), version(3, 100, 3.0)];
        let sensor = Sensor { unit: "pH".into(), ..Sensor::new("ph".parse().unwrap()) };
        let stored = |millis: i64, calibration: u32| Reading {
            series: Series { device: "b".parse().unwrap(), sensor: "ph".parse().unwrap() },
            at: at(millis),
            received_at: at(7),
            raw: 5.0,
            value: 5.0,
            unit: String::new(),
            calibration,
            quality: Quality::Uncalibrated,
        };
        for (millis, before, expected) in [
            (50, 0, Some((1, 5.0))),
            (50, 1, None),
            (150, 1, Some((3, 15.0))),
            (150, 3, None),
            (250, 2, None),
            (250, 1, Some((2, 10.0))),
            (-1, 0, None),
        ] {
            let found = match recalculate(&sensor, &versions, &stored(millis, before), Inputs::NONE) {
                Point::Better(reading) => Some((reading.calibration, reading.value)),
                Point::Same => None,
                Point::Refused(refusal) => panic!("{refusal:?}"),
            };
            assert_eq!(found, expected, "at {millis} with version {before}");
        }
    }

    #[test]
    fn nothing_begins_while_the_version_before_may_still_be_used() {
        assert_eq!(begins_at(at(1_000_000), None, 60), at(1_000_000));
        assert_eq!(begins_at(at(1_000_000), Some(at(950_000)), 60), at(1_040_000));
        assert_eq!(begins_at(at(1_000_000), Some(at(900_000)), 60), at(1_000_000));
    }
}
