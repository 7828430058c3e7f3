use super::*;
use proptest::prelude::*;

fn with(model: Model) -> Calibration {
    Calibration { version: 1, valid_from: Timestamp::from_millis(0), model, options: Options::default() }
}

#[test]
fn a_result_that_is_no_number_is_refused_and_never_good() {
    let steep = with(Model::Linear(Linear::new(1e100, 0.0).unwrap()));
    for raw in [1e100, -1e100, f64::NAN, f64::INFINITY] {
        assert_eq!(steep.apply(raw, Inputs::NONE).unwrap_err().reason, Reason::NotFinite, "{raw}");
    }
}

#[test]
fn a_line_is_the_same_whichever_point_comes_first() {
    for (a, b) in [((1.0, 5.0), (3.0, 2.0)), ((-2.0, 0.1), (7.0, 0.3))] {
        for raw in [-10.0, 1.0, 2.2, 3.0, 7.0, 50.0] {
            assert_eq!(line(a, b, raw), line(b, a, raw));
        }
    }
}

/// Found by search: just below the second point the formula alone comes out above it, and just beyond below it.
#[test]
fn rounding_carries_no_value_past_a_point() {
    for (a, b) in [
        ((-4.14, 0.01), (0.83, 0.45)),
        ((1.88, -0.53), (11.17, -0.22)),
        ((-3.2, -1.06), (1.64, -0.61)),
        ((1.23, -0.43), (7.35, -0.19)),
    ] {
        let formula = |raw: f64| (b.1 - a.1) / (b.0 - a.0) * (raw - a.0) + a.1;
        let below = f64::next_down(b.0);
        assert!(formula(below) > b.1 && line(a, b, below) <= b.1, "{a:?} {b:?}");
        let (fall_a, fall_b) = ((a.0, -a.1), (b.0, -b.1));
        assert!(line(fall_a, fall_b, below) >= fall_b.1, "{a:?} {b:?}");
    }
}

/// Points ascending by raw whose references rise, or all of them fall.
fn monotone_points() -> impl Strategy<Value = (Vec<(f64, f64)>, f64)> {
    let steps = prop::collection::vec((1e-6f64..1e3, 0.0f64..1e3), 2..20);
    (steps, -1e3f64..1e3, prop_oneof![Just(1.0), Just(-1.0)]).prop_map(|(steps, start, direction)| {
        let (mut raw, mut reference) = (start, start);
        let points = steps.into_iter().map(|(over, up)| {
            raw += over;
            reference += direction * up;
            (raw, reference)
        });
        (points.collect(), direction)
    })
}

proptest! {
    /// Exactly, not nearly: also between two raw numbers next to each other, at a point and beyond the last one.
    #[test]
    fn monotone_points_make_a_monotone_model((points, direction) in monotone_points(), at in -0.5f64..1.5, near in 0usize..20) {
        let (first, last) = (points[0].0, points[points.len() - 1].0);
        let somewhere = first + at * (last - first);
        let point = points[near % points.len()].0;
        for outside in [Outside::Extend, Outside::Clamp] {
            let model = Piecewise::new(points.clone(), outside).unwrap();
            for (low, high) in [
                (somewhere.min(point), somewhere.max(point)),
                (somewhere, somewhere.next_up()),
                (point.next_down(), point),
                (point, point.next_up()),
            ] {
                let (before, after) = (model.value(low).unwrap(), model.value(high).unwrap());
                prop_assert!((after - before) * direction >= 0.0, "{low}: {before}, {high}: {after}");
            }
            prop_assert_eq!(model.value(point).unwrap(), points[near % points.len()].1);
        }
    }

    #[test]
    fn two_points_a_line_and_a_piecewise_of_two_points_are_one_model(
        r1 in -100.0f64..100.0, over in 0.5f64..100.0, p1 in -100.0f64..100.0, p2 in -100.0f64..100.0, at in -200.0f64..200.0,
    ) {
        let r2 = r1 + over;
        let two = TwoPoint::new([r1, r2], [p1, p2]).unwrap().value(at);
        let turned = TwoPoint::new([r2, r1], [p2, p1]).unwrap().value(at);
        let pieces = Piecewise::new(vec![(r1, p1), (r2, p2)], Outside::Extend).unwrap().value(at).unwrap();
        prop_assert_eq!(two.to_bits(), pieces.to_bits());
        prop_assert_eq!(two.to_bits(), turned.to_bits());
        let slope = (p2 - p1) / (r2 - r1);
        let line = Linear::new(slope, p1 - slope * r1).unwrap().value(at);
        prop_assert!((two - line).abs() < 1e-9 * (1.0 + two.abs()));
        let polynomial = Polynomial::new(vec![p1 - slope * r1, slope]).unwrap().value(at);
        prop_assert!((polynomial - line).abs() < 1e-9 * (1.0 + line.abs()));
    }
}

