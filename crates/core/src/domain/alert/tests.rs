use super::*;

fn alert(limit: Limit, clear: Option<f64>) -> Alert {
    Alert { clear, ..Alert::new("a".parse().unwrap(), limit) }
}

const OUTSIDE: Limit = Limit::Outside { low: 2.0, high: 6.0 };

#[test]
fn a_limit_is_breached_strictly_and_ends_where_it_says() {
    // Values that breach, that do neither (hysteresis), and that clear.
    for (alert, breach, neither, clear) in [
        (alert(Limit::Above(5.0), None), vec![5.1], vec![], vec![5.0, 4.9]),
        (alert(Limit::Above(5.0), Some(4.0)), vec![5.1], vec![5.0, 4.1], vec![4.0, -9.0]),
        (alert(Limit::Below(5.0), None), vec![4.9], vec![], vec![5.0, 9.0]),
        (alert(Limit::Below(5.0), Some(6.0)), vec![4.9], vec![5.0, 5.9], vec![6.0]),
        (alert(OUTSIDE, None), vec![1.9, 6.1], vec![], vec![2.0, 4.0, 6.0]),
        (alert(OUTSIDE, Some(1.0)), vec![1.9, 6.1], vec![2.0, 2.9, 5.1, 6.0], vec![3.0, 5.0]),
    ] {
        for (values, breaches, clears) in [(breach, true, false), (neither, false, false), (clear, false, true)] {
            for value in values {
                assert_eq!(
                    (alert.breach(value).is_some(), alert.clears(value)),
                    (breaches, clears),
                    "{value} {alert:?}"
                );
            }
        }
    }
    assert_eq!((alert(OUTSIDE, None).breach(1.0), alert(OUTSIDE, None).breach(7.0)), (Some(2.0), Some(6.0)));
}

#[test]
fn every_rule_names_its_field() {
    let wrong = |alert: Alert| alert.errors().into_iter().map(|error| error.pointer).collect::<Vec<_>>();
    let good = alert(Limit::Above(5.0), Some(5.0));
    for (alert, pointers) in [
        (good.clone(), vec![]),
        (alert(Limit::Above(5.0), Some(5.1)), vec!["/clear"]),
        (alert(Limit::Below(5.0), Some(5.0)), vec![]),
        (alert(Limit::Below(5.0), Some(4.9)), vec!["/clear"]),
        (alert(OUTSIDE, Some(2.0)), vec![]),
        (alert(OUTSIDE, Some(2.1)), vec!["/clear"]),
        (alert(OUTSIDE, Some(-0.1)), vec!["/clear"]),
        (alert(Limit::Outside { low: 2.0, high: 2.0 }, None), vec!["/outside/1"]),
        (Alert { count: 0, ..good.clone() }, vec!["/for"]),
        (Alert { count: 25, note: "x".repeat(201), ..good.clone() }, vec!["/for", "/note"]),
        (Alert { count: 24, note: "x".repeat(200), ..good.clone() }, vec![]),
        (Alert { note: "a\nb".into(), ..good }, vec!["/note"]),
    ] {
        assert_eq!(wrong(alert.clone()), pointers, "{alert:?}");
    }
}

#[test]
fn a_reading_counts_by_its_quality() {
    for calibrated in [true, false] {
        assert!(counts(Quality::Good, calibrated) && !counts(Quality::OutOfRange, calibrated));
        assert_eq!(counts(Quality::Uncalibrated, calibrated), !calibrated);
    }
}
