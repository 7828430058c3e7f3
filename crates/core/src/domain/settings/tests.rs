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
