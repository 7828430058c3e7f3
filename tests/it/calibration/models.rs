//! Every model, from a row of the registry to a stored reading, and formulas that use other sensors.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};

/// A device of which each sensor is calibrated as `models` says.
fn air(engine: &Engine, models: &[(&str, Value)]) {
    let sensors: Vec<_> = models
        .iter()
        .map(|(code, model)| {
            let mut calibration = model.clone();
            calibration["version"] = json!(1);
            calibration["valid_from"] = json!(0);
            json!({"code": code, "unit": "", "enabled": true, "calibrations": 1, "calibration": calibration})
        })
        .collect();
    engine.put("devices", &json!({"id": "air-01", "enabled": true, "sensors": sensors}));
}

fn message(values: Value) -> Value {
    json!({"values": values, "ts": NOW.millis(), "topic": "air-01/readings", "received_at": NOW.millis()})
}

/// The stored values by sensor.
fn stored(engine: &Engine) -> Value {
    let value = |row: &Value| (row["sensor"].as_str().unwrap().replace("air-01#", ""), row["value"].clone());
    Value::Object(engine.rows("readings").iter().map(value).collect())
}

fn corrected() -> Vec<(&'static str, Value)> {
    let formula = "0.524*x - 0.0862*RH + 5.75";
    vec![
        ("pm", json!({"model": "expression", "formula": formula, "inputs": {"RH": "hum"}, "round": 3})),
        ("hum", json!({"model": "linear", "slope": 100, "intercept": 0})),
    ]
}

#[tokio::test]
async fn every_model_in_the_registry_makes_its_value() {
    let engine = Engine::start().await;
    let pt100 = json!({"model": "platinum_rtd", "r0": 100, "round": 2});
    let cubic = json!({"from": 0, "to": 10, "model": "polynomial", "coefficients": [1, 0, 0, 1], "clamp": [0, 100]});
    air(
        &engine,
        &[
            ("a", json!({"model": "identity"})),
            ("b", json!({"model": "linear", "slope": 2, "intercept": 1})),
            ("c", json!({"model": "two_point", "raw": [0, 10], "reference": [0, 5]})),
            ("d", json!({"model": "piecewise", "points": [[0, 0], [4, 8], [10, 9]], "outside": "clamp"})),
            ("e", json!({"model": "polynomial", "coefficients": [1, 2, 3]})),
            ("f", json!({"model": "ranges", "ranges": [cubic]})),
            ("g", json!({"model": "steinhart_hart", "a": 1.4051e-3, "b": 2.369e-4, "c": 1.019e-7, "round": 0})),
            ("h", pt100.clone()),
            ("i", json!({"model": "expression", "formula": "a + b * x", "inputs": {"a": "a", "b": "b"}})),
            ("j", json!({"model": "chain", "steps": [{"model": "linear", "slope": 0.1, "intercept": 0}, pt100]})),
        ],
    );
    let values = json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 3000, "h": 138.51, "i": 7, "j": 1000});
    let answer = Functions::over(&engine).calibration.answer(message(values)).await.unwrap();
    assert_eq!(answer["stored"], 10, "{answer}");
    let expected = json!({"a": 1.0, "b": 5.0, "c": 1.5, "d": 8.0, "e": 86.0, "f": 100.0, "g": 25.0, "h": 100.01, "i": 36.0, "j": 0.0});
    for (sensor, value) in expected.as_object().unwrap() {
        assert_eq!(stored(&engine)[sensor].as_f64(), value.as_f64(), "{sensor}");
    }
}

#[tokio::test]
async fn a_formula_gets_calibrated_values_of_its_own_message() {
    let engine = Engine::start().await;
    air(&engine, &corrected());
    let functions = Functions::over(&engine);
    let answer = functions.calibration.answer(message(json!({"pm": 35, "hum": 0.5}))).await.unwrap();
    assert_eq!(answer, json!({"stored": 2, "duplicate": 0, "quarantined": 0}));
    assert_eq!(stored(&engine), json!({"pm": 19.78, "hum": 50}));
}

/// A quarantine entry holds what the formula needs, so that sending it again works once the reason is gone.
#[tokio::test]
async fn a_formula_that_was_quarantined_can_be_sent_again() {
    let engine = Engine::start().await;
    air(&engine, &corrected()[..1]);
    let first = Functions::over(&engine).calibration.answer(message(json!({"pm": 35, "hum": 0.5}))).await.unwrap();
    assert_eq!(first, json!({"stored": 0, "duplicate": 0, "quarantined": 2}));
    let rows = engine.rows("quarantine");
    let of = |sensor: &str| rows.iter().find(|row| row["sensor"] == sensor).unwrap().clone();
    assert_eq!((&of("pm")["reason"], &of("hum")["reason"]), (&json!("missing_input"), &json!("unknown_sensor")));

    air(&engine, &corrected());
    let entry = of("pm");
    let event = json!({"payload": entry["payload"], "topic": entry["topic"], "received_at": entry["received_at"]});
    let again = Functions::over(&engine).calibration.answer(event).await.unwrap();
    assert_eq!(again, json!({"stored": 2, "duplicate": 0, "quarantined": 0}));
    assert_eq!(stored(&engine), json!({"pm": 19.78, "hum": 50}));
}

#[tokio::test]
async fn the_recorded_formula_uses_the_inputs_of_its_own_instant() {
    let (engine, functions) = super::stood().await;
    super::handled(&functions, "formula.batch").await;
    // 0.524 · 30 − 0.0862 · 50 + 5.75
    assert_eq!(stored(&engine)["pm25"], 17.16);
    let entry = engine.row("quarantine");
    assert_eq!((&entry["reason"], &entry["sensor"]), (&json!("missing_input"), &json!("pm25")));
}
