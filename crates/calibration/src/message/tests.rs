use super::*;

const RECEIVED: Timestamp = Timestamp::from_millis(1_795_155_884_500);

fn parsed(topic: &str, payload: &str) -> Result<Message, RefusedMessage> {
    parse(&Envelope {
        topic: topic.to_owned(),
        received_at: RECEIVED,
        payload: payload.as_bytes().to_vec(),
        replay: None,
    })
}

fn raw(message: &Message) -> Vec<(&str, i64, f64)> {
    message.readings.iter().map(|r| (r.sensor.as_str(), r.at.millis(), r.raw)).collect()
}

fn reason(topic: &str, payload: &str) -> Reason {
    parsed(topic, payload).unwrap_err().refusal.reason
}

#[test]
fn one_sensor_says_a_number_or_a_numeric_text() {
    for payload in [r#"{"value": 10}"#, r#"{"value": 10.0}"#, r#"{"value": "10.0"}"#] {
        let message = parsed("buoy-01/reading/sensor/ph", payload).unwrap();
        assert_eq!((message.device.as_str(), raw(&message)), ("buoy-01", vec![("ph", RECEIVED.millis(), 10.0)]));
    }
    let message = parsed("b/reading/sensor/ph", r#"{"value": 7, "ts": "2026-11-20T06:24:44.123Z"}"#).unwrap();
    assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.0)]);
}

#[test]
fn several_sensors_and_several_instants_come_in_one_message() {
    let message = parsed("b/readings", r#"{"ts": 1795155884123, "values": {"ph": 7.02, "tmp": 12.5}}"#).unwrap();
    assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.02), ("tmp", 1_795_155_884_123, 12.5)]);
    let batch = r#"{"batch": [{"ts": 1795155884123, "values": {"ph": 7}}, {"values": {"ph": "8"}}]}"#;
    let message = parsed("b/readings", batch).unwrap();
    assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.0), ("ph", RECEIVED.millis(), 8.0)]);
}

