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
        ("2**3", 8.0),
        ("--x", 3.0),
        ("7 mod 4", 3.0),
        // The sign of the left operand.
        ("-7 mod 4", -3.0),
        ("7 mod -4", 3.0),
        ("-7 - 4*floor(-7/4)", 1.0),
        ("round(-2.5)", -3.0),
        ("trunc(-2.5)", -2.0),
        // y first.
        ("atan2(1, 0)", std::f64::consts::FRAC_PI_2),
        ("log(8, 2)", 3.0),
        ("sin(pi/2)", 1.0),
        ("2e3", 2000.0),
        ("1/2*x", 1.5),
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
        // Base 10 in one language, e in another.
        ("log(x)", "ln(x)"),
        ("2*log(abs(x) + 1)", "log10(x)"),
        ("log()", "log2(x)"),
        ("log(1, 2, 3)", "log(x, base)"),
        ("1/2x", "\"x\""),
        ("2(x+1)", "\"(\""),
        ("(x)(x)", "\"(\""),
        ("x(x+1)", "no function \"x\""),
        ("2e", "\"e\""),
        ("round(x, 2)", "wrong number of arguments"),
        ("if(x, 1, 2)", "no function \"if\""),
        ("x ^ -", "unexpected end"),
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
        prop_assume!(formula.len() <= MAX_FORMULA);
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

/// Each function with arguments, and the value.
const CALLS: [(&str, f64); 32] = [
    ("sqrt(2.25)", 1.5),
    ("cbrt(-8)", -2.0),
    ("abs(-1.5)", 1.5),
    ("sign(-3)", -1.0),
    ("exp(1)", std::f64::consts::E),
    ("ln(10)", std::f64::consts::LN_10),
    ("log2(8)", 3.0),
    ("log10(1000)", 3.0),
    ("log(81, 3)", 4.0),
    ("sin(1)", 0.841_470_984_807_896_5),
    ("cos(1)", 0.540_302_305_868_139_8),
    ("tan(1)", 1.557_407_724_654_902_3),
    ("asin(1)", std::f64::consts::FRAC_PI_2),
    ("acos(0)", std::f64::consts::FRAC_PI_2),
    ("atan(1)", std::f64::consts::FRAC_PI_4),
    ("atan2(1, -1)", 3.0 * std::f64::consts::FRAC_PI_4),
    ("sinh(1)", 1.175_201_193_643_801_4),
    ("cosh(1)", 1.543_080_634_815_243_7),
    ("tanh(1)", 0.761_594_155_955_764_9),
    ("asinh(1)", 0.881_373_587_019_543),
    ("acosh(2)", 1.316_957_896_924_816_6),
    ("atanh(0.5)", 0.549_306_144_334_054_9),
    ("floor(-1.5)", -2.0),
    ("ceil(-1.5)", -1.0),
    ("round(1.5)", 2.0),
    ("trunc(1.7)", 1.0),
    ("pow(2, 10)", 1024.0),
    ("hypot(3, 4)", 5.0),
    ("min(3, 1, 2)", 1.0),
    ("max(3, 1, 2)", 3.0),
    ("clamp(7, 0, 5)", 5.0),
    ("fact(5)", 120.0),
];

/// The words of the row of `docs/calibration.md` that begins so, of those that are written as code.
fn documented(row: &str) -> Vec<String> {
    let docs = include_str!("../../../../../../docs/calibration.md");
    let row = docs.lines().find_map(|line| line.strip_prefix(&format!("| {row} | "))).expect("the row in the docs");
    let code = row.split('`').skip(1).step_by(2);
    code.flat_map(str::split_whitespace).map(|word| word.split('(').next().unwrap().to_owned()).collect()
}

#[test]
fn each_function_and_constant_works_and_is_documented() {
    let called: Vec<&str> = CALLS.iter().filter_map(|(call, _)| call.split('(').next()).collect();
    assert_eq!(called, FUNCTIONS, "each function is called");
    for (call, expected) in CALLS {
        let value = value(call, 0.0).unwrap();
        assert!((value - expected).abs() < 1e-12, "{call}: {value} instead of {expected}");
        let name = call.split('(').next().unwrap();
        let refused = expression("x", &[(name, "tmp")]).unwrap_err();
        assert_eq!(refused.pointer, format!("/inputs/{name}"), "no input is called like a function");
    }
    for (name, expected) in CONSTANTS {
        assert_eq!(value(name, 0.0), Ok(expected), "{name}");
    }
    let constants: Vec<&str> = CONSTANTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(documented("functions"), FUNCTIONS);
    assert_eq!(documented("constants"), constants);
}

#[test]
fn the_library_knows_no_function_of_a_plausible_name_that_is_not_listed() {
    // What C, JavaScript, Python, Excel and calculators have.
    let names = "acot acoth acsc and avg average ceiling clamp cot csc deg degrees div erf erfc exp2 expm1 fabs factorial fix fma \
        fmod frac gamma gcd if inf infinity int iif isnan lerp lg lgamma ln1p log1p logb mean median mod modulo nan ncr norm npr or \
        percent phi power quotient rad radians rand random rem rint root rounddown roundup sec select sgn signum smoothstep sqr \
        square step std sum tgamma xor";
    for name in names.split_whitespace().filter(|name| !FUNCTIONS.contains(name)) {
        for arguments in ["", "x", "x, x", "x, x, x"] {
            assert!(expression(&format!("{name}({arguments})"), &[]).is_err(), "{name}({arguments})");
        }
        assert!(expression(name, &[]).is_err(), "{name}");
    }
}
