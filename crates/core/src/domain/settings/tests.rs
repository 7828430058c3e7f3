use super::*;

fn group<const N: usize>(entries: [(&str, Setting); N]) -> Group {
    entries.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect()
}

fn nested(levels: usize) -> Group {
    (1..levels).fold(Group::new(), |inner, _| group([("a", Setting::Group(inner))]))
}

fn pointers(group: Group, bytes: usize) -> Vec<String> {
    Settings::new(group, bytes).unwrap_err().into_iter().map(|error| error.pointer).collect()
}

#[test]
fn settings_have_a_size_and_a_depth() {
    assert!(Settings::new(nested(MAX_DEPTH), MAX_BYTES).is_ok());
    assert_eq!(pointers(nested(MAX_DEPTH + 1), MAX_BYTES), ["/a/a/a/a/a"]);
    assert_eq!(pointers(Group::new(), MAX_BYTES + 1), [""]);
    let list = group([("a", Setting::List(vec![Setting::Group(nested(4))]))]);
    assert_eq!(pointers(list, 1), ["/a/0/a/a/a"], "a list is a level too");
}

#[test]
fn what_a_device_or_a_shadow_could_not_read_is_an_error() {
    for (setting, pointer) in [
        (Setting::Number(f64::NAN), "/x~1y"),
        (Setting::Integer((1 << 53) + 1), "/x~1y"),
        (Setting::List(vec![Setting::Flag(true), Setting::Number(f64::INFINITY)]), "/x~1y/1"),
    ] {
        assert_eq!(pointers(group([("x/y", setting)]), 1), [pointer]);
    }
    assert_eq!(pointers(group([("", Setting::Flag(true))]), 1), ["/"]);
}

#[test]
fn settings_of_sensors_are_keyed_by_their_codes() {
    let sensors = |sensors| group([("sensors", sensors)]);
    let good = Setting::Group(group([("ph", Setting::Group(group([("every", Setting::Integer(60))])))]));
    assert!(Settings::new(sensors(good), 1).is_ok());
    assert_eq!(pointers(sensors(Setting::Flag(true)), 1), ["/sensors"]);
    let bad = Setting::Group(group([("PH", Setting::Group(Group::new())), ("do", Setting::Integer(1))]));
    assert_eq!(pointers(sensors(bad), 1), ["/sensors/PH", "/sensors/do"]);
}

#[test]
fn the_difference_is_what_the_device_has_not_taken_over() {
    let inner =
        |every, deep| Setting::Group(group([("every", Setting::Integer(every)), ("deep", Setting::Flag(deep))]));
    let list = |n| Setting::List(vec![Setting::Integer(n)]);
    let desired = group([("rate", Setting::number(10.0)), ("sleep", inner(60, true)), ("list", list(1))]);
    let settings = Settings::new(desired.clone(), 1).unwrap();
    assert_eq!(settings.difference(&Group::new()), desired);
    assert_eq!(settings.difference(&desired), Group::new());
    let reported = group([
        ("rate", Setting::Integer(10)),
        ("sleep", inner(30, true)),
        ("list", list(2)),
        ("firmware", Setting::Text("1.4".into())),
    ]);
    let open = group([("sleep", Setting::Group(group([("every", Setting::Integer(60))]))), ("list", list(1))]);
    assert_eq!(settings.difference(&reported), open);
}

/// Firmware keeps numbers as 32-bit floats, and reports them with as many digits as those have.
#[test]
fn numbers_that_are_one_32_bit_float_are_no_difference() {
    let (number, integer) = (Setting::number, Setting::Integer);
    for (desired, reported, equal) in [
        (number(1.4), number(1.399_999_98), true),
        (number(1.4), number(1.399_999_976_158_142), true),
        (number(1.4), number(1.399_999), false),
        (number(0.1), number(0.100_000_001_490_116_12), true),
        (number(-2.7), number(2.7), false),
        // A number that is whole only as a 32-bit float.
        (number(59.999_999_99), integer(60), true),
        (integer(60), number(60.000_000_01), true),
        (integer(60), number(60.001), false),
        // Identifiers and counters are integers, and each of their digits counts.
        (integer(16_777_217), integer(16_777_216), false),
        // Neither is a 32-bit float: both would be infinite, or 0.
        (number(1e300), number(1e301), false),
        (number(1e-300), number(2e-300), false),
        (number(1e-300), integer(0), false),
        (integer(0), number(1e-60), false),
        (Setting::List(vec![number(1.4), integer(1)]), Setting::List(vec![number(1.399_999_98), integer(1)]), true),
        (Setting::List(vec![number(1.4)]), Setting::List(vec![number(1.399_999_98), integer(1)]), false),
        (
            Setting::List(vec![Setting::Group(group([("a", number(1.4))]))]),
            Setting::List(vec![Setting::Group(group([("a", number(1.399_999_98))]))]),
            true,
        ),
        (Setting::Group(group([("a", number(1.4))])), Setting::Group(group([("a", number(1.399_999_98))])), true),
        (number(1.4), Setting::Text("1.4".into()), false),
    ] {
        let settings = Settings::new(group([("s", desired.clone())]), 1).unwrap();
        let open = settings.difference(&group([("s", reported.clone())]));
        assert_eq!(open.is_empty(), equal, "{desired:?} {reported:?}");
        assert!(equal || open["s"] == desired, "{open:?}");
    }
}
