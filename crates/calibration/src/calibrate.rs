//! The values of a message calibrated: each is looked up by itself, and all are worked out together, since formulas ask
//! for the values of others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use weir_aws::AwsError;
use weir_core::domain::calibration::{self, Given, in_force, together};
use weir_core::domain::device::{Device, InForce, Sensor};
use weir_core::domain::reading::{RawReading, Reading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{DeviceId, SensorCode};

use super::message::Part;

/// What becomes of one value.
#[derive(Debug)]
pub(super) enum Made {
    /// A reading, to be stored.
    Reading(Reading),
    /// Nothing that could be stored.
    Refused(Part),
    /// Nobody knows yet.
    Failed(AwsError),
}

/// What the registry says about a value.
enum Found<'a> {
    Sensor(&'a Sensor, Option<Arc<calibration::Calibration>>),
    Refused(Refusal),
    Failed(AwsError),
}

/// The versions of calibrations that a delivery needs beyond those in the devices' rows, each looked up once.
pub(super) type Histories = HashMap<Series, Result<Arc<[Arc<calibration::Calibration>]>, AwsError>>;

/// What becomes of each of `raws`, in their order.
pub(super) fn calibrate(
    device: &Device,
    raws: &[RawReading],
    received_at: Timestamp,
    histories: &Histories,
) -> Vec<Made> {
    let found = raws.iter().map(|raw| find(device, raw, histories)).collect();
    make(&device.id, received_at, raws, found)
}

/// The series whose versions are needed to calibrate `raws`.
pub(super) fn asked<'a>(device: &'a Device, raws: &'a [RawReading]) -> impl Iterator<Item = Series> + 'a {
    raws.iter().filter(|_| device.details.enabled).filter_map(|raw| {
        let sensor = device.sensor(&raw.sensor).filter(|sensor| sensor.enabled)?;
        matches!(sensor.in_force(raw.at), InForce::InHistory).then(|| series(device, raw))
    })
}

fn series(device: &Device, raw: &RawReading) -> Series {
    Series { device: device.id.clone(), sensor: raw.sensor.clone() }
}

fn find<'a>(device: &'a Device, raw: &RawReading, histories: &Histories) -> Found<'a> {
    let Some(sensor) = device.sensor(&raw.sensor) else {
        let detail = format!("the device {} has no sensor {}", device.id, raw.sensor);
        return Found::Refused(Refusal::new(Reason::UnknownSensor, detail));
    };
    if !sensor.enabled {
        let detail = format!("the sensor {} of {} is switched off", raw.sensor, device.id);
        return Found::Refused(Refusal::new(Reason::SensorDisabled, detail));
    }
    match sensor.in_force(raw.at) {
        InForce::Here(latest) => Found::Sensor(sensor, Some(Arc::clone(latest))),
        InForce::None => Found::Sensor(sensor, None),
        InForce::InHistory => match histories.get(&series(device, raw)) {
            Some(Ok(versions)) => Found::Sensor(sensor, in_force(versions.iter(), raw.at).map(Arc::clone)),
            Some(Err(error)) => Found::Failed(AwsError::Call { operation: "calibrations", detail: error.to_string() }),
            None => Found::Failed(AwsError::Late("calibrations")),
        },
    }
}

impl Found<'_> {
    /// The sensors whose values the calibration asks for.
    fn inputs(&self) -> Vec<&SensorCode> {
        match self {
            Found::Sensor(_, Some(calibration)) => calibration.model.input_sensors(),
            Found::Sensor(_, None) | Found::Refused(_) | Found::Failed(_) => Vec::new(),
        }
    }

    fn asks(&self) -> bool {
        matches!(self, Found::Sensor(_, Some(calibration)) if calibration.model.asks())
    }
}

fn make(device: &DeviceId, received_at: Timestamp, raws: &[RawReading], found: Vec<Found<'_>>) -> Vec<Made> {
    let all = || raws.iter().zip(&found);
    let failed: BTreeSet<Timestamp> =
        all().filter(|(_, found)| matches!(found, Found::Failed(_))).map(|(raw, _)| raw.at).collect();
    // A formula is not refused for want of an input that only could not be looked up this time.
    let waits: Vec<bool> = all().map(|(raw, found)| found.asks() && failed.contains(&raw.at)).collect();
    let given: Vec<Given<'_>> = all()
        .zip(&waits)
        .filter_map(|((raw, found), waits)| match found {
            Found::Sensor(sensor, calibration) if !waits => {
                Some(Given { raw, sensor, calibration: calibration.as_deref() })
            }
            Found::Sensor(..) | Found::Refused(_) | Found::Failed(_) => None,
        })
        .collect();
    let mut results = together(device, received_at, &given).into_iter();
    let needs = Needs::of(all());
    let one = |((raw, found), waits): ((&RawReading, Found<'_>), bool)| match found {
        Found::Sensor(..) if waits => {
            let detail = format!("an input of {} could not be looked up", raw.sensor);
            Made::Failed(AwsError::Unavailable { operation: "calibration of an input", detail })
        }
        Found::Sensor(..) => match results.next() {
            Some(Ok(reading)) => Made::Reading(reading),
            Some(Err(refusal)) => Made::Refused(needs.part(raw, refusal)),
            None => Made::Refused(needs.part(raw, Refusal::new(Reason::NotFinite, "was not worked out"))),
        },
        Found::Refused(refusal) => Made::Refused(needs.part(raw, refusal)),
        Found::Failed(error) => Made::Failed(error),
    };
    raws.iter().zip(found).zip(waits).map(one).collect()
}

/// What a value that is set aside takes with it, so that it can be worked out when it is sent again: the raw numbers of
/// its inputs, and of theirs.
struct Needs(BTreeMap<(Timestamp, SensorCode), (f64, Vec<SensorCode>)>);

impl Needs {
    fn of<'a>(all: impl Iterator<Item = (&'a RawReading, &'a Found<'a>)> + Clone) -> Self {
        let mut needs = BTreeMap::new();
        if all.clone().any(|(_, found)| found.asks()) {
            for (raw, found) in all {
                let inputs = found.inputs().into_iter().cloned().collect();
                let known = needs.entry((raw.at, raw.sensor.clone())).or_insert((raw.raw, inputs));
                known.0 = known.0.min(raw.raw);
            }
        }
        Self(needs)
    }

    fn part(&self, raw: &RawReading, refusal: Refusal) -> Part {
        let mut values = Map::new();
        let mut open = vec![&raw.sensor];
        while let Some(sensor) = open.pop() {
            if let Some((number, inputs)) = self.0.get(&(raw.at, sensor.clone())) {
                let new = values.insert(sensor.to_string(), Value::from(*number)).is_none();
                open.extend(inputs.iter().filter(|_| new));
            }
        }
        values.insert(raw.sensor.to_string(), Value::from(raw.raw));
        let payload = json!({"ts": raw.at.millis(), "values": values});
        Part { sensor: Some(raw.sensor.to_string()), at: Some(raw.at), refusal, payload }
    }
}

#[cfg(test)]
mod tests;
