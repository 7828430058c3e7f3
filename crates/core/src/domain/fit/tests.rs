use super::*;
use crate::domain::FieldError;
use crate::domain::calibration::{Linear, Polynomial, SteinhartHart};
use proptest::prelude::*;

const POLYNOMIAL: fn(usize) -> Kind = |degree| Kind::Polynomial { degree };

fn value(model: &Model, raw: f64) -> f64 {
    model.apply(raw, Inputs::NONE).unwrap().value
}

fn refused(kind: Kind, points: &[(f64, f64)]) -> FieldError {
    fit(kind, points).unwrap_err().into()
}

/// NIST, Statistical Reference Datasets, "Norris" (linear, 36 points), certified values.
#[test]
fn nists_norris_comes_out() {
    let fitted = fit(Kind::Linear, &NORRIS.map(|(reference, raw)| (raw, reference))).unwrap();
    let Model::Linear(line) = &fitted.model else { panic!("{fitted:?}") };
    assert!((line.intercept() - -0.262_323_073_774_029).abs() < 1e-11, "{line:?}");
    assert!((line.slope() - 1.002_116_818_020_45).abs() < 1e-13, "{line:?}");
    assert!((fitted.r_squared.unwrap() - 0.999_993_745_883_712).abs() < 1e-12, "{fitted:?}");
    // Certified residual standard deviation, with n − 2 below the root instead of n.
    let certified = 0.884_796_396_144_373 * (34.0f64 / 36.0).sqrt();
    assert!((fitted.rmse - certified).abs() < 1e-11, "{fitted:?}");
}

/// NIST, "Wampler1" and "Wampler2" (degree 5, 21 points, raw 0…20): references of which the coefficients are known
/// exactly, all 1 and 1, 0.1, … 0.00001. NIST counts both as of higher difficulty.
#[test]
fn nists_wampler_comes_out() {
    for step in [1.0, 0.1f64] {
        let coefficients: Vec<f64> = (0..6).map(|power| step.powi(power)).collect();
        let model = Model::Polynomial(Polynomial::new(coefficients.clone()).unwrap());
        let points: Vec<_> = (0..=20).map(f64::from).map(|raw| (raw, value(&model, raw))).collect();
        let Model::Polynomial(found) = fit(POLYNOMIAL(5), &points).unwrap().model else { panic!() };
        for (found, exact) in found.coefficients().iter().zip(&coefficients) {
            assert!((found / exact - 1.0).abs() < 1e-8, "{found} instead of {exact}");
        }
    }
}

/// The coefficients that GEOKON gives for its 3 kΩ thermistor, found again from its table (see `steinhart_hart`).
#[test]
fn a_makers_table_leads_to_the_makers_coefficients() {
    let table = [
        (201_100.0, -50.0),
        (53_100.0, -30.0),
        (9_796.0, 0.0),
        (3_000.0, 25.0),
        (1_081.0, 50.0),
        (274.9, 90.0),
        (116.8, 120.0),
    ];
    let fitted = fit(Kind::SteinhartHart, &table).unwrap();
    let Model::SteinhartHart(model) = &fitted.model else { panic!("{fitted:?}") };
    // What the maker took besides of its table is not known; c, which matters least, agrees to 3 %.
    for (found, published) in model.coefficients().into_iter().zip([1.4051e-3, 2.369e-4, 1.019e-7]) {
        assert!((found / published - 1.0).abs() < 0.04, "{found:e} instead of {published:e}");
    }
    assert!(fitted.largest < 0.02 && fitted.r_squared.unwrap() > 0.999_999, "{fitted:?}");
}

#[test]
fn the_measures_are_those_of_the_points() {
    // The line 0.4 + 1.65·raw; residuals worked out by hand.
    let fitted = fit(Kind::Linear, &[(0.0, 1.0), (1.0, 1.0), (2.0, 4.0), (3.0, 5.5)]).unwrap();
    let exact = [0.6, -1.05, 0.3, 0.15];
    assert!(
        fitted.residuals.iter().zip(exact).all(|(found, exact): (&f64, f64)| (found - exact).abs() < 1e-12),
        "{fitted:?}"
    );
    assert_eq!(fitted.worst, 1);
    // Written as a person would write it, without the last digits of the arithmetic.
    assert_eq!(fitted.model, Model::Linear(Linear::new(1.65, 0.4).unwrap()));
    assert!((fitted.largest - 1.05).abs() < 1e-12);
    assert!((fitted.rmse - (1.575f64 / 4.0).sqrt()).abs() < 1e-12);
    assert!((fitted.r_squared.unwrap() - (1.0 - 1.575 / 15.1875)).abs() < 1e-12);
}

