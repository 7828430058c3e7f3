//! Processor time per calibrated value, for every model (the aim: 100 ns for a polynomial of degree 3).

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Inputs};
use weir_core::domain::device::Sensor;
use weir_core::domain::reading::{RawReading, Reading};
use weir_core::wire::ModelJson;

/// The calibration in this JSON.
fn calibration(written: &Value) -> Option<Calibration> {
    let ModelJson { model, options } = serde_json::from_value(written.clone()).ok()?;
    Some(Calibration { version: 1, valid_from: Timestamp::from_millis(0), model, options })
}

fn models() -> Vec<(&'static str, f64, Value)> {
    let points: Vec<_> = (0..20).map(|n| json!([n * 50, f64::from(n).sqrt()])).collect();
    let type_k = json!([
        {"from": -5.891, "to": 0, "model": "polynomial", "coefficients":
            [0, 25.173462, -1.1662878, -1.0833638, -0.8977354, -0.37342377, -0.086632643, -0.010450598, -5.1920577e-4]},
        {"from": 0, "to": 20.644, "model": "polynomial", "coefficients":
            [0, 25.08355, 0.07860106, -0.2503131, 0.0831527, -0.01228034, 9.804036e-4, -4.41303e-5, 1.057734e-6, -1.052755e-8]},
        {"from": 20.644, "to": 54.886, "model": "polynomial", "coefficients":
            [-131.8058, 48.30222, -1.646031, 0.05464731, -9.650715e-4, 8.802193e-6, -3.11081e-8]},
    ]);
    let counts = json!({"model": "linear", "slope": 400.0 / 32768.0, "intercept": 0});
    let pt100 = json!({"model": "platinum_rtd", "r0": 100});
    vec![
        ("identity", 7.02, json!({"model": "identity"})),
        ("linear", 512.0, json!({"model": "linear", "slope": 0.0137, "intercept": -0.4})),
        ("two_point", 512.0, json!({"model": "two_point", "raw": [412, 733], "reference": [4.01, 7]})),
        ("piecewise of 20 points", 512.0, json!({"model": "piecewise", "points": points, "outside": "extend"})),
        (
            "polynomial of degree 3",
            21.0,
            json!({"model": "polynomial", "coefficients": [-0.053, 0.0292, -5.5e-4, 4.3e-6]}),
        ),
        (
            "polynomial of degree 3, round, clamp, valid",
            21.0,
            json!({"model": "polynomial", "coefficients": [-0.053, 0.0292, -5.5e-4, 4.3e-6], "round": 3, "clamp": [0, 1], "valid": [0, 0.6]}),
        ),
        ("ranges (thermocouple type K)", 12.2, json!({"model": "ranges", "ranges": type_k})),
        ("steinhart_hart", 5971.0, json!({"model": "steinhart_hart", "a": 1.4051e-3, "b": 2.369e-4, "c": 1.019e-7})),
        ("platinum_rtd above 0 °C", 138.51, pt100.clone()),
        ("platinum_rtd below 0 °C", 60.26, pt100.clone()),
        (
            "expression (PM2.5 correction)",
            35.0,
            json!({"model": "expression", "formula": "0.524*x - 0.0862*RH + 5.75", "inputs": {"RH": "hum"}}),
        ),
        ("chain of linear and platinum_rtd", 11_346.7, json!({"model": "chain", "steps": [counts, pt100]})),
    ]
}

fn per_value(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("value");
    let (Ok(hum), Ok(device), Ok(code)) = ("hum".parse(), "buoy-01".parse(), "ph".parse()) else { return };
    for (name, raw, written) in models() {
        let Some(calibration) = calibration(&written) else {
            eprintln!("{name} is not a calibration");
            continue;
        };
        let values = [(&hum, 50.0)];
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&calibration).apply(black_box(raw), Inputs::of(black_box(&values))));
        });
    }
    let Some(cubic) = calibration(&json!({"model": "polynomial", "coefficients": [-0.053, 0.0292, -5.5e-4, 4.3e-6]}))
    else {
        return;
    };
    let at = Timestamp::from_millis(1_795_155_884_123);
    let raw = RawReading { sensor: code, at, raw: 21.0 };
    let sensor = Sensor { unit: "m3/m3".to_owned(), ..Sensor::new(raw.sensor.clone()) };
    group.bench_function("polynomial of degree 3, the whole reading made", |bencher| {
        bencher.iter(|| Reading::of(black_box(&device), &sensor, Some(&cubic), black_box(&raw), at, Inputs::NONE));
    });
}

criterion_group!(benches, per_value);
criterion_main!(benches);
