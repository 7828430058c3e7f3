//! Processor time of a message of 100 sensors, from the event's JSON to the readings, without AWS.

use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calibration::message::parse;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Given, together};
use weir_core::domain::device::{Device, Sensor};
use weir_core::domain::reading::Reading;
use weir_core::wire::{Envelope, ModelJson};

const SENSORS: usize = 100;
const RECEIVED: Timestamp = Timestamp::from_millis(1_795_155_884_123);

/// A device of 100 sensors; the calibration of each as `written` says.
fn device(written: impl Fn(usize) -> Value) -> Option<Device> {
    let sensor = |place: usize| {
        let (model, options) = serde_json::from_value::<ModelJson>(written(place)).ok()?.parse().ok()?;
        let calibration = Calibration { version: 1, valid_from: Timestamp::from_millis(0), model, options };
        Some(Sensor {
            code: format!("s{place}").parse().ok()?,
            unit: "m3/m3".to_owned(),
            enabled: true,
            limits: None,
            latest: Some(Arc::new(calibration)),
            versions: 1,
        })
    };
    let sensors = (0..SENSORS).map(sensor).collect::<Option<Vec<_>>>()?;
    Some(Device { id: "buoy-01".parse().ok()?, enabled: true, level_id: None, followed_by: None, sensors })
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
        Some(Given { raw, sensor, calibration: sensor.latest.as_deref() })
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
