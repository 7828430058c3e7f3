//! Processor time of a message of 100 sensors, from the event's JSON to the readings, without AWS.

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calibration::message::parse;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Given, SensorCalibrations, together};
use weir_core::domain::device::{Author, Calibrations, Device, DeviceDetails, InForce, Sensor, Versions};
use weir_core::domain::reading::Reading;
use weir_core::wire::{Envelope, ModelJson};

const SENSORS: usize = 100;
const RECEIVED: Timestamp = Timestamp::from_millis(1_795_155_884_123);

/// A device of 100 sensors; the calibration of each as `written` says.
fn device(written: impl Fn(usize) -> Value) -> Option<Device> {
    let sensor = |place: usize| {
        let ModelJson { model, options } = serde_json::from_value(written(place)).ok()?;
        let calibration = Calibration { version: 1, valid_from: Timestamp::from_millis(0), model, options };
        let sensor = Sensor { unit: "m3/m3".to_owned(), ..Sensor::new(format!("s{place}").parse().ok()?) };
        Some((sensor, SensorCalibrations { latest: calibration.into(), count: 1 }))
    };
    let sensors = (0..SENSORS).map(sensor).collect::<Option<Vec<_>>>()?;
    let calibrations: Calibrations =
        sensors.iter().map(|(sensor, known)| (sensor.code.clone(), known.clone())).collect();
    let sensors = sensors.into_iter().map(|(sensor, _)| sensor).collect();
    let details = DeviceDetails { sensors, ..DeviceDetails::default() };
    let author = Author { by: String::new(), at: RECEIVED };
    Some(Device::new("buoy-01".parse().ok()?, details, calibrations, Versions::default(), author))
}

/// The event of rule B: the device's payload in base64, and what the rule adds.
fn event() -> String {
    let values: serde_json::Map<String, Value> =
        (0..SENSORS).map(|place| (format!("s{place}"), json!(21.0 + place as f64 / 8.0))).collect();
    let payload = STANDARD.encode(json!({"ts": RECEIVED.millis(), "values": values}).to_string());
    json!({"payload": payload, "topic": "buoy-01/readings", "device_id": "buoy-01", "received_at": RECEIVED.millis()})
        .to_string()
}

/// What the function does with an event between its arrival and its first call to AWS; the registry is in memory.
fn readings(event: &str, device: &Device) -> Option<Vec<Reading>> {
    let event: Value = serde_json::from_str(event).ok()?;
    let message = parse(&Envelope::open(&event, RECEIVED)).ok()?;
    let given = message.readings.iter().map(|raw| {
        let sensor = device.sensor(&raw.sensor)?;
        let InForce::Here(calibration) = sensor.in_force(raw.at) else { return None };
        Some(Given { raw, sensor, calibration: Some(calibration.as_ref()) })
    });
    let given = given.collect::<Option<Vec<_>>>()?;
    together(&device.id, RECEIVED, &given).into_iter().collect::<Result<_, _>>().ok()
}

fn per_message(criterion: &mut Criterion) {
    let cubic = |_| json!({"model": "polynomial", "coefficients": [-0.053, 0.0292, -5.5e-4, 4.3e-6]});
    // Each sensor but the first is corrected by the one before it: the deepest order there can be.
    let formulas = |place: usize| match place {
        0 => cubic(0),
        _ => json!({"model": "expression", "formula": "0.5*x + 0.1*t", "inputs": {"t": format!("s{}", place - 1)}}),
    };
    let event = event();
    for (name, device) in
        [("polynomials of degree 3", device(cubic)), ("formulas, each with an input", device(formulas))]
    {
        let made = device.as_ref().and_then(|device| readings(&event, device)).map_or(0, |readings| readings.len());
        let (Some(device), SENSORS) = (device, made) else {
            eprintln!("{name}: {made} readings instead of {SENSORS}");
            continue;
        };
        criterion.bench_function(&format!("message of {SENSORS} sensors/{name}"), |bencher| {
            bencher.iter(|| readings(black_box(&event), black_box(&device)));
        });
    }
}

criterion_group!(benches, per_message);
criterion_main!(benches);
