use super::*;
use weir_http::ErrorKind;

const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

fn ask(wanted: ReadingsParameters) -> Result<ReadingsQuery, ApiError> {
    ReadingsQuery::of(&"buoy-01".parse().unwrap(), wanted, NOW)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn unless_said_otherwise_it_is_the_last_day() {
    let ask = ask(ReadingsParameters::default()).unwrap();
    assert_eq!(ask.span, Span { from: NOW.plus_seconds(-86_400), to: NOW });
    assert_eq!((ask.limit, ask.intervals, ask.position), (500, None, None));
}

#[test]
fn instants_are_read_in_both_forms() {
    for from in ["1795155800000", "2026-11-20T06:23:20Z", "2026-11-20T07:23:20+01:00", "2026-11-20T07:23:20 01:00"] {
        let ask = ask(ReadingsParameters { from: text(from), ..ReadingsParameters::default() }).unwrap();
        assert_eq!(ask.span.from.millis(), 1_795_155_800_000, "{from}");
    }
}

#[test]
fn every_refusal_names_its_parameter() {
    let wanted = ReadingsParameters::default;
    let (from, to) =
        (|t| ReadingsParameters { from: text(t), ..wanted() }, |t| ReadingsParameters { to: text(t), ..wanted() });
    let every = |t| ReadingsParameters { every: text(t), ..wanted() };
    let agg = |words: &[&str]| ReadingsParameters {
        every: text("1h"),
        agg: words.iter().map(|w| (*w).to_owned()).collect(),
        ..wanted()
    };
    let (malformed, invalid) = (ErrorKind::Malformed, ErrorKind::Invalid);
    for (wanted, kind, name) in [
        (from("yesterday"), malformed, "from"),
        (from(""), malformed, "from"),
        (from("2026-11-20"), malformed, "from"),
        (from("1.5"), malformed, "from"),
        (from("99999999999999999999"), invalid, "from"),
        (from("-1"), invalid, "from"),
        (from("9223372036854775807"), invalid, "from"),
        (to("9223372036854775807"), invalid, "to"),
        (to("253402300800000"), invalid, "to"),
        (to("x"), malformed, "to"),
        (from("1795155884124"), invalid, "from"),
        (every("5"), malformed, "every"),
        (every("5w"), malformed, "every"),
        (every("0m"), invalid, "every"),
        (every("367d"), invalid, "every"),
        (every("1s"), invalid, "every"),
        (agg(&["median"]), invalid, "agg"),
        (agg(&["mean,", "max"]), invalid, "agg"),
        (agg(&["MEAN"]), invalid, "agg"),
        (ReadingsParameters { agg: vec!["mean".into()], ..wanted() }, invalid, "agg"),
        (ReadingsParameters { limit: text("0"), ..wanted() }, malformed, "limit"),
        (ReadingsParameters { limit: text("5001"), ..wanted() }, malformed, "limit"),
        (ReadingsParameters { limit: text("-1"), ..wanted() }, malformed, "limit"),
    ] {
        let said = format!("{wanted:?}");
        let error = ask(wanted).unwrap_err();
        let named: Vec<_> = error.errors().iter().map(|error| error.parameter.as_deref()).collect();
        assert_eq!((error.kind(), named), (kind, vec![Some(name)]), "{said}: {error:?}");
    }
}

#[test]
fn aggregates_are_shown_in_one_order_however_they_are_asked_for() {
    let asked = |words: &[&str]| {
        let agg = words.iter().map(|word| (*word).to_owned()).collect();
        ask(ReadingsParameters { every: text("1h"), agg, ..ReadingsParameters::default() })
            .unwrap()
            .intervals
            .unwrap()
            .1
    };
    assert_eq!(asked(&[]), Agg::ALL);
    assert_eq!(asked(&["max,mean", "max"]), [Agg::Mean, Agg::Max]);
}

#[test]
fn a_span_is_divided_into_a_week_of_minutes_at_most() {
    let year = |every| ReadingsParameters {
        from: text("2025-11-20T00:00:00Z"),
        every: text(every),
        ..ReadingsParameters::default()
    };
    assert!(ask(year("1h")).is_ok());
    assert!(ask(year("30m")).is_err());
    let week = |from| ReadingsParameters {
        from: text(from),
        to: text("1795155884123"),
        every: text("1m"),
        ..ReadingsParameters::default()
    };
    assert!(ask(week("1794551084123")).is_ok());
    assert!(ask(week("1794551020000")).is_err());
    // Nothing was measured before 2000, so what lies before is not counted.
    let ever = ReadingsParameters { from: text("0"), every: text("1d"), ..ReadingsParameters::default() };
    assert!(ask(ever).is_ok());
    let far = ReadingsParameters {
        from: text("0"),
        to: text("253402300799999"),
        every: text("1d"),
        ..ReadingsParameters::default()
    };
    assert!(ask(far).is_err());
}

#[test]
fn a_cursor_keeps_the_span_of_the_first_page_and_fits_no_other_question() {
    let wanted =
        |next| ReadingsParameters { next, sensor: vec!["ph".parse().unwrap()], ..ReadingsParameters::default() };
    let first = ask(wanted(None)).unwrap();
    let position = SeriesPosition { sensor: "ph".parse().unwrap(), at: NOW };
    let next = first.next(Some(position.clone())).unwrap().unwrap();
    let later =
        ReadingsQuery::of(&"buoy-01".parse().unwrap(), wanted(Some(next.clone())), NOW.plus_seconds(3_600)).unwrap();
    assert_eq!((later.span, later.position), (first.span, Some(position)));
    let other = ReadingsQuery::of(&"buoy-02".parse().unwrap(), wanted(Some(next.clone())), NOW);
    assert_eq!(other.unwrap_err(), ApiError::bad_page());
    assert_eq!(
        ask(ReadingsParameters { next: Some(next), ..ReadingsParameters::default() }).unwrap_err(),
        ApiError::bad_page()
    );
}