#[test]
fn references_that_are_all_equal_have_no_variance_to_explain() {
    let fitted = fit(Kind::Linear, &[(0.0, 4.0), (1.0, 4.0), (2.0, 4.0)]).unwrap();
    assert_eq!((fitted.r_squared, fitted.largest < 1e-12), (None, true));
}

#[test]
fn two_point_is_the_points_or_the_line_by_its_ends() {
    let exact = fit(Kind::TwoPoint, &[(733.0, 7.0), (412.0, 4.01)]).unwrap();
    let Model::TwoPoint(two) = &exact.model else { panic!() };
    assert_eq!((two.raw(), two.reference()), ([733.0, 412.0], [7.0, 4.01]));
    assert_eq!(exact.residuals, [0.0, 0.0]);
    let points = [(3.0, 5.5), (0.0, 1.0), (1.0, 1.0), (2.0, 4.0)];
    let (two, line) = (fit(Kind::TwoPoint, &points).unwrap(), fit(Kind::Linear, &points).unwrap());
    assert!((two.rmse - line.rmse).abs() < 1e-12);
}

#[test]
fn piecewise_goes_through_every_point_and_through_the_mean_of_points_of_one_raw_number() {
    let fitted = fit(Kind::Piecewise(Outside::Clamp), &[(2.0, 9.0), (0.0, 1.0), (1.0, 4.0), (1.0, 6.0)]).unwrap();
    let Model::Piecewise(pieces) = &fitted.model else { panic!() };
    assert_eq!(pieces.points(), [(0.0, 1.0), (1.0, 5.0), (2.0, 9.0)]);
    assert_eq!(fitted.residuals, [0.0, 0.0, -1.0, 1.0]);
    let many: Vec<_> = (0..201).map(f64::from).map(|raw| (raw, raw)).collect();
    assert_eq!(refused(Kind::Piecewise(Outside::Clamp), &many).pointer, "/points");
}

#[test]
fn what_cannot_be_fitted_is_refused_with_the_reason() {
    let line: Vec<(f64, f64)> = (0..5).map(f64::from).map(|raw| (raw, 2.0 * raw)).collect();
    let far: Vec<_> = line.iter().map(|(raw, reference)| (1e9 + raw, reference.sin())).collect();
    let wide: Vec<_> = line.iter().map(|(raw, reference)| (raw * 2.5e8, reference.sin())).collect();
    let twins = [(0.0, 1.0), (1e-9, 2.0), (1e8, 3.0)];
    for (kind, points, pointer, said) in [
        (Kind::Linear, &[][..], "/points", "no points"),
        (Kind::Linear, &[(1.0, 1.0)], "/points", "at least 2 different"),
        (Kind::TwoPoint, &[(1.0, 1.0)], "/points", "at least 2 different"),
        (Kind::Linear, &[(3.0, 1.0), (3.0, 2.0), (3.0, 3.0)], "/points", "all raw numbers are 3"),
        (Kind::TwoPoint, &[(3.0, 1.0), (3.0, 2.0)], "/points", "all raw numbers are 3"),
        (Kind::Piecewise(Outside::Extend), &[(3.0, 1.0), (3.0, 2.0)], "/points", "all raw numbers are 3"),
        (POLYNOMIAL(2), &[(3.0, 1.0), (3.0, 2.0)], "/points", "all raw numbers are 3"),
        (POLYNOMIAL(5), &line, "/degree", "at least 6 different raw numbers, and there are 5"),
        (POLYNOMIAL(2), &[(0.0, 1.0), (1.0, 2.0), (1.0, 3.0)], "/degree", "at least 3 different"),
        (POLYNOMIAL(0), &line, "/degree", "1 to 9"),
        (POLYNOMIAL(10), &line, "/degree", "1 to 9"),
        (POLYNOMIAL(3), &far, "/points", "far from 0"),
        (POLYNOMIAL(2), &wide, "/points", "span 1e9"),
        (POLYNOMIAL(2), &twins, "/points", "unevenly"),
        (Kind::Linear, &[(0.0, 1.0), (f64::NAN, 2.0)], "/points/1/0", "not a finite"),
        (Kind::Linear, &[(0.0, f64::INFINITY), (1.0, 2.0)], "/points/0/1", "not a finite"),
        (Kind::Linear, &[(0.0, 0.0), (1e-100, 1e100)], "/points", "too large or too small"),
        (Kind::SteinhartHart, &[(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)], "/points/0/0", "above 0 ohm"),
        (Kind::SteinhartHart, &[(1.0, 1.0), (2.0, -273.15), (3.0, 3.0)], "/points/1/1", "above −273.15"),
        (Kind::SteinhartHart, &[(1e4, 25.0), (2e4, 10.0)], "/points", "at least 3 different"),
        (Kind::SteinhartHart, &[(1e4, 25.0), (1.000_01e4, 24.9), (1.000_02e4, 24.8)], "/points", "too close together"),
    ] {
        let invalid = refused(kind, points);
        assert_eq!(invalid.pointer, pointer, "{kind:?} {points:?}: {invalid}");
        assert!(invalid.detail.contains(said), "{kind:?} {points:?}: {invalid}");
    }
    assert_eq!(refused(Kind::Linear, &vec![(0.0, 0.0); 1001]).pointer, "/points");
}

