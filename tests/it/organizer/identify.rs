//! Uplinks of The Things Stack: sensor, time and level.

use serde_json::json;
use weir_tests::events::event;
use weir_tests::fleet::RECALIBRATED;
use weir_tests::functions::{Functions, NOW};

use super::{handled, set_up};

#[tokio::test]
async fn level_and_time_of_an_uplink_are_found_in_each_place() {
    // Sensor, level, instant in milliseconds.
    for (name, id, filling, at) in [
        ("uplink", "03", "100", 1_795_155_884_123_i64),
        ("uplink.byte", "22", "50", 1_795_155_884_123),
        ("uplink.bytes", "03", "50", 1_795_155_884_123),
        ("uplink.nul", "03", "100", 1_795_155_884_123),
        ("uplink.zero-time", "03", "50", 1_795_155_884_500),
        ("uplink.outer-time", "03", "50", 1_795_155_884_500),
        ("uplink.registered", "21", "50", 1_795_155_884_123),
    ] {
        let (engine, functions) = set_up().await;
        handled(&functions, event("organizer", name)).await;
        let row = engine.row("levels");
        assert_eq!((&row["id"], &row["last_value"]), (&id.into(), &filling.into()), "{name}");
        assert_eq!(engine.row("readings")["at"], at, "{name}");
        assert_eq!(engine.row("readings")["sensor"], format!("{id}#filling"), "{name}");
    }
}

#[tokio::test]
async fn the_level_of_a_device_is_in_the_registry_or_the_last_part_of_its_id() {
    let (engine, functions) = set_up().await;
    handled(&functions, event("organizer", "uplink")).await;
    assert_eq!(engine.row("levels")["id"], "03", "kloaka-03 by its digits");
    engine.delete("levels", "id", "03");

    engine.put("devices", &json!({"id": "kloaka-03", "enabled": true, "level_id": "77", "sensors": []}));
    handled(&functions, event("organizer", "uplink")).await;
    assert_eq!(engine.row("levels")["id"], "77", "the registry wins, and at once");
    engine.delete("levels", "id", "77");

    engine.put("devices", &json!({"id": "kloaka-03", "enabled": true, "created_at": RECALIBRATED, "sensors": []}));
    handled(&Functions::over(&engine), event("organizer", "uplink")).await;
    assert_eq!(engine.row("levels")["id"], "03", "registered without a level: by its digits");
}

#[tokio::test]
async fn an_uplink_from_before_the_history_of_its_device_is_quarantined() {
    let (engine, functions) = set_up().await;
    engine.put("devices", &json!({"id": "kloaka-03", "enabled": true, "created_at": NOW.millis(), "sensors": []}));
    let uplink = json!({"end_device_ids": {"device_id": "kloaka-03"}, "topic": "v3/sewer@tenant/devices/kloaka-03/up",
        "uplink_message": {"received_at": "2007-04-06T00:00:05Z", "decoded_payload": {"filling": 50}}});
    assert_eq!(handled(&functions, uplink).await, "quarantined");
    let row = engine.row("quarantine");
    let detail = row["detail"].as_str().unwrap();
    assert_eq!(row["reason"], "bad_timestamp");
    assert!(detail.contains("2007-04-06T00:00:05Z") && detail.contains("history_from"), "{detail}");
    assert!(engine.rows("readings").is_empty() && engine.rows("levels").is_empty());
}

#[tokio::test]
async fn reports_of_a_disabled_device_are_accepted_again_once_it_is_enabled() {
    let (engine, functions) = set_up().await;
    assert_eq!(handled(&functions, event("organizer", "refused.device-disabled")).await, "quarantined");
    engine.put("devices", &json!({"id": "kloaka-off-07", "enabled": true, "sensors": []}));
    functions.clock.set(NOW.plus_seconds(59));
    assert_eq!(handled(&functions, event("organizer", "refused.device-disabled")).await, "quarantined");
    functions.clock.set(NOW.plus_seconds(60));
    assert_eq!(handled(&functions, event("organizer", "refused.device-disabled")).await, "registered");
    assert_eq!(engine.row("levels")["id"], "07");
}
