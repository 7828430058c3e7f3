//! Replays: accepted entries are removed, refused ones stay, and the timestamp of a reading never changes.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::functions::NOW;
use weir_tests::lambda::Fate;

use super::World;
use crate::http::ask::Ask;

const TOPIC: &str = "buoy-99/reading/sensor/ph";

/// A world in which an unknown device has published one value an hour ago.
async fn with_one() -> (World, String) {
    let world = World::new().await;
    world.publish(TOPIC, &json!({"value": 7.02}), NOW.plus_seconds(-3600)).await;
    let id = world.id();
    (world, id)
}

async fn replay(world: &World, id: &str) -> (u16, Value) {
    world.ask("POST", &format!("/quarantine/{id}/replay")).await
}

#[tokio::test]
async fn what_is_accepted_is_stored_for_its_own_instant_and_leaves_the_quarantine() {
    let (world, id) = with_one().await;
    world.register("buoy-99", &["ph"]);
    assert_eq!(replay(&world, &id).await, (200, json!({"outcome": "accepted"})));
    let row = world.engine.row("readings");
    let received = NOW.plus_seconds(-3600).millis();
    assert_eq!((&row["at"], &row["received_at"], &row["raw"]), (&received.into(), &received.into(), &json!(7.02)));
    assert_eq!(world.ids(), Vec::<String>::new());
    assert_eq!(replay(&world, &id).await.0, 404, "there is nothing left to replay");
}

