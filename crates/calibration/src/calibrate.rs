//! Calibrates the values of a message: each is looked up separately, but all are calibrated together, because formulas use the values
//! of other sensors.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use weir_aws::AwsError;
use weir_core::domain::calibration::{self, Given, in_force, together};
use weir_core::domain::device::{Device, InForce, Sensor};
use weir_core::domain::reading::{RawReading, Reading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{DeviceId, SensorCode};

use super::part::{RefusedPart, group_of, number_text};

/// The result for one value.
#[derive(Debug)]
pub(super) enum Calibrated {
    /// A reading to store.
    Reading(Reading),
    /// It is refused and goes to quarantine.
    Refused(RefusedPart),
    /// A lookup failed: the message has to be delivered again.
    Failed(AwsError),
}

/// The sensor and calibration of a value, from the registry.
enum Lookup<'a> {
    Sensor(&'a Sensor, Option<Arc<calibration::Calibration>>),
    Refused(Refusal),
    Failed(AwsError),
}

/// The calibration versions that a delivery needs in addition to those in the rows of the devices, by series.
pub(super) type Histories = HashMap<Series, Result<Arc<[Arc<calibration::Calibration>]>, AwsError>>;

/// Calibrates `raws`; the results are in the same order.
pub(super) fn calibrate(
    device: &Device,
    raws: &[RawReading],
    received_at: Timestamp,
    histories: &Histories,
) -> Vec<Calibrated> {
    let found = raws.iter().map(|raw| find(device, raw, histories)).collect();
    make(&device.id, received_at, raws, found)
}

/// The series whose calibration versions are needed to calibrate `raws`.
pub(super) fn needed_histories<'a>(device: &'a Device, raws: &'a [RawReading]) -> impl Iterator<Item = Series> + 'a {
    let needed = |raw: &&RawReading| device.details.enabled && device.remembers(raw.at).is_ok();
    raws.iter().filter(needed).filter_map(|raw| {
        let sensor = device.sensor(&raw.sensor).filter(|sensor| sensor.enabled)?;
        matches!(sensor.in_force(raw.at), InForce::InHistory).then(|| series(device, raw))
    })
}

fn series(device: &Device, raw: &RawReading) -> Series {
    Series { device: device.id.clone(), sensor: raw.sensor.clone() }
}

fn find<'a>(device: &'a Device, raw: &RawReading, histories: &Histories) -> Lookup<'a> {
    if let Err(refusal) = device.remembers(raw.at) {
        return Lookup::Refused(refusal);
    }
    let Some(sensor) = device.sensor(&raw.sensor) else {
        let detail = format!("the device {} has no sensor {}", device.id, raw.sensor);
        return Lookup::Refused(Refusal::new(Reason::UnknownSensor, detail));
    };
    if !sensor.enabled {
        let detail = format!("the sensor {} of {} is disabled", raw.sensor, device.id);
        return Lookup::Refused(Refusal::new(Reason::SensorDisabled, detail));
    }
    match sensor.in_force(raw.at) {
        InForce::Here(latest) => Lookup::Sensor(sensor, Some(Arc::clone(latest))),
        InForce::None => Lookup::Sensor(sensor, None),
        InForce::InHistory => match histories.get(&series(device, raw)) {
            Some(Ok(versions)) => Lookup::Sensor(sensor, in_force(versions.iter(), raw.at).map(Arc::clone)),
            Some(Err(error)) => Lookup::Failed(AwsError::Call { operation: "calibrations", detail: error.to_string() }),
            None => Lookup::Failed(AwsError::OutOfTime("calibrations")),
        },
    }
}

impl Lookup<'_> {
    /// The sensors whose values the calibration uses.
    fn inputs(&self) -> Vec<&SensorCode> {
        match self {
            Lookup::Sensor(_, Some(calibration)) => calibration.model.input_sensors(),
            Lookup::Sensor(_, None) | Lookup::Refused(_) | Lookup::Failed(_) => Vec::new(),
        }
    }

    fn has_inputs(&self) -> bool {
        matches!(self, Lookup::Sensor(_, Some(calibration)) if calibration.model.asks())
    }
}

fn make(device: &DeviceId, received_at: Timestamp, raws: &[RawReading], found: Vec<Lookup<'_>>) -> Vec<Calibrated> {
    let all = || raws.iter().zip(&found);
    let failed: BTreeSet<Timestamp> =
        all().filter(|(_, found)| matches!(found, Lookup::Failed(_))).map(|(raw, _)| raw.at).collect();
    // A formula is not refused when the lookup of an input failed: the message is delivered again.
    let waits: Vec<bool> = all().map(|(raw, found)| found.has_inputs() && failed.contains(&raw.at)).collect();
    let given: Vec<Given<'_>> = all()
        .zip(&waits)
        .filter_map(|((raw, found), waits)| match found {
            Lookup::Sensor(sensor, calibration) if !waits => {
                Some(Given { raw, sensor, calibration: calibration.as_deref() })
            }
            Lookup::Sensor(..) | Lookup::Refused(_) | Lookup::Failed(_) => None,
        })
        .collect();
    let mut results = together(device, received_at, &given).into_iter();
    let inputs = RawInputs::of(all());
    let one = |((raw, found), waits): ((&RawReading, Lookup<'_>), bool)| match found {
        Lookup::Sensor(..) if waits => {
            let detail = format!("an input of {} could not be looked up", raw.sensor);
            Calibrated::Failed(AwsError::Unavailable { operation: "calibration of an input", detail })
        }
        Lookup::Sensor(..) => match results.next() {
            Some(Ok(reading)) => Calibrated::Reading(reading),
            Some(Err(refusal)) => Calibrated::Refused(inputs.part(raw, refusal)),
            None => {
                Calibrated::Refused(inputs.part(raw, Refusal::new(Reason::NotFinite, "the value was not calculated")))
            }
        },
        Lookup::Refused(refusal) => Calibrated::Refused(inputs.part(raw, refusal)),
        Lookup::Failed(error) => Calibrated::Failed(error),
    };
    raws.iter().zip(found).zip(waits).map(one).collect()
}

/// The raw numbers of the inputs of formulas, and of their inputs: they are stored with a quarantined value, so that it
/// can be calibrated when it is replayed.
struct RawInputs(BTreeMap<(Timestamp, SensorCode), (f64, Vec<SensorCode>)>);

impl RawInputs {
    fn of<'a>(all: impl Iterator<Item = (&'a RawReading, &'a Lookup<'a>)> + Clone) -> Self {
        let mut needs = BTreeMap::new();
        if all.clone().any(|(_, found)| found.has_inputs()) {
            for (raw, found) in all {
                let inputs = found.inputs().into_iter().cloned().collect();
                let known = needs.entry((raw.at, raw.sensor.clone())).or_insert((raw.raw, inputs));
                known.0 = known.0.min(raw.raw);
            }
        }
        Self(needs)
    }

    fn part(&self, raw: &RawReading, refusal: Refusal) -> RefusedPart {
        let mut values = BTreeMap::new();
        let mut open = vec![&raw.sensor];
        while let Some(sensor) = open.pop() {
            if let Some((number, inputs)) = self.0.get(&(raw.at, sensor.clone())) {
                let new = values.insert(sensor.to_string(), number_text(*number)).is_none();
                open.extend(inputs.iter().filter(|_| new));
            }
        }
        values.insert(raw.sensor.to_string(), number_text(raw.raw));
        RefusedPart { sensor: Some(raw.sensor.to_string()), at: Some(raw.at), refusal, group: group_of(raw.at, values) }
    }
}

#[cfg(test)]
mod tests;
