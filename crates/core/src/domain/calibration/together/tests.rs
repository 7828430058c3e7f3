use super::super::{Expression, Interval, Linear, Model, Options};
use super::*;
use crate::domain::reading::Quality;

const AT: i64 = 1_795_155_884_123;

fn code(text: &str) -> SensorCode {
    text.parse().unwrap()
}

fn calibration(model: Model) -> Calibration {
    Calibration { version: 3, valid_from: Timestamp::from_millis(0), model, options: Options::default() }
}

fn formula(text: &str, inputs: &[&str]) -> Option<Calibration> {
    let inputs = inputs.iter().map(|input| ((*input).to_owned(), code(input)));
    Some(calibration(Model::Expression(Expression::new(text, inputs).unwrap())))
}

fn linear(slope: f64) -> Option<Calibration> {
    Some(calibration(Model::Linear(Linear::new(slope, 0.0).unwrap())))
}

/// What (sensor, instant, raw number) become with these calibrations: values, or the reasons why not.
fn values(calibrations: &[(&str, Option<Calibration>)], raws: &[(&str, i64, f64)]) -> Vec<Result<f64, Reason>> {
    let sensor = |(name, _): &(&str, Option<Calibration>)| Sensor {
        limits: Some(Interval::new(-1e9, 1e9).unwrap()),
        ..Sensor::new(code(name))
    };
    let sensors: Vec<Sensor> = calibrations.iter().map(sensor).collect();
    let raws: Vec<_> = raws
        .iter()
        .map(|(sensor, at, raw)| RawReading { sensor: code(sensor), at: Timestamp::from_millis(*at), raw: *raw })
        .collect();
    let given: Vec<_> = raws
        .iter()
        .map(|raw| {
            let place = sensors.iter().position(|sensor| sensor.code == raw.sensor).unwrap();
            Given { raw, sensor: &sensors[place], calibration: calibrations[place].1.as_ref() }
        })
        .collect();
    let made = together(&"air-01".parse().unwrap(), Timestamp::from_millis(AT), &given);
    assert_eq!(made.len(), raws.len());
    made.into_iter().map(|made| made.map(|reading| reading.value).map_err(|refusal| refusal.reason)).collect()
}

#[test]
fn inputs_are_calibrated_first_in_whatever_order_they_come() {
    let calibrations =
        [("a", formula("x + 10*b", &["b"])), ("b", formula("x + 10*c", &["c"])), ("c", linear(2.0)), ("d", None)];
    let raws = [("a", AT, 1.0), ("b", AT, 2.0), ("c", AT, 3.0), ("d", AT, 4.0)];
    let expected = [Ok(621.0), Ok(62.0), Ok(6.0), Ok(4.0)];
    assert_eq!(values(&calibrations, &raws), expected);
    let backwards: Vec<_> = raws.iter().rev().copied().collect();
    assert_eq!(values(&calibrations, &backwards), expected.iter().rev().copied().collect::<Vec<_>>());
}

#[test]
fn an_input_counts_only_at_its_own_instant() {
    let calibrations = [("pm", formula("x + rh", &["rh"])), ("rh", None)];
    let raws = [("pm", AT, 1.0), ("rh", AT + 1, 50.0), ("pm", AT + 1, 2.0)];
    assert_eq!(values(&calibrations, &raws), [Err(Reason::MissingInput), Ok(50.0), Ok(52.0)]);
}

#[test]
fn what_needs_a_refused_input_is_refused_and_its_siblings_are_not() {
    let calibrations = [
        ("a", formula("x + b", &["b"])),
        ("b", formula("1/x", &[])),
        ("c", formula("x + a", &["a"])),
        ("d", formula("x", &[])),
    ];
    let raws = [("a", AT, 1.0), ("b", AT, 0.0), ("c", AT, 1.0), ("d", AT, 7.0)];
    let missing = Err(Reason::MissingInput);
    assert_eq!(values(&calibrations, &raws), [missing, Err(Reason::NotFinite), missing, Ok(7.0)]);
}

#[test]
fn a_circle_in_the_table_is_set_aside_instead_of_followed() {
    let calibrations = [
        ("a", formula("x + b", &["b"])),
        ("b", formula("x + a", &["a"])),
        ("c", formula("x + c", &["c"])),
        ("d", linear(1.0)),
        ("e", formula("x + d", &["d"])),
    ];
    let raws = [("a", AT, 1.0), ("b", AT, 1.0), ("c", AT, 1.0), ("d", AT, 1.0), ("e", AT, 1.0)];
    let missing = Err(Reason::MissingInput);
    assert_eq!(values(&calibrations, &raws), [missing, missing, missing, Ok(1.0), Ok(2.0)]);
}

#[test]
fn of_two_numbers_of_one_sensor_and_instant_the_smaller_is_the_input_in_either_order() {
    let calibrations = [("a", formula("x + b", &["b"])), ("b", linear(-1.0))];
    for raws in [[("a", AT, 0.0), ("b", AT, 5.0), ("b", AT, 3.0)], [("a", AT, 0.0), ("b", AT, 3.0), ("b", AT, 5.0)]] {
        assert_eq!(values(&calibrations, &raws)[0], Ok(-3.0));
    }
}

#[test]
fn many_numbers_of_one_instant_are_no_work_for_the_square_of_them() {
    let calibrations = [("a", formula("x + b", &["b"])), ("b", formula("x", &[])), ("c", formula("x+a", &["a"]))];
    let raws: Vec<_> = (0..30_000).map(|n| (["a", "b", "c"][n % 3], AT, (n / 3) as f64)).collect();
    let began = std::time::Instant::now();
    assert!(values(&calibrations, &raws).iter().all(Result::is_ok));
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn without_formulas_every_number_stands_alone() {
    let calibrations = [("a", linear(2.0)), ("b", None)];
    assert_eq!(values(&calibrations, &[("b", AT, 1.0), ("a", AT, 1.0)]), [Ok(1.0), Ok(2.0)]);
    let uncalibrated = Given {
        raw: &RawReading { sensor: code("b"), at: Timestamp::from_millis(AT), raw: 1.0 },
        sensor: &Sensor::new(code("b")),
        calibration: None,
    };
    let made = together(&"d".parse().unwrap(), Timestamp::from_millis(AT), &[uncalibrated]);
    assert_eq!(made[0].as_ref().unwrap().quality, Quality::Uncalibrated);
}
