//! Recalculation: stored readings are calculated again from their raw numbers, with the calibrations in force now.
//!
//! Versions of a calibration are only ever added, so the number of the version in force at an instant only grows. A
//! reading is changed when that number is higher than the version it was made with; every other reading stays as it is.
//! So it does not matter how often and in which order readings are recalculated.

use std::sync::Arc;

use super::calibration::{Calibration, Inputs, in_force};
use super::device::Sensor;
use super::reading::{RawReading, Reading, Series};
use super::{Refusal, Timestamp};
use crate::id::JobId;

/// How long a function may go on with a calibration that it read before its cache expired, in seconds: the timeout of the
/// functions.
const FUNCTION_TIMEOUT: i64 = 30;
/// A running job that has not advanced for this long is woken again, in seconds.
const STALLED: i64 = 120;

/// The state of a recalculation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits until every function uses the newest calibration.
    Waiting,
    /// It recalculates slice by slice.
    Running,
    /// It reached the end of its span.
    Done,
    /// A later recalculation, whose span includes the rest of this one, replaced it.
    Cancelled,
    /// It cannot continue; `reason` says why.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Cancelled, Self::Failed];

    /// The code, as stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The state with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether there is work left.
    pub const fn open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// The numbers of readings that a recalculation has processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Readings read.
    pub seen: u64,
    /// Readings that have a newer calibration now.
    pub changed: u64,
    /// Readings whose raw number the calibration in force refuses: they stay as they are.
    pub refused: u64,
}

/// A recalculation of a series over the span from `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The series.
    pub series: Series,
    /// The first instant of the span.
    pub from: Timestamp,
    /// The first instant after the span.
    pub to: Timestamp,
    /// The state.
    pub state: State,
    /// The first instant that is not yet recalculated.
    pub cursor: Timestamp,
    /// The readings processed so far.
    pub count: Count,
    /// The earliest time at which it may begin.
    pub begins_at: Timestamp,
    /// Who requested it.
    pub by: String,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it last advanced.
    pub updated_at: Timestamp,
    /// Why it failed, or the first refusal.
    pub reason: Option<String>,
}

impl Job {
    /// Whether its span includes everything left of an older job, which can then be cancelled. If the older job reaches beyond it,
    /// both continue: a reading that both process gets the newest version from either.
    pub fn covers(&self, older: &Self) -> bool {
        self.series == older.series && self.from <= older.cursor && older.to <= self.to
    }

    /// When the job must be woken if it has not advanced by then; `None` when no work is left.
    pub fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting => Some(self.begins_at),
            State::Running => Some(stalled(self.updated_at)),
            State::Done | State::Cancelled | State::Failed => None,
        }
    }
}

/// When a running job that last advanced at `advanced` counts as stalled.
pub const fn stalled(advanced: Timestamp) -> Timestamp {
    advanced.plus_seconds(STALLED)
}

/// The earliest time at which a recalculation requested `now` may begin, if the newest version was entered at `entered`
/// and functions cache calibrations for `cache_seconds`. Until then a function may still store readings made with an
/// older version, which the recalculation would miss.
pub fn begins_at(now: Timestamp, entered: Option<Timestamp>, cache_seconds: i64) -> Timestamp {
    let known = entered.map(|entered| entered.plus_seconds(cache_seconds.saturating_add(FUNCTION_TIMEOUT)));
    known.map_or(now, |known| known.max(now))
}

/// The result of recalculating one stored reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Recalculated {
    /// It stays as it is.
    Unchanged,
    /// It is replaced by this one: same raw number and reception, newer calibration.
    Replaced(Reading),
    /// The calibration in force cannot be applied to it.
    Refused(Refusal),
}

/// Recalculates a stored reading. `inputs` are the stored values of the device's other sensors at the same instant.
pub fn recalculate(
    sensor: &Sensor,
    versions: &[Arc<Calibration>],
    stored: &Reading,
    inputs: Inputs<'_>,
) -> Recalculated {
    let newer = in_force(versions, stored.at).filter(|calibration| calibration.version > stored.calibration);
    let Some(calibration) = newer else { return Recalculated::Unchanged };
    let raw = RawReading { sensor: stored.series.sensor.clone(), at: stored.at, raw: stored.raw };
    match Reading::of(&stored.series.device, sensor, Some(calibration), &raw, stored.received_at, inputs) {
        Ok(reading) => Recalculated::Replaced(reading),
        Err(refusal) => Recalculated::Refused(refusal),
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
            judge: false,
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
                Recalculated::Replaced(reading) => Some((reading.calibration, reading.value)),
                Recalculated::Unchanged => None,
                Recalculated::Refused(refusal) => panic!("{refusal:?}"),
            };
            assert_eq!(found, expected, "at {millis} with version {before}");
        }
    }

    #[test]
    fn nothing_begins_while_the_previous_version_may_still_be_used() {
        assert_eq!(begins_at(at(1_000_000), None, 60), at(1_000_000));
        assert_eq!(begins_at(at(1_000_000), Some(at(950_000)), 60), at(1_040_000));
        assert_eq!(begins_at(at(1_000_000), Some(at(900_000)), 60), at(1_000_000));
    }
}
