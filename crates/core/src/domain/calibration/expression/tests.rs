use super::*;
use proptest::prelude::*;

fn code(text: &str) -> SensorCode {
    text.parse().unwrap()
}

fn expression(formula: &str, inputs: &[(&str, &str)]) -> Result<Expression, FieldError> {
    Expression::new(formula, inputs.iter().map(|(name, sensor)| ((*name).to_owned(), code(sensor))))
}

fn value(formula: &str, x: f64) -> Result<f64, Refusal> {
    expression(formula, &[]).unwrap().value(x, Inputs::NONE)
}

/// K. K. Barkjohn, B. Gantt, A. L. Clements, "Development and application of a United States-wide correction for PM2.5
/// data collected with the PurpleAir sensor", Atmos. Meas. Tech. 14 (2021) 4617, equation 9.
#[test]
fn the_us_wide_pm25_correction_of_2021_comes_out() {
    let pm25 = expression("0.524*x - 0.0862*RH + 5.75", &[("RH", "hum")]).unwrap();
    let hum = code("hum");
    for (x, humidity, corrected) in [(0.0, 0.0, 5.75), (35.0, 50.0, 19.78), (12.0, 30.0, 9.452), (250.0, 85.0, 129.423)]
    {
        let value = pm25.value(x, Inputs::of(&[(&hum, humidity)])).unwrap();
        assert!((value - corrected).abs() < 1e-12, "{x} at {humidity} %: {value} instead of {corrected}");
    }
    let missing = pm25.value(35.0, Inputs::of(&[(&code("tmp"), 20.0)])).unwrap_err();
    assert_eq!(missing.reason, Reason::MissingInput);
    assert!(missing.detail.contains("hum"), "{missing}");
}

#[test]
fn formulas_mean_what_they_mean_on_paper() {
    for (formula, expected) in [
        ("-x^2", -9.0),
        ("(-x)^2", 9.0),
        ("2^3^2", 512.0),
        ("2^-1", 0.5),
        ("5/9*(x-32)", 5.0 / 9.0 * -29.0),
        ("10/2*5", 25.0),
        ("10 - 2 - 3", 5.0),
        ("2*-x", -6.0),
        ("1.5e-3*x", 4.5e-3),
        ("max(0, min(x, 2))", 2.0),
        ("sqrt(x*x + 4^2)", 5.0),
        ("7 mod 4", 3.0),
        ("round(2.5) + abs(-1)", 4.0),
        ("ln(e) + log10(1000) + cos(pi)", 3.0),
    ] {
        let value = value(formula, 3.0).unwrap();
        assert!((value - expected).abs() < 1e-12, "{formula}: {value} instead of {expected}");
    }
}

#[test]
fn where_a_formula_has_no_value_it_is_refused_and_told_why() {
    for (formula, x, why) in [
        ("1/(x-3)", 3.0, "division by zero"),
        ("ln(x)", -1.0, "domain"),
        ("sqrt(x)", -1.0, "domain"),
        ("exp(x)", 1e4, "overflow"),
        ("x*1e300*1e300", 1.0, "overflow"),
        ("x^0.5", -2.0, "domain"),
    ] {
        let refused = value(formula, x).unwrap_err();
        assert_eq!(refused.reason, Reason::NotFinite, "{formula}");
        assert!(refused.detail.contains(why), "{formula}: {refused}");
    }
}

#[test]
fn formulas_that_cannot_be_read_are_refused_with_the_place() {
    for (formula, said) in [
        ("", "unexpected end"),
        ("x +", "unexpected end"),
        ("x x", "\"x\""),
        ("2x", "\"x\""),
        ("(x", "unclosed"),
        ("x)", "\")\""),
        ("x(2)", "no function \"x\""),
        ("x + rh", "\"rh\" is neither x nor one of the inputs"),
        ("x * magic(2)", "no function \"magic\""),
        ("sqrt(1, 2)", "wrong number of arguments"),
        ("min()", "wrong number of arguments"),
        ("max(1,2,3,4,5,6,7,8,9)", "too many arguments"),
        ("1,5*x", "unexpected"),
        ("x $ 2", "\"$\""),
        ("x·2", "\"·\""),
        ("1e999", "invalid number"),
        ("x > 1 ? 2 : 3", "ranges"),
        ("x % 2", "'%'"),
        ("5!", "'!'"),
    ] {
        let refused = expression(formula, &[]).unwrap_err();
        assert_eq!(refused.pointer, "/formula", "{formula}");
        assert!(refused.detail.contains(said), "{formula}: {refused}");
    }
}