#[tokio::test]
async fn what_is_refused_again_stays_as_one_entry_with_the_reason_of_this_time() {
    let (world, id) = with_one().await;
    let before = world.engine.row("quarantine");
    world.register("buoy-99", &["tmp"]);
    for attempt in 1..=3 {
        world.later(60 * attempt);
        let (code, answer) = replay(&world, &id).await;
        assert_eq!((code, &answer["outcome"]), (200, &"refused".into()));
        let entry = &answer["entry"];
        assert_eq!((&entry["reason"], &entry["attempts"]), (&"unknown_sensor".into(), &attempt.into()), "{entry}");
    }
    let after = world.engine.row("quarantine");
    assert_eq!(after["tried_at"], NOW.plus_seconds(180).millis());
    for kept in ["id", "first_seen", "expires_at", "received_at", "at", "payload", "topic", "function", "sensor"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let found = world.ask("GET", "/quarantine?device=buoy-99&reason=unknown_sensor").await.1;
    assert_eq!(found["items"][0]["id"], after["id"], "it is found under its new reason");
    assert_eq!(
        world.ask("GET", "/quarantine?reason=unknown_device").await.1["items"],
        json!([]),
        "and not under the old one"
    );
    assert!(world.engine.rows("readings").is_empty());
    let (_, found) = world.ask("GET", "/quarantine?device=buoy-99&reason=unknown_sensor").await;
    assert_eq!(found["items"][0]["id"], id.as_str());
    let (_, found) = world.ask("GET", "/quarantine?device=buoy-99&reason=unknown_device").await;
    assert_eq!(found["items"], json!([]));
}

#[tokio::test]
async fn a_change_of_the_device_counts_at_once_for_what_is_sent_again() {
    let world = World::new().await;
    world.register("buoy-99", &["ph"]);
    // The function has the device in memory for a minute from here on.
    world.publish("buoy-99/readings", &json!({"values": {"ph": 1, "tmp": 2}}), NOW).await;
    let id = world.id();
    world.register("buoy-99", &["ph", "tmp"]);
    assert_eq!(replay(&world, &id).await, (200, json!({"outcome": "accepted"})));
    assert_eq!(world.engine.rows("readings").len(), 2);
}

/// The receiver's count of GPS weeks has rolled over; or somebody registers the device of an archive.
#[tokio::test]
async fn a_value_from_before_the_history_of_its_device_is_stored_once_that_begins_earlier() {
    let world = World::new().await;
    let sensors = json!([{"code": "ph", "enabled": true}, {"code": "tmp", "enabled": true}]);
    let mut device = json!({"id": "buoy-99", "enabled": true, "created_at": NOW.millis(), "sensors": sensors});
    world.engine.put("devices", &device);
    let year = NOW.plus_seconds(-365 * 86_400);
    let batch = json!([
        {"ts": "2007-04-06T00:00:05Z", "values": {"ph": 7.02}},
        {"ts": year.millis() - 1, "values": {"tmp": 8}},
        {"ts": year.millis(), "values": {"tmp": 9}},
    ]);
    world.publish("buoy-99/readings", &json!({"batch": batch}), NOW).await;
    assert_eq!(world.engine.row("readings")["raw"], 9);
    let refused = world.engine.rows("quarantine");
    assert_eq!(refused.len(), 2);
    for row in &refused {
        let detail = row["detail"].as_str().unwrap();
        assert_eq!(row["reason"], "bad_timestamp");
        assert!(detail.contains("history_from 2025-11-20T06:24:45Z") && detail.contains("ts 20"), "{detail}");
    }
    assert!(
        refused.iter().any(|row| row["detail"].as_str().unwrap().contains("ts 2007-04-06T00:00:05Z")),
        "{refused:?}"
    );
    for id in world.ids() {
        assert_eq!(replay(&world, &id).await.1["outcome"], "refused");
    }
    device["history_from"] = 1_175_817_605_000_i64.into();
    world.engine.put("devices", &device);
    for id in world.ids() {
        assert_eq!(replay(&world, &id).await, (200, json!({"outcome": "accepted"})));
    }
    assert_eq!(world.ids(), Vec::<String>::new());
    let mut stored: Vec<_> =
        world.engine.rows("readings").iter().map(|row| (row["at"].as_i64(), row["raw"].as_f64())).collect();
    stored.sort_by_key(|(at, _)| *at);
    let year = year.millis();
    assert_eq!(stored, [(Some(1_175_817_605_000), Some(7.02)), (Some(year - 1), Some(8.0)), (Some(year), Some(9.0))]);
}

#[tokio::test]
async fn a_part_of_a_message_is_replayed_without_its_siblings() {
    let world = World::new().await;
    world.register("buoy-99", &["ph"]);
    let at = NOW.plus_seconds(-600).millis();
    world.publish("buoy-99/readings", &json!({"ts": at, "values": {"ph": 7, "tmp": 12}}), NOW).await;
    let (before, id) = (world.engine.row("readings"), world.id());
    world.lambda.called();
    world.register("buoy-99", &["ph", "tmp"]);
    assert_eq!(replay(&world, &id).await.0, 200);
    let called = world.lambda.called();
    assert_eq!(called.len(), 1);
    let said = weir_core::wire::Envelope::open(&called[0].1, NOW).json().unwrap();
    assert_eq!(said.to_string(), json!({"ts": at, "values": {"tmp": 12.0}}).to_string(), "only the part is sent");
    let rows = world.engine.rows("readings");
    assert_eq!(rows.len(), 2);
    assert!(rows.contains(&before), "its sibling is untouched");
    let tmp = rows.iter().find(|row| row["sensor"] == "buoy-99#tmp").unwrap();
    assert_eq!((&tmp["at"], &tmp["raw"]), (&at.into(), &json!(12)));
}

#[tokio::test]
async fn of_a_whole_message_the_parts_refused_get_entries_of_their_own_and_the_whole_leaves() {
    let world = World::new().await;
    world.publish("buoy-99/readings", &json!({"values": {"ph": 7, "tmp": 12, "tbd": "x"}}), NOW).await;
    let whole = world.id();
    world.register("buoy-99", &["ph"]);
    let (code, answer) = replay(&world, &whole).await;
    assert_eq!((code, &answer["outcome"]), (200, &"accepted".into()));
    let mut parts: Vec<_> =
        answer["quarantined"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    parts.sort();
    assert_eq!(world.ids(), parts, "nothing is in quarantine twice");
    assert_eq!(world.engine.row("readings")["sensor"], "buoy-99#ph");
}

#[tokio::test]
async fn a_conflicting_reading_stays_however_often_it_is_sent_again() {
    let world = World::new().await;
    world.register("buoy-99", &["ph"]);
    let at = NOW.plus_seconds(-600).millis();
    for (value, received) in [(7, -60), (8, 0)] {
        world.publish(TOPIC, &json!({"value": value, "ts": at}), NOW.plus_seconds(received)).await;
    }
    let (stored, id) = (world.engine.rows("readings"), world.id());
    for _ in 0..2 {
        let (_, answer) = replay(&world, &id).await;
        assert_eq!(answer["entry"]["reason"], "conflicting_reading", "{answer}");
    }
    assert_eq!((world.engine.rows("readings"), world.id()), (stored, id));
}

#[tokio::test]
async fn a_level_report_goes_back_to_the_function_it_came_from() {
    let world = World::new().await;
    let uplink = json!({"end_device_ids": {"device_id": "kloaka-off-07"}, "received_at": "2026-11-20T06:24:44Z",
        "uplink_message": {"decoded_payload": {"filling": 50}}});
    let event = json!({"payload": base64(&uplink), "topic": "v3/a/devices/b/up", "received_at": NOW.millis()});
    world.functions.organizer.answer(event).await.unwrap();
    let id = world.id();
    let (_, answer) = replay(&world, &id).await;
    assert_eq!((&answer["outcome"], &answer["entry"]["reason"]), (&"refused".into(), &"device_disabled".into()));
    world.engine.put("devices", &json!({"id": "kloaka-off-07", "enabled": true, "sensors": []}));
    assert_eq!(replay(&world, &id).await, (200, json!({"outcome": "accepted"})));
    let level = world.engine.row("levels");
    assert_eq!(
        (&level["id"], &level["last_value"], &level["last_update"]),
        (&"07".into(), &"50".into(), &1_795_155_884.into())
    );
    assert!(world.ids().is_empty());
}

#[tokio::test]
async fn when_the_function_cannot_say_how_it_went_the_entry_stays_as_it_was() {
    let (world, id) = with_one().await;
    world.register("buoy-99", &["ph"]);
    let before = world.engine.row("quarantine");
    for (fate, expected) in [(Fate::Throttled, 503), (Fate::Fails, 503), (Fate::Unanswered, 503), (Fate::Old, 500)] {
        world.lambda.next(fate);
        let (code, answer) = replay(&world, &id).await;
        assert_eq!(code, expected, "{fate:?}: {answer}");
        assert_eq!(world.engine.row("quarantine"), before, "{fate:?}");
    }
    // Meanwhile it was stored, which the last replay finds out.
    assert_eq!(replay(&world, &id).await.0, 200);
    assert!(world.ids().is_empty());
    assert_eq!(world.engine.rows("readings").len(), 1);
}

#[tokio::test]
async fn everything_of_a_filter_is_replayed_in_bounded_steps_each_entry_once() {
    let world = World::new().await;
    for place in 0..23 {
        let at = NOW.plus_seconds(place - 1000);
        world.later(place);
        world.publish(TOPIC, &json!({"value": place}), at).await;
        world.publish("buoy-98/reading/sensor/ph", &json!({"value": place}), at).await;
        // These stay refused whatever is registered.
        world.publish("buoy-99/reading/sensor/ph", &json!({"value": format!("x{place}")}), at).await;
    }
    world.register("buoy-99", &["ph"]);
    world.register("buoy-98", &["ph"]);
    let mut body = json!({"device": "buoy-99", "limit": 10.0});
    let (mut accepted, mut refused, mut steps) = (0, 0, 0);
    loop {
        let (code, answer) = world.ask_with("POST", "/quarantine/replay", &body).await;
        assert_eq!(code, 200, "{answer}");
        accepted += answer["accepted"].as_u64().unwrap();
        refused += answer["refused"].as_u64().unwrap();
        assert_eq!(answer["failed"], 0);
        steps += 1;
        match answer.get("next") {
            Some(next) => body["next"] = next.clone(),
            None => break,
        }
    }
    assert_eq!((accepted, refused, steps), (23, 23, 5), "46 entries, 10 with each request");
    let left = world.engine.rows("quarantine");
    assert_eq!(left.iter().filter(|row| row["device_id"] == "buoy-98").count(), 23, "not of the filter");
    let (mut stay, _): (Vec<_>, Vec<_>) = left.into_iter().partition(|row| row["device_id"] == "buoy-99");
    assert_eq!(stay.len(), 23);
    assert!(stay.iter_mut().all(|row| row["attempts"] == 1), "each is tried once");
    let mut instants: Vec<_> = world.engine.rows("readings").iter().map(|row| row["at"].as_i64().unwrap()).collect();
    instants.sort_unstable();
    assert_eq!(instants, (0..23).map(|place| NOW.plus_seconds(place - 1000).millis()).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_that_fails_does_not_keep_the_others_of_a_filter() {
    let world = World::new().await;
    for place in 0..3 {
        world.publish(TOPIC, &json!({"value": place}), NOW.plus_seconds(place)).await;
    }
    world.register("buoy-99", &["ph"]);
    world.lambda.next(Fate::Fails);
    let answer = world.ask_with("POST", "/quarantine/replay", &json!({"reason": "unknown_device"})).await;
    assert_eq!(answer, (200, json!({"accepted": 2, "refused": 0, "failed": 1})));
    assert_eq!(world.ids().len(), 1);
    // Without API Gateway, as `cargo operate redrive` asks.
    let answer = world.function().answer(json!({"replay": {}})).await.unwrap();
    assert_eq!(answer, json!({"accepted": 1, "refused": 0, "failed": 0}));
    assert!(world.ids().is_empty());
    assert!(world.function().answer(json!({"replay": {"limit": 0}})).await.is_err());
    assert!(world.function().answer(json!({})).await.is_err());
}

#[tokio::test]
async fn who_names_another_version_replays_and_deletes_nothing() {
    let (world, id) = with_one().await;
    replay(&world, &id).await;
    for (method, path) in [("POST", format!("/quarantine/{id}/replay")), ("DELETE", format!("/quarantine/{id}"))] {
        for stale in ["\"1\"", "\"0\"", "\"99999999999999999999\""] {
            let (code, answer) = world.send(Ask::new(method, &path).header("if-match", stale)).await;
            assert_eq!(code, 412, "{method} {stale}: {answer}");
        }
    }
    assert_eq!(world.engine.row("quarantine")["attempts"], 1);
    let path = format!("/quarantine/{id}");
    assert_eq!(world.send(Ask::new("GET", &path).header("if-none-match", "\"2\"")).await.0, 304);
    assert_eq!(world.send(Ask::new("DELETE", &path).header("if-match", "\"2\"")).await.0, 204);
    assert_eq!(world.send(Ask::new("DELETE", &path).header("if-match", "\"2\"")).await.0, 404);
}

fn base64(payload: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(payload.to_string())
}
