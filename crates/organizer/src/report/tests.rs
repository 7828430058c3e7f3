use serde_json::{Value, json};

use super::*;

const RECEIVED: Timestamp = Timestamp::from_millis(1_795_155_884_500);

fn parsed(payload: &Value) -> Result<ParsedReport, RefusedReport> {
    parse(
        &Envelope {
            topic: String::new(),
            received_at: RECEIVED,
            payload: payload.to_string().into_bytes(),
            replay: None,
        },
        false,
    )
}

fn said(payload: &Value) -> (String, i64, f64) {
    let said = parsed(payload).unwrap();
    let sender = match said.sender {
        Sender::Level(id) => id.to_string(),
        Sender::Device(id) => format!("device {id}"),
    };
    (sender, said.at.millis(), said.sent.read(LevelFormat::Text).unwrap())
}

#[test]
fn a_plain_report_says_a_number_or_a_numeric_text() {
    for filling in [json!("100"), json!(100), json!(100.0)] {
        assert_eq!(said(&json!({"id": "01", "filling": filling})), ("01".into(), RECEIVED.millis(), 100.0));
    }
    let report = json!({"id": "01", "filling": "50", "ts": "2026-11-20T06:24:44.123Z"});
    assert_eq!(said(&report), ("01".into(), 1_795_155_884_123, 50.0));
}