#[test]
fn the_counts_of_a_32_bit_converter_make_a_line() {
    let points: Vec<_> = (0..9).map(|n| f64::from(n) * 5e8).map(|raw| (raw, 1e-7 * raw - 40.0)).collect();
    let Model::Linear(line) = fit(Kind::Linear, &points).unwrap().model else { panic!() };
    assert!((line.slope() / 1e-7 - 1.0).abs() < 1e-12 && (line.intercept() + 40.0).abs() < 1e-9, "{line:?}");
}

/// Different raw numbers, at least half of `step` apart.
fn raws(count: usize) -> impl Strategy<Value = Vec<f64>> {
    (prop::collection::vec(-0.2f64..0.2, count), -1e3f64..1e3, 0.1f64..1e3).prop_map(|(jitter, start, step)| {
        jitter.iter().enumerate().map(|(place, jitter)| start + step * (place as f64 + jitter)).collect()
    })
}

fn agree(fitted: &Fit, exact: &Model, raws: &[f64]) -> Result<(), TestCaseError> {
    let (low, high) = raws.iter().fold((f64::MAX, f64::MIN), |(low, high), raw| {
        let value = value(exact, *raw);
        (low.min(value), high.max(value))
    });
    let within = 1e-7 * (high - low) + 1e-9 * high.abs().max(low.abs());
    prop_assert!(fitted.largest <= within, "{fitted:?}");
    for pair in raws.windows(2) {
        let between = (pair[0] + pair[1]) / 2.0;
        let (found, exact) = (value(&fitted.model, between), value(exact, between));
        prop_assert!((found - exact).abs() <= 10.0 * within, "at {between}: {found} instead of {exact}");
    }
    Ok(())
}

