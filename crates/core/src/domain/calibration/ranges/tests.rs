use super::super::{Chain, Linear, Model, Options, Polynomial};
use super::*;

fn part(model: Model) -> Nested {
    Nested { model, options: Options::default() }
}

fn range(from: f64, to: f64, slope: f64) -> Range {
    Range { from, to, part: part(Model::Linear(Linear::new(slope, 0.0).unwrap())) }
}

fn polynomial(from: f64, to: f64, coefficients: &[f64]) -> Range {
    Range { from, to, part: part(Model::Polynomial(Polynomial::new(coefficients.to_vec()).unwrap())) }
}

/// NIST Standard Reference Database 60 (ITS-90), type K: coefficients of the approximate inverse, mV → °C.
fn type_k() -> Ranges {
    Ranges::new(vec![
        polynomial(
            -5.891,
            0.0,
            &[
                0.0,
                2.5173462e1,
                -1.1662878,
                -1.0833638,
                -8.9773540e-1,
                -3.7342377e-1,
                -8.6632643e-2,
                -1.0450598e-2,
                -5.1920577e-4,
            ],
        ),
        polynomial(
            0.0,
            20.644,
            &[
                0.0,
                2.508355e1,
                7.860106e-2,
                -2.503131e-1,
                8.315270e-2,
                -1.228034e-2,
                9.804036e-4,
                -4.413030e-5,
                1.057734e-6,
                -1.052755e-8,
            ],
        ),
        polynomial(
            20.644,
            54.886,
            &[-1.318058e2, 4.830222e1, -1.646031, 5.464731e-2, -9.650715e-4, 8.802193e-6, -3.110810e-8],
        ),
    ])
    .unwrap()
}

/// NIST's reference function for type K, °C → mV, which the inverse approximates.
fn type_k_forward(celsius: f64) -> f64 {
    let sum = |coefficients: &[f64]| coefficients.iter().rev().fold(0.0, |sum, c| sum * celsius + c);
    if celsius < 0.0 {
        return sum(&[
            0.0,
            0.394501280250e-1,
            0.236223735980e-4,
            -0.328589067840e-6,
            -0.499048287770e-8,
            -0.675090591730e-10,
            -0.574103274280e-12,
            -0.310888728940e-14,
            -0.104516093650e-16,
            -0.198892668780e-19,
            -0.163226974860e-22,
        ]);
    }
    let exponential = 0.118597600000 * (-0.118343200000e-3 * (celsius - 126.9686).powi(2)).exp();
    exponential
        + sum(&[
            -0.176004136860e-1,
            0.389212049750e-1,
            0.185587700320e-4,
            -0.994575928740e-7,
            0.318409457190e-9,
            -0.560728448890e-12,
            0.560750590590e-15,
            -0.320207200030e-18,
            0.971511471520e-22,
            -0.121047212750e-25,
        ])
}

/// NIST, type K: of each range the temperatures and the error of the inverse in °C, value minus temperature.
#[test]
fn type_k_stays_within_the_error_bands_that_nist_gives() {
    let bands = [(-200.0, 0.0, -0.02, 0.04), (0.0, 500.0, -0.05, 0.04), (500.0, 1372.0, -0.05, 0.06)];
    for (from, to, least, most) in bands {
        for step in 0..=((to - from) as i32) {
            let celsius = from + f64::from(step);
            let millivolts = type_k_forward(celsius);
            // The reference function goes a ten-thousandth of a millivolt beyond the bounds, which have three digits.
            if !(-5.891..=54.886).contains(&millivolts) {
                continue;
            }
            let error = type_k().apply(millivolts, Inputs::NONE).unwrap().value - celsius;
            // The bands are printed with two digits.
            assert!((least - 0.005..=most + 0.005).contains(&error), "{celsius} °C: off by {error}");
        }
    }
}

/// NIST, type K: values of the printed table, mV to three digits, of which half a digit is 0.013 to 0.033 °C.
#[test]
fn the_printed_table_of_type_k_comes_out() {
    for (millivolts, celsius) in [
        (-5.891, -200.0),
        (-3.554, -100.0),
        (-1.889, -50.0),
        (0.0, 0.0),
        (1.0, 25.0),
        (4.096, 100.0),
        (8.138, 200.0),
        (12.209, 300.0),
        (20.644, 500.0),
        (33.275, 800.0),
        (41.276, 1000.0),
        (54.886, 1372.0),
    ] {
        let value = type_k().apply(millivolts, Inputs::NONE).unwrap().value;
        assert!((value - celsius).abs() < 0.08, "{millivolts} mV: {value} instead of {celsius}");
    }
}

#[test]
fn a_range_has_its_start_and_not_its_end_and_the_last_has_both() {
    let ranges = Ranges::new(vec![range(0.0, 1.0, 10.0), range(1.0, 2.0, 100.0), range(3.0, 4.0, 1000.0)]).unwrap();
    for (raw, value) in [(0.0, 0.0), (0.5, 5.0), (1.0, 100.0), (1.5, 150.0), (3.0, 3000.0), (4.0, 4000.0)] {
        assert_eq!(ranges.apply(raw, Inputs::NONE).unwrap().value, value, "{raw}");
    }
    for raw in [-0.1, 2.0, 2.5, 4.1, f64::NAN] {
        assert_eq!(ranges.apply(raw, Inputs::NONE).unwrap_err().reason, Reason::OutsideCalibration, "{raw}");
    }
}

#[test]
fn ranges_are_finite_ascending_and_apart() {
    let refused = |ranges: Vec<Range>| Ranges::new(ranges).unwrap_err();
    assert_eq!(refused(vec![]).pointer, "/ranges");
    assert_eq!(refused((0..33).map(|at| range(f64::from(at), f64::from(at) + 1.0, 1.0)).collect()).pointer, "/ranges");
    assert_eq!(refused(vec![range(f64::NAN, 1.0, 1.0)]).pointer, "/ranges/0/from");
    assert_eq!(refused(vec![range(0.0, f64::INFINITY, 1.0)]).pointer, "/ranges/0/to");
    assert_eq!(refused(vec![range(1.0, 1.0, 1.0)]).pointer, "/ranges/0/to");
    let overlap = refused(vec![range(0.0, 2.0, 1.0), range(1.9, 3.0, 1.0)]);
    assert_eq!(overlap.pointer, "/ranges/1/from");
    assert!(overlap.detail.contains("overlaps"), "{overlap}");
    let descending = refused(vec![range(5.0, 6.0, 1.0), range(0.0, 1.0, 1.0)]);
    assert!(descending.pointer == "/ranges/1/from" && descending.detail.contains("ascend"), "{descending}");
}

#[test]
fn ranges_are_bounded_in_depth() {
    let mut nested = range(0.0, 1.0, 1.0);
    for _ in 0..3 {
        nested.part = part(Model::Ranges(Ranges::new(vec![nested.clone()]).unwrap()));
    }
    assert_eq!(Ranges::new(vec![nested]).unwrap_err().pointer, "/ranges/0");
    let chain = Chain::new(vec![range(0.0, 1.0, 3.0).part]).unwrap();
    let held = Range { from: 0.0, to: 1.0, part: part(Model::Chain(chain)) };
    assert_eq!(Ranges::new(vec![held]).unwrap().apply(0.5, Inputs::NONE).unwrap().value, 1.5);
}