#[test]
fn an_uplink_says_when_by_the_network_and_what_by_its_decoder_or_its_bytes() {
    let ids = json!({"device_id": "kloaka-03", "application_ids": {"application_id": "sewer"}});
    let decoded = json!({"end_device_ids": ids, "received_at": "2026-11-20T06:24:45Z", "uplink_message":
        {"received_at": "2026-11-20T06:24:44.123456789Z", "frm_payload": "NTA=", "decoded_payload": {"filling": 100}}});
    assert_eq!(said(&decoded), ("device kloaka-03".into(), 1_795_155_884_123, 100.0));
    let bytes = json!({"end_device_ids": ids, "received_at": "2026-11-20T06:24:44Z",
        "uplink_message": {"frm_payload": "NTA="}});
    assert_eq!(said(&bytes), ("device kloaka-03".into(), 1_795_155_884_000, 50.0));
    let bare = json!({"end_device_ids": ids, "uplink_message": {"frm_payload": "NTA="}});
    assert_eq!(said(&bare).1, RECEIVED.millis());
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason_and_what_is_known() {
    let uplink = |message: Value| json!({"end_device_ids": {"device_id": "kloaka-03"}, "uplink_message": message});
    for (payload, reason, device) in [
        (json!({"filling": 1}), Reason::BadLevelId, None),
        (json!({"id": 1, "filling": 1}), Reason::BadLevelId, None),
        (json!({"id": "x", "filling": 1}), Reason::BadLevelId, None),
        (json!({"id": "01"}), Reason::BadValue, Some("01")),
        (json!({"id": "01", "filling": "full"}), Reason::BadValue, Some("01")),
        (json!({"id": "01", "filling": 100.5}), Reason::NumberOutOfRange, Some("01")),
        (json!({"id": "01", "filling": 1, "ts": "soon"}), Reason::BadTimestamp, Some("01")),
        (json!({"id": "01", "filling": 1, "ts": 1_795_156_784_501_i64}), Reason::FutureTimestamp, Some("01")),
        (json!({"end_device_ids": {}}), Reason::BadDeviceId, None),
        (uplink(json!({})), Reason::BadValue, Some("kloaka-03")),
        (uplink(json!({"frm_payload": "**"})), Reason::BadValue, Some("kloaka-03")),
        (uplink(json!({"frm_payload": 50})), Reason::BadValue, Some("kloaka-03")),
        (uplink(json!({"decoded_payload": {"filling": 0}})), Reason::BadValue, Some("kloaka-03")),
        (uplink(json!({"decoded_payload": {"filling": "0"}, "frm_payload": ""})), Reason::BadValue, Some("kloaka-03")),
        (uplink(json!({"decoded_payload": {"filling": 101}})), Reason::NumberOutOfRange, Some("kloaka-03")),
        (json!({"id": "01", "filling": "1e400"}), Reason::NumberOutOfRange, Some("01")),
        (
            json!({"id": "01", "filling": 1, "ts": 1_795_155_884_000_i64, "timestamp": 1_795_155_884_001_i64}),
            Reason::BadTimestamp,
            Some("01"),
        ),
        (uplink(json!({"frm_payload": "NTA=", "received_at": 5})), Reason::BadTimestamp, Some("kloaka-03")),
    ] {
        let refused = parsed(&payload).unwrap_err();
        assert_eq!((refused.refusal.reason, refused.device.as_deref()), (reason, device), "{payload}");
    }
    let envelope =
        Envelope { topic: String::new(), received_at: RECEIVED, payload: b"filling=1".to_vec(), replay: None };
    assert_eq!(parse(&envelope, false).unwrap_err().refusal.reason, Reason::Unparseable);
}

#[test]
fn what_a_replay_sends_is_read_as_the_same_report() {
    let series = Series { device: "01".parse().unwrap(), sensor: FILLING.parse().unwrap() };
    let (topic, payload) = message_of(&[(&series, RECEIVED, 33.333)]);
    let again =
        parse(&Envelope { topic, received_at: RECEIVED.plus_seconds(9), payload, replay: None }, false).unwrap();
    assert_eq!((again.at, again.sent), (RECEIVED, Sent::Number(33.333)));
}

#[test]
fn digits_name_the_level_only_as_the_last_part_of_an_id() {
    for (device, level) in [
        ("kloaka-03", Some("03")),
        ("sewer-east-345", Some("345")),
        ("a-1234567890", Some("1234567890")),
        ("eui-70b3d57ed0000001", None),
        ("eui-70b3d57ed0000002", None),
        ("70b3d57ed0000001", None),
        ("x12y345", None),
        ("kloaka-a03", None),
        ("kloaka", None),
        ("kloaka-3", None),
        ("kloaka-", None),
        ("0123", None),
        ("eui-0123456789012345", None),
    ] {
        let found = last_part(&device.parse().unwrap());
        assert_eq!(found.as_ref().map(LevelId::as_str), level, "{device}");
    }
}

/// The zero of Go's time: some programs of The Things Stack send it for an instant that is not known.
#[test]
fn the_zero_time_is_no_time() {
    const ZERO: &str = "0001-01-01T00:00:00Z";
    let uplink = |outer: Value, inner: Value| {
        json!({"end_device_ids": {"device_id": "kloaka-03"}, "received_at": outer,
            "uplink_message": {"frm_payload": "NTA=", "received_at": inner}})
    };
    for (outer, inner, at) in [
        (json!("2026-11-20T06:24:44Z"), json!(ZERO), 1_795_155_884_000),
        (json!("2026-11-20T06:24:44Z"), json!("0001-01-01T00:00:00.000Z"), 1_795_155_884_000),
        (json!("2026-11-20T06:24:44Z"), json!(null), 1_795_155_884_000),
        (json!(ZERO), json!("2026-11-20T06:24:43Z"), 1_795_155_883_000),
        (json!(ZERO), json!(ZERO), RECEIVED.millis()),
        (json!(null), json!(null), RECEIVED.millis()),
    ] {
        assert_eq!(said(&uplink(outer.clone(), inner.clone())).1, at, "{outer} {inner}");
    }
    let late = parsed(&uplink(json!(ZERO), json!("1999-01-01T00:00:00Z"))).unwrap_err();
    assert_eq!(late.refusal.reason, Reason::BadTimestamp);
}

#[test]
fn a_simulated_uplink_counts_only_where_it_is_asked_for() {
    let uplink = json!({"end_device_ids": {"device_id": "kloaka-03"}, "simulated": true,
        "uplink_message": {"frm_payload": "NTA="}});
    let refused = parsed(&uplink).unwrap_err();
    assert_eq!((refused.refusal.reason, refused.device.as_deref()), (Reason::Simulated, Some("kloaka-03")));
    let envelope = Envelope {
        topic: String::new(),
        received_at: RECEIVED,
        payload: uplink.to_string().into_bytes(),
        replay: None,
    };
    assert!(parse(&envelope, true).is_ok());
    let real = json!({"end_device_ids": {"device_id": "kloaka-03"}, "simulated": false,
        "uplink_message": {"frm_payload": "NTA="}});
    assert_eq!(said(&real).2, 50.0);
}

#[test]
fn a_repeated_key_of_a_report_is_named() {
    for (payload, device) in [
        (r#"{"id":"01","filling":1,"filling":2}"#, Some("01")),
        (r#"{"id":"01","id":"02","filling":1}"#, None),
        (
            r#"{"end_device_ids":{"device_id":"kloaka-03","device_id":"kloaka-04"},"uplink_message":{"frm_payload":"NTA="}}"#,
            None,
        ),
    ] {
        let envelope = Envelope {
            topic: String::new(),
            received_at: RECEIVED,
            payload: payload.as_bytes().to_vec(),
            replay: None,
        };
        let refused = parse(&envelope, false).unwrap_err();
        assert_eq!((refused.refusal.reason, refused.device.as_deref()), (Reason::DuplicateKey, device));
        let named = ["\"filling\"", "\"id\"", "\"device_id\""].iter().any(|key| refused.refusal.detail.contains(key));
        assert!(named, "{}", refused.refusal);
    }
}
