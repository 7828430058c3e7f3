//! Uplinks of The Things Stack: which sensor, which instant, which level.

use serde_json::json;
use weir_tests::events::event;
use weir_tests::fleet::RECALIBRATED;
use weir_tests::functions::{Functions, NOW};

use super::{handled, stood};

#[tokio::test]
async fn an_uplink_says_level_and_instant_in_one_of_several_places() {
    // Sensor, level, instant in milliseconds.
    for (name, id, filling, at) in [
        ("uplink", "03", "100", 1_795_155_884_123_i64),
        ("uplink.bytes", "03", "50", 1_795_155_884_123),
        ("uplink.outer-time", "03", "50", 1_795_155_884_500),
        ("uplink.registered", "21", "50", 1_795_155_884_123),
    ] {
        let (engine, functions) = stood().await;
        handled(&functions, event("organizer", name)).await;
        let row = engine.row("levels");
        assert_eq!((&row["id"], &row["last_value"]), (&id.into(), &filling.into()), "{name}");
        assert_eq!(engine.row("readings")["at"], at, "{name}");
        assert_eq!(engine.row("readings")["sensor"], format!("{id}#filling"), "{name}");
    }
}

#[tokio::test]
async fn the_registry_says_which_level_a_device_is_and_else_the_digits_at_its_end() {
    let (engine, functions) = stood().await;
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
async fn a_device_that_is_switched_off_is_heard_again_when_it_is_switched_on() {
    let (engine, functions) = stood().await;
    assert_eq!(handled(&functions, event("organizer", "refused.device-disabled")).await, "quarantined");
    engine.put("devices", &json!({"id": "kloaka-off-07", "enabled": true, "sensors": []}));
    functions.clock.set(NOW.plus_seconds(59));
    assert_eq!(handled(&functions, event("organizer", "refused.device-disabled")).await, "quarantined");
    functions.clock.set(NOW.plus_seconds(60));
    assert_eq!(handled(&functions, event("organizer", "refused.device-disabled")).await, "registered");
    assert_eq!(engine.row("levels")["id"], "07");
}
