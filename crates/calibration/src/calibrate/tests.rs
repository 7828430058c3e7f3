use super::*;
use weir_core::domain::calibration::{Expression, Linear, Model, Options};

const AT: Timestamp = Timestamp::from_millis(1_795_155_884_123);

fn sensor(code: &str) -> Sensor {
    Sensor::new(code.parse().unwrap())
}

fn calibration(model: Model) -> Option<Arc<calibration::Calibration>> {
    let valid_from = Timestamp::from_millis(0);
    Some(Arc::new(calibration::Calibration { version: 1, valid_from, model, options: Options::default() }))
}

fn sum(input: &str) -> Option<Arc<calibration::Calibration>> {
    let expression = Expression::new("x + t", [("t".to_owned(), input.parse().unwrap())]);
    calibration(Model::Expression(expression.unwrap()))
}

fn raw(code: &str, at: Timestamp, raw: f64) -> RawReading {
    RawReading { sensor: code.parse().unwrap(), at, raw }
}

fn failure() -> AwsError {
    AwsError::Unavailable { operation: "Query calibrations", detail: "throttled".to_owned() }
}

/// Each outcome in short: the value, the reason with the payload that is quarantined, or that it failed.
fn told(raws: &[RawReading], found: Vec<Lookup<'_>>) -> Vec<String> {
    let tell = |made| match made {
        Calibrated::Reading(reading) => reading.value.to_string(),
        Calibrated::Refused(part) => format!("{} {}", part.refusal.reason, part.payload()),
        Calibrated::Failed(error) => format!("failed: {error}"),
    };
    make(&"air-01".parse().unwrap(), AT, raws, found).into_iter().map(tell).collect()
}

#[test]
fn values_keep_their_order_whatever_becomes_of_them() {
    let (pm, hum) = (sensor("pm"), sensor("hum"));
    let linear = || calibration(Model::Linear(Linear::new(2.0, 0.0).unwrap()));
    let raws = [raw("pm", AT, 1.0), raw("no", AT, 2.0), raw("hum", AT, 3.0), raw("pm", AT.plus_seconds(1), 4.0)];
    let unknown = || Lookup::Refused(Refusal::new(Reason::UnknownSensor, "no such sensor"));
    let found = vec![
        Lookup::Sensor(&pm, sum("hum")),
        unknown(),
        Lookup::Sensor(&hum, linear()),
        Lookup::Sensor(&pm, sum("hum")),
    ];
    assert_eq!(
        told(&raws, found),
        [
            "7".to_owned(),
            format!(r#"unknown_sensor {{"ts":{},"values":{{"no":2.0}}}}"#, AT.millis()),
            "6".to_owned(),
            format!(r#"missing_input {{"ts":{},"values":{{"pm":4.0}}}}"#, AT.millis() + 1000),
        ]
    );
}

/// A replay of the value alone could never succeed, however the reason is mended.
#[test]
fn a_refused_formula_takes_its_inputs_with_it() {
    let (pm, hum, co2) = (sensor("pm"), sensor("hum"), sensor("co2"));
    let raws = [raw("tmp", AT, 9.5), raw("pm", AT, 1.0), raw("hum", AT, 3.0), raw("co2", AT, 5.0), raw("hum", AT, 2.0)];
    let off = || Lookup::Refused(Refusal::new(Reason::SensorDisabled, "switched off"));
    let found = vec![
        off(),
        Lookup::Sensor(&pm, sum("hum")),
        Lookup::Sensor(&hum, sum("tmp")),
        Lookup::Sensor(&co2, None),
        Lookup::Sensor(&hum, sum("tmp")),
    ];
    let told = told(&raws, found);
    let payload = |values: &str| format!(r#"missing_input {{"ts":{},"values":{{{values}}}}}"#, AT.millis());
    assert_eq!(told[1], payload(r#""hum":2.0,"pm":1.0,"tmp":9.5"#));
    assert_eq!(told[2], payload(r#""hum":3.0,"tmp":9.5"#));
    assert_eq!(told[3], "5");
}

#[test]
fn a_formula_waits_while_anything_of_its_instant_cannot_be_looked_up() {
    let (pm, hum, co2) = (sensor("pm"), sensor("hum"), sensor("co2"));
    let later = AT.plus_seconds(60);
    let raws =
        [raw("pm", AT, 1.0), raw("hum", AT, 2.0), raw("co2", AT, 3.0), raw("pm", later, 4.0), raw("hum", later, 5.0)];
    let found = vec![
        Lookup::Sensor(&pm, sum("hum")),
        Lookup::Failed(failure()),
        Lookup::Sensor(&co2, None),
        Lookup::Sensor(&pm, sum("hum")),
        Lookup::Sensor(&hum, None),
    ];
    let told = told(&raws, found);
    assert!(told[0].starts_with("failed: calibration of an input"), "{told:?}");
    assert!(told[1].starts_with("failed: Query calibrations"), "{told:?}");
    assert_eq!(told[2..], ["3", "9", "5"]);
}