#[test]
fn names_of_inputs_are_names_and_new_ones() {
    for name in ["", "1a", "a b", "_a", "é", "a-b", &"n".repeat(33)] {
        assert!(expression("x", &[(name, "tmp")]).unwrap_err().detail.contains("a name is"), "{name}");
    }
    for name in ["x", "pi", "e", "E", "sqrt", "min", "mod"] {
        assert_eq!(expression("x", &[(name, "tmp")]).unwrap_err().pointer, format!("/inputs/{name}"));
    }
    assert_eq!(expression("x", &[("a/b~", "tmp")]).unwrap_err().pointer, "/inputs/a~1b~0");
    let many: Vec<String> = (0..17).map(|place| format!("n{place}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "tmp")).collect();
    assert_eq!(expression("x", &many).unwrap_err().pointer, "/inputs");
    assert!(expression("x + T2_b", &[("T2_b", "tmp")]).is_ok());
}

#[test]
fn hostile_formulas_are_refused_before_they_cost_anything() {
    let deep = |opening: &str, closing: &str, times| format!("{}x{}", opening.repeat(times), closing.repeat(times));
    for formula in [
        deep("(", ")", 200),
        deep("(", "", 400),
        deep("-", "", 499),
        deep("abs(", ")", 90),
        deep("x^", "", 240),
        deep("max(", ",1)", 60),
        "x".repeat(501),
        "(".repeat(500),
        "1".repeat(500),
        "é".repeat(250),
    ] {
        assert_eq!(expression(&formula, &[]).unwrap_err().pointer, "/formula", "{formula}");
    }
    assert!(expression(&deep("(", ")", 30), &[]).is_ok());
    assert!(expression(&format!("x{}", "+1".repeat(249)), &[]).is_ok());
}

/// A formula and its value, worked out without the formula being read.
fn formulas() -> impl Strategy<Value = (String, f64)> {
    let leaf = prop_oneof![
        Just(("x".to_owned(), 1.75)),
        (0u32..10_000).prop_map(|number| (format!("{}", f64::from(number) / 64.0), f64::from(number) / 64.0)),
        Just(("pi".to_owned(), std::f64::consts::PI)),
    ];
    leaf.prop_recursive(6, 40, 2, |inner| {
        (inner.clone(), inner, 0..7usize).prop_map(|((a, va), (b, vb), kind)| match kind {
            0 => (format!("({a} + {b})"), va + vb),
            1 => (format!("({a}-{b})"), va - vb),
            2 => (format!("({a}*{b})"), va * vb),
            3 => (format!("({a} / {b})"), va / vb),
            4 => (format!("max({a}, {b})"), va.max(vb)),
            5 => (format!("-{a}"), -va),
            _ => (format!("abs({a})"), va.abs()),
        })
    })
}

proptest! {
    #[test]
    fn a_formula_has_the_value_of_what_it_was_written_from((formula, expected) in formulas()) {
        prop_assume!(formula.len() <= LONGEST);
        let parsed = match expression(&formula, &[]) {
            Ok(parsed) => parsed,
            Err(refused) => return { prop_assert!(refused.detail.contains("deep"), "{formula}: {refused}"); Ok(()) },
        };
        match parsed.value(1.75, Inputs::NONE) {
            Ok(value) => prop_assert_eq!(value, expected, "{}", formula),
            Err(refused) => prop_assert!(!expected.is_finite() || refused.detail.contains("zero"), "{formula}: {refused}"),
        }
    }

    #[test]
    fn no_text_makes_it_panic(formula in ".{0,80}", x in any::<f64>()) {
        if let Ok(parsed) = expression(&formula, &[]) {
            let _ = parsed.value(x, Inputs::NONE);
        }
    }

    #[test]
    fn no_text_that_looks_like_a_formula_makes_it_panic_or_come_to_no_number(
        formula in "([x0-9.e+*/^(),-]|sqrt\\(|max\\(|min\\(|pow\\(|fact\\(|mod| |rh|clamp\\(){0,40}", x in any::<f64>(), rh in any::<f64>(),
    ) {
        let hum = code("hum");
        if let Ok(parsed) = expression(&formula, &[("rh", "hum")]) {
            match parsed.value(x, Inputs::of(&[(&hum, rh)])) {
                Ok(value) => prop_assert!(value.is_finite() || !x.is_finite() || !rh.is_finite(), "{formula}: {value}"),
                Err(refused) => prop_assert_eq!(refused.reason, Reason::NotFinite),
            }
        }
    }
}