#[test]
fn one_bad_value_does_not_hold_back_its_siblings() {
    let batch = r#"{"batch": [{"ts": 1, "values": {"ph": 7}}, 5, {"values": {"ph": "abc", "Bad": 1, "tmp": 8}}]}"#;
    let message = parsed("b/readings", batch).unwrap();
    assert_eq!(raw(&message), [("tmp", RECEIVED.millis(), 8.0)]);
    let refused: Vec<_> = message.refused.iter().map(|p| (p.refusal.reason, p.payload())).collect();
    assert_eq!(
        refused,
        [
            (Reason::BadTimestamp, r#"{"batch":[{"ts":1,"values":{"ph":7}}]}"#.to_owned()),
            (Reason::Unparseable, r#"{"batch":[5]}"#.to_owned()),
            (Reason::BadValue, r#"{"ts":1795155884500,"values":{"ph":"abc"}}"#.to_owned()),
            (Reason::BadSensorCode, r#"{"ts":1795155884500,"values":{"Bad":1}}"#.to_owned()),
        ]
    );
}

#[test]
fn what_a_replay_sends_is_read_as_the_same_reading() {
    let message = parsed("b/reading/sensor/ph", r#"{"value": 0.1, "ts": 1795155884123}"#).unwrap();
    let series = Series { device: message.device.clone(), sensor: "ph".parse().unwrap() };
    let (topic, payload) = replayed(&[(&series, message.readings[0].at, message.readings[0].raw)]);
    let again = parsed(&topic, std::str::from_utf8(&payload).unwrap()).unwrap();
    assert_eq!(again.readings, message.readings);
}

#[test]
fn what_cannot_be_read_at_all_is_refused_with_the_reason() {
    for (topic, payload, expected) in [
        ("b/reading", "{}", Reason::BadTopic),
        ("", "{}", Reason::BadTopic),
        ("b/reading/sensor/ph/x", "{}", Reason::BadTopic),
        ("-b/readings", "{}", Reason::BadDeviceId),
        ("b/readings", "not json", Reason::Unparseable),
        ("b/readings", "{}", Reason::Unparseable),
        ("b/readings", r#"{"values": {}}"#, Reason::Unparseable),
        ("b/readings", r#"{"batch": []}"#, Reason::Unparseable),
        ("b/readings", r#"{"batch": {}, "values": {"ph": 1}}"#, Reason::Unparseable),
        ("b/reading/sensor/PH", r#"{"value": 1}"#, Reason::BadSensorCode),
        ("b/reading/sensor/ph", "{}", Reason::BadValue),
        ("b/reading/sensor/ph", r#"{"value": "NaN"}"#, Reason::BadValue),
        ("b/reading/sensor/ph", r#"{"value": 1e200}"#, Reason::NumberOutOfRange),
        ("b/reading/sensor/ph", r#"{"value": 1, "ts": 1795156784501}"#, Reason::FutureTimestamp),
    ] {
        assert_eq!(reason(topic, payload), expected, "{topic} {payload}");
    }
}

#[test]
fn a_number_beyond_a_double_refuses_only_its_value() {
    for number in ["1E400", "-1e999", "1e-400", "\"1e400\""] {
        let payload = format!(r#"{{"ts":1795155884123,"values":{{"ph":7.02,"tmp":{number}}}}}"#);
        let message = parsed("b/readings", &payload).unwrap();
        assert_eq!(raw(&message), [("ph", 1_795_155_884_123, 7.02)], "{number}");
        let [part] = message.refused.as_slice() else { panic!("{message:?}") };
        assert_eq!((part.refusal.reason, part.sensor.as_deref()), (Reason::NumberOutOfRange, Some("tmp")));
        assert_eq!(part.payload(), format!(r#"{{"ts":1795155884123,"values":{{"tmp":{number}}}}}"#));
        assert!(part.refusal.detail.contains("`tmp`"), "{}", part.refusal);
    }
    assert_eq!(reason("b/reading/sensor/ph", r#"{"value": 1E400}"#), Reason::NumberOutOfRange);
    assert_eq!(reason("b/reading/sensor/ph", r#"{"value": 1, "ts": 1E400}"#), Reason::BadTimestamp);
}

#[test]
fn a_repeated_key_is_refused_wherever_it_is() {
    let message = parsed("b/readings", r#"{"ts":1795155884123,"values":{"ph":7.01,"tmp":1,"\u0070h":7.02}}"#).unwrap();
    assert_eq!(raw(&message), [("tmp", 1_795_155_884_123, 1.0)]);
    let [part] = message.refused.as_slice() else { panic!("{message:?}") };
    assert_eq!(part.payload(), r#"{"ts":1795155884123,"values":{"ph":7.01,"ph":7.02}}"#, "none of the numbers is lost");
    assert!(part.refusal.detail.contains("\"ph\""), "{}", part.refusal);

    let batch = r#"{"batch":[{"ts":1795155884123,"ts":1795155884124,"values":{"ph":7}},{"values":{"ph":8}}]}"#;
    let message = parsed("b/readings", batch).unwrap();
    assert_eq!(raw(&message), [("ph", RECEIVED.millis(), 8.0)]);
    assert_eq!(message.refused[0].refusal.reason, Reason::DuplicateKey);
    assert_eq!(
        message.refused[0].payload(),
        r#"{"batch":[{"ts":1795155884123,"ts":1795155884124,"values":{"ph":7}}]}"#
    );

    for (topic, payload, key) in [
        ("b/reading/sensor/ph", r#"{"value":7.01,"value":7.02}"#, "value"),
        ("b/reading/sensor/ph", r#"{"value":7.01,"meta":[{"a":1,"a":1}]}"#, "a"),
        ("b/readings", r#"{"values":{"ph":1},"values":{"ph":2}}"#, "values"),
        ("b/readings", r#"{"batch":[{"values":{"ph":1}}],"batch":[]}"#, "batch"),
        ("b/readings", r#"{"values":{"ph":1},"meta":{"a":{"b":1,"b":1}}}"#, "b"),
    ] {
        let refusal = parsed(topic, payload).unwrap_err().refusal;
        assert_eq!(refusal.reason, Reason::DuplicateKey, "{payload}");
        assert!(refusal.detail.contains(&format!("{key:?}")), "{refusal}");
    }
}

#[test]
fn an_instant_may_be_null_or_have_its_other_name() {
    for (fields, at) in [
        (r#""ts":null"#, RECEIVED.millis()),
        (r#""timestamp":"2026-11-20T06:24:44.1+00:00""#, 1_795_155_884_100),
        (r#""ts":1795155884100,"timestamp":"2026-11-20T06:24:44.1+00:00""#, 1_795_155_884_100),
    ] {
        let message = parsed("b/reading/sensor/ph", &format!(r#"{{"value":7,{fields}}}"#)).unwrap();
        assert_eq!(raw(&message), [("ph", at, 7.0)], "{fields}");
        let message = parsed("b/readings", &format!(r#"{{"batch":[{{"values":{{"ph":7}},{fields}}}]}}"#)).unwrap();
        assert_eq!(raw(&message), [("ph", at, 7.0)], "{fields}");
    }
    let both = r#"{"value":7,"ts":1795155884100,"timestamp":1795155884101}"#;
    assert_eq!(reason("b/reading/sensor/ph", both), Reason::BadTimestamp);
    let null = r#"{"batch":null,"values":{"ph":7}}"#;
    assert_eq!(raw(&parsed("b/readings", null).unwrap()), [("ph", RECEIVED.millis(), 7.0)]);
}

#[test]
fn a_message_of_too_many_values_is_set_aside_whole_and_taken_when_it_is_replayed() {
    let batch = |groups: usize| format!(r#"{{"batch":[{}]}}"#, vec![r#"{"values":{"a":1,"b":2}}"#; groups].join(","));
    assert_eq!(parsed("b/readings", &batch(500)).unwrap().readings.len(), 1_000);
    assert_eq!(reason("b/readings", &batch(501)), Reason::TooManyValues);
    let numbers: Vec<String> = (0..23_695).map(|number| number.to_string()).collect();
    let refused = parsed("b/readings", &format!(r#"{{"batch":[{}]}}"#, numbers.join(","))).unwrap_err();
    assert_eq!(refused.refusal.reason, Reason::TooManyValues);
    assert!(refused.refusal.detail.contains("23695 values"), "{}", refused.refusal);
    let values: Vec<String> = (0..1_001).map(|place| format!(r#""s{place}":1"#)).collect();
    assert_eq!(reason("b/readings", &format!(r#"{{"values":{{{}}}}}"#, values.join(","))), Reason::TooManyValues);

    let replayed = Envelope {
        topic: "b/readings".to_owned(),
        received_at: RECEIVED,
        payload: batch(501).into_bytes(),
        replay: Some("0".repeat(32).parse().unwrap()),
    };
    assert_eq!(parse(&replayed).unwrap().readings.len(), 1_002);
}
