//! Lists: with every filter, the pages are those of scanning and sorting the whole table.

use serde_json::{Value, json};
use weir_aws::quarantine::{QuarantineEntry, QuarantineTable};
use weir_core::domain::{Reason, Refusal};
use weir_runtime::Function as _;
use weir_tests::functions::NOW;

use super::World;

const DEVICES: [&str; 4] = ["buoy-1", "buoy-2", "-odd id", ""];

/// A few hundred entries of several devices, reasons and instants, several of them within one millisecond.
async fn filled(world: &World) {
    let table = QuarantineTable::new(world.engine.client(), world.engine.name("quarantine"), 30);
    for place in 0..300_usize {
        let device = DEVICES[place * 7 % 5 % 4];
        let reason = Reason::ALL[place * 3 % 4];
        let entry = QuarantineEntry {
            function: "calibration",
            refusal: Refusal::new(reason, format!("number {place}")),
            topic: format!("{device}/readings"),
            device_id: (place % 11 != 0).then(|| device.to_owned()),
            sensor: (place % 2 == 0).then(|| "ph".to_owned()),
            at: NOW,
            received_at: NOW,
            payload: format!("{place}").into_bytes(),
        };
        assert!(table.put(&entry, NOW.plus_seconds((place / 3) as i64)).await.unwrap());
    }
}

/// What a scan and a sort would show: ids by page-independent order, those of one millisecond as a set.
fn expected(rows: &[Value], reason: Option<&str>, device: Option<&str>, since: i64) -> Vec<(i64, String)> {
    let fits = |row: &&Value| {
        reason.is_none_or(|reason| row["reason"] == reason)
            && device.is_none_or(|device| row["device_id"] == device)
            && row["first_seen"].as_i64().unwrap() >= since
    };
    let key = |row: &Value| (row["first_seen"].as_i64().unwrap(), row["id"].as_str().unwrap().to_owned());
    let mut keys: Vec<_> = rows.iter().filter(fits).map(key).collect();
    keys.sort();
    keys
}

async fn all_pages(world: &World, query: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), String::new());
    loop {
        let (code, page) = world.ask("GET", &format!("/quarantine?limit={limit}{query}{next}")).await;
        assert_eq!(code, 200, "{page}");
        let shown = page["items"].as_array().unwrap();
        assert!(shown.len() <= limit);
        assert!(!shown.is_empty() || next.is_empty(), "no page but the first is empty");
        items.extend(shown.iter().cloned());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => return items,
        }
    }
}

#[tokio::test]
async fn every_combination_of_filters_shows_what_a_scan_would_newest_first() {
    let world = World::new().await;
    filled(&world).await;
    let rows = world.engine.rows("quarantine");
    let since = NOW.plus_seconds(40);
    let text = weir_core::wire::time::text(since).unwrap();
    for reason in [None, Some(Reason::ALL[1].code()), Some("not_finite")] {
        for device in [None, Some("buoy-1"), Some("-odd id"), Some("nobody")] {
            for late in [false, true] {
                let mut query = String::new();
                reason.inspect(|reason| query.push_str(&format!("&reason={reason}")));
                device.inspect(|device| query.push_str(&format!("&device={}", device.replace(' ', "%20"))));
                if late {
                    query.push_str(&format!("&since={text}"));
                }
                let expected = expected(&rows, reason, device, if late { since.millis() } else { 0 });
                for limit in [7, 200] {
                    let shown = all_pages(&world, &query, limit).await;
                    let instants: Vec<_> = shown.iter().map(|item| item["first_seen"].as_str().unwrap()).collect();
                    assert!(instants.is_sorted_by(|a, b| a >= b), "{query}: newest first");
                    let mut ids: Vec<_> = shown
                        .iter()
                        .map(|item| {
                            let seen = weir_core::wire::time::parse(item["first_seen"].as_str().unwrap()).unwrap();
                            (seen.millis(), item["id"].as_str().unwrap().to_owned())
                        })
                        .collect();
                    ids.sort();
                    assert_eq!(ids, expected, "{query} by {limit}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_shows_all_there_is_but_the_payload_and_one_entry_shows_that_too() {
    let world = World::new().await;
    let published = json!({"ts": 1_795_155_884_123_i64, "values": {"ph": 7.02}});
    world.publish("buoy-99/readings", &published, NOW).await;
    let entry = json!({
        "id": world.id(),
        "reason": "unknown_device",
        "detail": "no device buoy-99 is registered",
        "function": "calibration",
        "topic": "buoy-99/readings",
        "device": "buoy-99",
        "at": "2026-11-20T06:24:44.123Z",
        "received_at": "2026-11-20T06:24:45.000Z",
        "first_seen": "2026-11-20T06:24:45.000Z",
        "expires_at": "2026-12-20T06:24:45.000Z",
        "attempts": 0,
    });
    assert_eq!(world.ask("GET", "/quarantine").await, (200, json!({"items": [entry]})));
    let mut whole = entry.clone();
    let text = published.to_string();
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD.encode(&text);
    whole["payload"] = json!({"base64": base64, "text": text, "json": published});
    assert_eq!(world.ask("GET", &format!("/quarantine/{}", world.id())).await, (200, whole));
}

#[tokio::test]
async fn a_payload_is_decoded_as_far_as_it_can_be() {
    for (bytes, text, said) in [
        (&b"\xff\x00{"[..], None, None),
        (b"7,02", Some("7,02"), None),
        (b"", Some(""), None),
        (b"[1, null]", Some("[1, null]"), Some(json!([1, null]))),
        (b"null", Some("null"), Some(Value::Null)),
    ] {
        let world = World::new().await;
        use base64::Engine as _;
        let payload = base64::engine::general_purpose::STANDARD.encode(bytes);
        let event = json!({"payload": payload, "topic": "buoy-01/readings", "received_at": NOW.millis()});
        world.functions.calibration.answer(event).await.unwrap();
        let (_, answer) = world.ask("GET", &format!("/quarantine/{}", world.id())).await;
        let shown = &answer["payload"];
        assert_eq!(shown["base64"], payload);
        assert_eq!(shown.get("text").and_then(Value::as_str), text, "{shown}");
        assert_eq!(shown.get("json"), said.as_ref(), "{shown}");
    }
}

#[tokio::test]
async fn a_device_id_that_no_index_can_hold_does_not_keep_a_message_out_of_quarantine() {
    let world = World::new().await;
    // An empty level of the topic, and an id as long as a payload may be.
    world.publish("/readings", &json!({"values": {"ph": 1}}), NOW).await;
    let uplink = json!({"end_device_ids": {"device_id": "x".repeat(5000)}, "uplink_message": {}});
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::STANDARD.encode(uplink.to_string());
    let event = json!({"payload": payload, "topic": "v3/a/devices/b/up", "received_at": NOW.millis()});
    world.functions.organizer.answer(event).await.unwrap();
    let (_, page) = world.ask("GET", "/quarantine").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert!(page["items"].as_array().unwrap().iter().all(|item| item.get("device").is_none()), "{page}");
    for nobody in [String::new(), "x".repeat(5000)] {
        assert_eq!(world.ask("GET", &format!("/quarantine?device={nobody}")).await, (200, json!({"items": []})));
    }
}