fn warned(kind: Kind, points: &[(f64, f64)]) -> Vec<String> {
    fit(kind, points).unwrap().warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_thermistor_that_turns_round_near_its_points_is_warned_of() {
    let good = [(32_650.0, 0.0), (10_000.0, 25.0), (3_603.0, 50.0), (1_481.0, 75.0)];
    assert_eq!(warned(Kind::SteinhartHart, &good), [""; 0]);
    // Three points within a few degrees, one of them wrong by half a degree.
    let bad = [(10_500.0, 23.9), (10_000.0, 25.0), (9_500.0, 25.5)];
    let fitted = fit(Kind::SteinhartHart, &bad).unwrap();
    let [Warning::Turn { raw, between }] = fitted.warnings.as_slice() else { panic!("{fitted:?}") };
    let near = |raw: f64| value(&fitted.model, raw);
    assert!((9_025.0..11_100.0).contains(raw) && *between == (9_500.0..=10_500.0).contains(raw), "{fitted:?}");
    // It is an extremum.
    let step = 1e-4 * raw;
    assert!((near(raw - step) - near(*raw)) * (near(raw + step) - near(*raw)) > 0.0, "{fitted:?}");
}

#[test]
fn a_thermistor_without_a_temperature_near_its_points_is_warned_of() {
    let points = [(1_000.0, 3_000.0), (300.0, 5_000.0), (100.0, 20_000.0)];
    let warnings = warned(Kind::SteinhartHart, &points);
    assert!(
        warnings.iter().any(|warning| warning.contains("no value at raw 31.6228, near the points")),
        "{warnings:?}"
    );
}

#[test]
fn a_polynomial_that_turns_round_or_leaves_its_points_is_warned_of() {
    // Runge's function: the polynomial of degree 8 through nine points swings between the outer ones.
    let runge: Vec<_> = (-4..=4).map(|n| f64::from(n) / 4.0).map(|raw| (raw, 1.0 / (1.0 + 25.0 * raw * raw))).collect();
    let warnings = fit(POLYNOMIAL(8), &runge).unwrap().warnings;
    let [Warning::Far { raw, value, between: true }, Warning::Far { between: false, .. }] = warnings.as_slice() else {
        panic!("{warnings:?}")
    };
    assert!((0.75..1.0).contains(&raw.abs()) && *value < -0.9, "{warnings:?}");
    // References that only rise, and a curve that turns between two of them.
    let step = [(0.0, 0.0), (1.0, 0.1), (2.0, 0.2), (3.0, 9.8), (4.0, 9.9), (5.0, 10.0)];
    let warnings = warned(POLYNOMIAL(5), &step);
    assert!(
        warnings.iter().any(|warning| warning.contains("turns round") && warning.contains("between")),
        "{warnings:?}"
    );
    // The vertex of the parabola is at 12, and the surroundings reach to 15.
    let parabola: Vec<_> = (0..=10).map(f64::from).map(|raw| (raw, 144.0 - (raw - 12.0).powi(2))).collect();
    assert_eq!(
        warned(POLYNOMIAL(2), &parabola),
        ["the curve turns round at raw 12, near the points, where the references do not"]
    );
    let beyond: Vec<_> = (0..=10).map(f64::from).map(|raw| (raw, 400.0 - (raw - 20.0).powi(2))).collect();
    assert_eq!(warned(POLYNOMIAL(2), &beyond), [""; 0]);
}

#[test]
fn curves_that_behave_are_not_warned_of() {
    let line: Vec<_> = (0..8).map(f64::from).map(|raw| (raw, 3.0 * raw - 1.0)).collect();
    let flat: Vec<_> = (0..8).map(f64::from).map(|raw| (raw, 4.1)).collect();
    let noisy: Vec<_> = line.iter().map(|(raw, reference)| (*raw, reference + 0.3 * (7.0 * raw).sin())).collect();
    // It turns where its points do.
    let bowl: Vec<_> = (-3..=3).map(f64::from).map(|raw| (raw, raw * raw / 2.0 + raw)).collect();
    for points in [&line, &flat, &noisy, &bowl] {
        for kind in [Kind::Linear, Kind::TwoPoint, Kind::Piecewise(Outside::Extend), POLYNOMIAL(1), POLYNOMIAL(2)] {
            assert_eq!(warned(kind, points), [""; 0], "{kind:?} {points:?}");
        }
    }
    assert_eq!(warned(POLYNOMIAL(5), &line), [""; 0]);
    // The mean of three equal references is the reference.
    let same = [(1.0, 0.1), (1.0, 0.1), (1.0, 0.1), (2.0, 0.7), (2.0, 0.7), (2.0, 0.7)];
    let Model::Piecewise(pieces) = fit(Kind::Piecewise(Outside::Clamp), &same).unwrap().model else { panic!() };
    assert_eq!(pieces.points(), [(1.0, 0.1), (2.0, 0.7)]);
}

proptest! {
    #[test]
    fn points_of_a_line_lead_to_the_line(raws in raws(6), slope in -1e3f64..1e3, intercept in -1e3f64..1e3) {
        let exact = Model::Linear(Linear::new(slope, intercept).unwrap());
        let points: Vec<_> = raws.iter().map(|raw| (*raw, value(&exact, *raw))).collect();
        for kind in [Kind::Linear, Kind::TwoPoint, Kind::Piecewise(Outside::Extend), POLYNOMIAL(1), POLYNOMIAL(3)] {
            agree(&fit(kind, &points).unwrap(), &exact, &raws)?;
        }
        let Model::Linear(line) = fit(Kind::Linear, &points).unwrap().model else { panic!() };
        prop_assert!((line.slope() - slope).abs() < 1e-9 * (1.0 + slope.abs()), "{line:?}");
    }

    #[test]
    fn points_of_a_polynomial_lead_to_the_polynomial(
        degree in 1usize..=5, more in 0usize..8, coefficients in prop::collection::vec(-3.0f64..3.0, 6), half in 0.5f64..50.0,
    ) {
        let exact = Model::Polynomial(Polynomial::new(coefficients[..=degree].to_vec()).unwrap());
        let count = degree + 1 + more;
        let raws: Vec<_> = (0..count).map(|n| half * (2.0 * n as f64 / (count - 1) as f64 - 1.0)).collect();
        let points: Vec<_> = raws.iter().map(|raw| (*raw, value(&exact, *raw))).collect();
        agree(&fit(POLYNOMIAL(degree), &points).unwrap(), &exact, &raws)?;
    }

    #[test]
    fn points_of_a_thermistor_lead_to_the_thermistor(
        a in 0.8e-3f64..1.6e-3, b in 2.0e-4f64..2.8e-4, c in 0.5e-7f64..2e-7, count in 3usize..9,
    ) {
        let exact = SteinhartHart::new(a, b, c).unwrap();
        let model = Model::SteinhartHart(exact);
        let points: Vec<_> = (0..count).map(|n| 300.0 * 3f64.powi(n as i32)).map(|ohm| (ohm, value(&model, ohm))).collect();
        let fitted = fit(Kind::SteinhartHart, &points).unwrap();
        let Model::SteinhartHart(found) = &fitted.model else { panic!() };
        for (found, exact) in found.coefficients().into_iter().zip(exact.coefficients()) {
            prop_assert!((found / exact - 1.0).abs() < 1e-6, "{fitted:?}");
        }
        prop_assert!(fitted.largest < 1e-6);
    }

    #[test]
    fn no_points_make_it_panic_or_a_model_that_comes_to_no_number(
        points in prop::collection::vec((hostile(), hostile()), 0..12), degree in 0usize..12,
    ) {
        let kinds = [Kind::Linear, Kind::TwoPoint, Kind::Piecewise(Outside::Extend), Kind::SteinhartHart, POLYNOMIAL(degree)];
        for kind in kinds {
            if let Ok(fitted) = fit(kind, &points) {
                prop_assert!(fitted.residuals.iter().all(|residual| residual.is_finite()), "{fitted:?}");
                prop_assert!(fitted.rmse.is_finite() && fitted.largest.is_finite(), "{fitted:?}");
                prop_assert!(fitted.r_squared.is_none_or(f64::is_finite), "{fitted:?}");
            }
        }
    }
}

fn hostile() -> impl Strategy<Value = f64> {
    prop_oneof![3 => -1e3f64..1e3, 1 => any::<f64>(), 1 => (0u8..4).prop_map(f64::from), 1 => Just(9e125), 1 => Just(1e-129)]
}

/// (reference, raw), as NIST prints them.
const NORRIS: [(f64, f64); 36] = [
    (0.1, 0.2),
    (338.8, 337.4),
    (118.1, 118.2),
    (888.0, 884.6),
    (9.2, 10.1),
    (228.1, 226.5),
    (668.5, 666.3),
    (998.5, 996.3),
    (449.1, 448.6),
    (778.9, 777.0),
    (559.2, 558.2),
    (0.3, 0.4),
    (0.1, 0.6),
    (778.1, 775.5),
    (668.8, 666.9),
    (339.3, 338.0),
    (448.9, 447.5),
    (10.8, 11.6),
    (557.7, 556.0),
    (228.3, 228.1),
    (998.0, 995.8),
    (888.8, 887.6),
    (119.6, 120.2),
    (0.3, 0.3),
    (0.6, 0.3),
    (557.6, 556.8),
    (339.3, 339.1),
    (888.0, 887.2),
    (998.5, 999.0),
    (778.9, 779.0),
    (10.2, 11.1),
    (117.6, 118.3),
    (228.9, 229.2),
    (668.4, 669.1),
    (449.2, 448.9),
    (0.2, 0.5),
];
