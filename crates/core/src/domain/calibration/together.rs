//! Calibrates the values of one device together, in the order in which formulas need them.

use std::collections::BTreeMap;

use super::{Calibration, Inputs};
use crate::domain::device::Sensor;
use crate::domain::reading::{RawReading, Reading};
use crate::domain::{Reason, Refusal, Timestamp};
use crate::id::{DeviceId, SensorCode};

/// A raw number, its sensor, and the calibration in force at its instant.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The number.
    pub raw: &'a RawReading,
    /// Its sensor.
    pub sensor: &'a Sensor,
    /// The sensor's calibration.
    pub calibration: Option<&'a Calibration>,
}

impl Given<'_> {
    fn asks(&self) -> bool {
        self.calibration.is_some_and(|calibration| calibration.model.asks())
    }
}

/// Calibrates `given`; the result has the same order. The inputs of a formula are the calibrated values of the same instant. If a
/// sensor has two numbers at one instant, the smaller one is the input, because that is the one that is stored.
///
/// # Errors
/// For each number the errors of [`Calibration::apply`]. Sensors that depend on each other in a circle have `missing_input`;
/// [`super::check_inputs`] keeps such calibrations from being stored.
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
        let mut instant = Instant::of(places.iter().filter_map(|place| Some((*place, given.get(*place)?))));
        while let Some(sensor) = instant.ready.pop() {
            let numbers = instant.take(sensor);
            let readings: Vec<_> = numbers.iter().map(|(_, one)| make(one, Inputs::of(&instant.values))).collect();
            let smallest = readings.iter().flatten().min_by(|a, b| a.raw.total_cmp(&b.raw));
            instant.learn(sensor, smallest.map(|reading| reading.value));
            made.extend(numbers.into_iter().map(|(place, _)| place).zip(readings));
        }
        let circle: Vec<_> = instant.waiting.keys().map(|code| code.as_str()).collect();
        let detail = format!("the inputs of {} are circular", circle.join(", "));
        for (place, _) in instant.waiting.into_values().flat_map(|waiting| waiting.numbers) {
            made.insert(place, Err(Refusal::new(Reason::MissingInput, detail.clone())));
        }
    }
    made.into_values().collect()
}

/// The numbers of one sensor, and how many of its inputs are not calculated yet.
#[derive(Default)]
struct Waiting<'a> {
    numbers: Vec<(usize, &'a Given<'a>)>,
    inputs: usize,
}

/// The calculation of one instant, sensor by sensor (A. B. Kahn, "Topological sorting of large networks", CACM 5 (1962) 558).
struct Instant<'a> {
    /// Sensors that are not calibrated yet.
    waiting: BTreeMap<&'a SensorCode, Waiting<'a>>,
    /// For each sensor those that depend on it.
    needed_by: BTreeMap<&'a SensorCode, Vec<&'a SensorCode>>,
    /// Sensors whose inputs are all calculated, or missing.
    ready: Vec<&'a SensorCode>,
    /// The values for formulas, ascending by sensor.
    values: Vec<(&'a SensorCode, f64)>,
}

impl<'a> Instant<'a> {
    fn of(numbers: impl Iterator<Item = (usize, &'a Given<'a>)>) -> Self {
        let mut waiting: BTreeMap<&SensorCode, Waiting<'_>> = BTreeMap::new();
        for (place, one) in numbers {
            waiting.entry(&one.sensor.code).or_default().numbers.push((place, one));
        }
        let mut needed_by: BTreeMap<&SensorCode, Vec<&SensorCode>> = BTreeMap::new();
        for (sensor, waiting) in &waiting {
            // All numbers of a sensor at one instant have one calibration.
            let calibration = waiting.numbers.first().and_then(|(_, one)| one.calibration);
            for input in calibration.map(|calibration| calibration.model.input_sensors()).unwrap_or_default() {
                needed_by.entry(input).or_default().push(sensor);
            }
        }
        for (input, dependents) in &needed_by {
            for dependent in dependents.iter().filter(|_| waiting.contains_key(input)).copied().collect::<Vec<_>>() {
                waiting.entry(dependent).or_default().inputs += 1;
            }
        }
        let ready = waiting.iter().filter(|(_, one)| one.inputs == 0).map(|(sensor, _)| *sensor).collect();
        Self { waiting, needed_by, ready, values: Vec::new() }
    }

    fn take(&mut self, sensor: &SensorCode) -> Vec<(usize, &'a Given<'a>)> {
        self.waiting.remove(sensor).map(|waiting| waiting.numbers).unwrap_or_default()
    }

    /// Records the value of a sensor that is calculated; `None` if it has none.
    fn learn(&mut self, sensor: &'a SensorCode, value: Option<f64>) {
        if let Some(value) = value {
            let place = self.values.partition_point(|(known, _)| *known < sensor);
            self.values.insert(place, (sensor, value));
        }
        for dependent in self.needed_by.remove(sensor).unwrap_or_default() {
            if let Some(waiting) = self.waiting.get_mut(dependent) {
                waiting.inputs = waiting.inputs.saturating_sub(1);
                if waiting.inputs == 0 {
                    self.ready.push(dependent);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
