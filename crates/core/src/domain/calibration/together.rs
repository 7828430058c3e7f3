//! The values of one device calibrated together: those that others need come first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Calibration, Inputs};
use crate::domain::device::Sensor;
use crate::domain::reading::{RawReading, Reading};
use crate::domain::{Reason, Refusal, Timestamp};
use crate::id::{DeviceId, SensorCode};

/// A raw number with its sensor and the calibration in force at its instant.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The number.
    pub raw: &'a RawReading,
    /// The sensor it is of.
    pub sensor: &'a Sensor,
    /// The sensor's calibration.
    pub calibration: Option<&'a Calibration>,
}

impl Given<'_> {
    fn asks(&self) -> bool {
        self.calibration.is_some_and(|calibration| calibration.model.asks())
    }
}

/// The readings that `given` become, each in its place. A formula's inputs are the calibrated values of the same
/// instant; of two numbers of one sensor and instant the smaller one counts, as it does where they are stored.
///
/// # Errors
/// Of each number what [`Calibration::apply`] refuses. Sensors that are made of each other in a circle, which
/// [`super::check_inputs`] refuses before they are stored, have `missing_input`.
pub fn together(device: &DeviceId, received_at: Timestamp, given: &[Given<'_>]) -> Vec<Result<Reading, Refusal>> {
    let make = |one: &Given<'_>, inputs: Inputs<'_>| {
        Reading::of(device, one.sensor, one.calibration, one.raw, received_at, inputs)
    };
    if !given.iter().any(Given::asks) {
        return given.iter().map(|one| make(one, Inputs::NONE)).collect();
    }
    let mut instants: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
    for (place, one) in given.iter().enumerate() {
        instants.entry(one.raw.at).or_default().push(place);
    }
    let mut made: BTreeMap<usize, Result<Reading, Refusal>> = BTreeMap::new();
    for places in instants.into_values() {
        let mut instant = Instant::default();
        let all = places.iter().filter_map(|place| Some((*place, given.get(*place)?)));
        for (place, one) in all {
            instant.waiting.entry(&one.sensor.code).or_default().push((place, one));
        }
        while let Some(ready) = instant.ready() {
            for (place, one) in ready {
                let reading = make(one, Inputs::of(&instant.values));
                instant.learn(one, &reading);
                made.insert(place, reading);
            }
            instant.settle();
        }
        let circle: Vec<_> = instant.waiting.keys().map(|code| code.as_str()).collect();
        let detail = format!("the inputs of {} go round in a circle", circle.join(", "));
        for (place, _) in instant.waiting.into_values().flatten() {
            made.insert(place, Err(Refusal::new(Reason::MissingInput, detail.clone())));
        }
    }
    made.into_values().collect()
}

/// The state of one instant.
#[derive(Default)]
struct Instant<'a> {
    /// What is not calibrated yet, by sensor.
    waiting: BTreeMap<&'a SensorCode, Vec<(usize, &'a Given<'a>)>>,
    /// What was made since the last look: the smallest raw number of each sensor, and its value.
    learnt: BTreeMap<&'a SensorCode, (f64, f64)>,
    /// What formulas can ask for.
    values: Vec<(&'a SensorCode, f64)>,
}

impl<'a> Instant<'a> {
    /// Takes out everything whose inputs are no longer waited for; `None` when there is no such thing.
    fn ready(&mut self) -> Option<Vec<(usize, &'a Given<'a>)>> {
        let waits = |all: &[(usize, &Given<'a>)]| {
            let model = all.iter().find_map(|(_, one)| Some(&one.calibration?.model));
            model.is_some_and(|model| model.inputs().iter().any(|(_, input)| self.waiting.contains_key(input)))
        };
        let ready: BTreeSet<_> =
            self.waiting.iter().filter(|(_, all)| !waits(all)).map(|(sensor, _)| *sensor).collect();
        let taken = ready.into_iter().filter_map(|sensor| self.waiting.remove(sensor));
        Some(taken.flatten().collect::<Vec<_>>()).filter(|taken| !taken.is_empty())
    }

    fn learn(&mut self, one: &'a Given<'a>, reading: &Result<Reading, Refusal>) {
        let Ok(reading) = reading else { return };
        let known = self.learnt.entry(&one.sensor.code).or_insert((reading.raw, reading.value));
        if reading.raw < known.0 {
            *known = (reading.raw, reading.value);
        }
    }

    fn settle(&mut self) {
        let learnt = std::mem::take(&mut self.learnt);
        self.values.extend(learnt.into_iter().map(|(sensor, (_, value))| (sensor, value)));
    }
}

#[cfg(test)]
mod tests;
