use super::*;

const RECEIVED: Timestamp = Timestamp::from_millis(1_795_155_884_500);

fn parsed(payload: &Value) -> Result<ParsedReport, RefusedReport> {
    parse(&Envelope {
        topic: String::new(),
        received_at: RECEIVED,
        payload: payload.to_string().into_bytes(),
        replay: None,
    })
}

fn said(payload: &Value) -> (String, i64, f64) {
    let said = parsed(payload).unwrap();
    let sender = match said.sender {
        Sender::Level(id) => id.to_string(),
        Sender::Device(id) => format!("device {id}"),
    };
    (sender, said.at.millis(), said.sent)
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
        (uplink(json!({"frm_payload": "/w=="})), Reason::BadValue, Some("kloaka-03")),
        (uplink(json!({"frm_payload": "NTA=", "received_at": 5})), Reason::BadTimestamp, Some("kloaka-03")),
    ] {
        let refused = parsed(&payload).unwrap_err();
        assert_eq!((refused.refusal.reason, refused.device.as_deref()), (reason, device), "{payload}");
    }
    let envelope =
        Envelope { topic: String::new(), received_at: RECEIVED, payload: b"filling=1".to_vec(), replay: None };
    assert_eq!(parse(&envelope).unwrap_err().refusal.reason, Reason::Unparseable);
}

#[test]
fn what_a_replay_sends_is_read_as_the_same_report() {
    let series = Series { device: "01".parse().unwrap(), sensor: FILLING.parse().unwrap() };
    let (topic, payload) = message_of(&series, RECEIVED, 33.333);
    let again = parse(&Envelope { topic, received_at: RECEIVED.plus_seconds(9), payload, replay: None }).unwrap();
    assert_eq!((again.at, again.sent), (RECEIVED, 33.333));
}

#[test]
fn the_digits_at_the_end_name_the_level() {
    for (device, level) in [("kloaka-03", Some("03")), ("x12y345", Some("345")), ("kloaka", None), ("kloaka-3", None)] {
        let found = trailing_digits(&device.parse().unwrap()).ok();
        assert_eq!(found.as_ref().map(LevelId::as_str), level, "{device}");
    }
}