/// A number as hostile as a calibration may hold.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -1e3f64..1e3, 1 => any::<f64>(), 1 => Just(0.0), 1 => Just(9e125), 1 => Just(-1e-130)]
}

fn options() -> impl Strategy<Value = Options> {
    let interval = || prop::option::of((number(), number()).prop_map(|(a, b)| Interval::new(a, b).ok()));
    (prop::option::of(0u8..20), interval(), interval())
        .prop_map(|(round, clamp, valid)| Options { round, clamp: clamp.flatten(), valid: valid.flatten() })
        .prop_map(|options| options.checked().unwrap_or_default())
}

/// Any model, as far as its own checks let it be.
fn models() -> impl Strategy<Value = Model> {
    let n = number;
    let leaf = prop_oneof![
        Just(Some(Model::Identity)),
        (n(), n()).prop_map(|(slope, intercept)| Linear::new(slope, intercept).ok().map(Model::Linear)),
        (n(), n(), n(), n()).prop_map(|(a, b, c, d)| TwoPoint::new([a, b], [c, d]).ok().map(Model::TwoPoint)),
        (prop::collection::vec((n(), n()), 2..6), 0..3usize).prop_map(|(mut points, outside)| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let outside = [Outside::Extend, Outside::Clamp, Outside::Reject][outside];
            Piecewise::new(points, outside).ok().map(Model::Piecewise)
        }),
        prop::collection::vec(n(), 1..6).prop_map(|c| Polynomial::new(c).ok().map(Model::Polynomial)),
        (n(), n(), n()).prop_map(|(a, b, c)| SteinhartHart::new(a, b, c).ok().map(Model::SteinhartHart)),
        (1e-3f64..1e4, -1e-8f64..1e-8)
            .prop_map(|(r0, c)| { PlatinumRtd::new(r0, None, None, Some(c)).ok().map(Model::PlatinumRtd) }),
        prop::sample::select(vec!["1/x", "exp(x)", "x^x", "ln(x)*t", "x mod t", "sqrt(x-t)", "fact(x)"]).prop_map(
            |formula| {
                let inputs = [("t".to_owned(), "tmp".parse().unwrap())];
                Expression::new(formula, inputs).ok().map(Model::Expression)
            }
        ),
    ]
    .prop_map(|model| model.unwrap_or(Model::Identity));
    leaf.prop_recursive(3, 12, 4, |inner| {
        let nested = || (inner.clone(), options()).prop_map(|(model, options)| Nested { model, options });
        prop_oneof![
            prop::collection::vec(nested(), 1..4)
                .prop_map(|steps| Chain::new(steps).map_or(Model::Identity, Model::Chain)),
            prop::collection::vec((nested(), 0.1f64..100.0), 1..4).prop_map(|parts| {
                let mut from = -150.0;
                let ranges = parts.into_iter().map(|(part, span)| {
                    let range = Range { from, to: from + span, part };
                    from += span;
                    range
                });
                Ranges::new(ranges.collect()).map_or(Model::Identity, Model::Ranges)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_model_and_no_number_make_a_panic_or_a_value_that_is_none(
        model in models(), options in options(), raw in number(), input in number(),
    ) {
        let calibration = Calibration { options, ..with(model) };
        let tmp = "tmp".parse().unwrap();
        for inputs in [Inputs::NONE, Inputs::of(&[(&tmp, input)])] {
            if let Ok(made) = calibration.apply(raw, inputs) {
                prop_assert!(crate::domain::number::storable(made.value).is_ok(), "{made:?}");
            }
        }
    }
}
