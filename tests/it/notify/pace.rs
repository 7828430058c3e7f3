//! The frequency of notices: flapping, floods, quiet hours and digests.

use serde_json::json;
use weir_core::wire::time;

use super::{ANN, World};

#[tokio::test]
async fn a_problem_that_flaps_for_an_hour_is_told_twice_and_then_in_one_digest() {
    let mut world = World::new().await;
    world.subscribe(ANN, &world.hook()).await;
    world.later(60);
    let mut at_once = Vec::new();
    for minute in 0..60 {
        world.measured(if minute % 2 == 0 { 3.0 } else { 9.0 }).await;
        world.swept().await;
        at_once.extend(world.told());
        world.later(60);
    }
    assert_eq!(at_once, ["opened", "resolved"]);
    world.swept().await;
    let hooks = world.receiver.take();
    assert_eq!(hooks.len(), 1, "{hooks:?}");
    let told: Vec<_> = hooks[0].notices().into_iter().map(|(_, transition, _)| transition).collect();
    assert_eq!(told, [["opened", "resolved"]; 29].concat());
    let mut ids: Vec<_> = hooks[0].notices().into_iter().map(|(id, ..)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 58);
    assert_eq!(world.swept().await, json!({"done": 0, "failed": 0}));
}

#[tokio::test]
async fn a_flood_is_twenty_notices_and_a_digest_of_the_rest() {
    let alerts: Vec<_> = (1..=8).map(|n| json!({"id": format!("below-{n}"), "below": n})).collect();
    let sensors: Vec<_> = ["a", "b", "c"].map(|code| json!({"code": code, "unit": "x", "alerts": alerts})).into();
    let mut world = World::of(&json!({"sensors": sensors})).await;
    world.subscribe(ANN, &world.hook()).await;
    world.later(60);
    for code in ["a", "b", "c"] {
        crate::alert::store(&world.alert.functions, code, 0.0, 60).await;
    }
    world.alert.streamed().await;
    world.streamed().await;
    assert_eq!(world.told(), ["opened"; 20]);
    world.later(3_599);
    world.swept().await;
    assert_eq!(world.told(), [""; 0]);
    world.later(1);
    world.swept().await;
    assert_eq!(world.told(), ["[opened opened opened opened]"]);
}

#[tokio::test]
async fn quiet_hours_hold_back_what_is_not_critical_until_they_end() {
    let body = crate::alert::buoy(&json!([
        {"id": "low", "below": 5},
        {"id": "very-low", "below": 2, "severity": "critical"},
    ]));
    let mut world = World::of(&body).await;
    let quiet = json!({"from": "22:00", "to": "06:00", "zone": "Europe/Vienna", "except": "critical"});
    world.subscribe(ANN, &json!({"quiet": quiet, "channel": world.hook()["channel"]})).await;
    let night = time::parse("2026-11-20T22:30:00Z").unwrap();
    world.alert.functions.clock.set(night);
    world.measured(4.0).await;
    assert_eq!(world.told(), [""; 0]);
    world.later(60);
    // The critical one passes; the other one stays.
    world.measured(1.0).await;
    assert_eq!(world.told(), ["opened"]);
    world.later(60);
    world.measured(9.0).await;
    assert_eq!(world.told(), ["resolved"]);
    world.alert.functions.clock.set(time::parse("2026-11-21T04:59:59Z").unwrap());
    world.swept().await;
    assert_eq!(world.told(), [""; 0]);
    world.later(1);
    world.swept().await;
    assert_eq!(world.told(), ["[opened resolved]"]);
}

#[tokio::test]
async fn what_becomes_critical_in_quiet_hours_brings_what_was_held_back_of_it_along() {
    let mut world = World::of(&crate::alert::buoy(&json!([{"id": "low", "below": 5}]))).await;
    let quiet = json!({"from": "22:00", "to": "06:00", "zone": "Europe/Vienna", "except": "critical"});
    world.subscribe(ANN, &json!({"quiet": quiet, "channel": world.hook()["channel"]})).await;
    world.alert.functions.clock.set(time::parse("2026-11-20T22:30:00Z").unwrap());
    world.measured(4.0).await;
    world.later(60);
    let critical = json!([{"id": "low", "below": 5, "severity": "critical"}]);
    world.alert.change("buoy-01", &crate::alert::buoy(&critical)).await;
    world.later(120);
    world.measured(3.0).await;
    let told = world.told();
    world.later(60);
    world.measured(9.0).await;
    let all = [told, world.told()].concat();
    assert_eq!(all.first().map(String::as_str), Some("[opened]"), "{all:?}");
    assert_eq!(all.last().map(String::as_str), Some("resolved"), "{all:?}");
}

#[tokio::test]
async fn a_subscription_that_collects_is_sent_a_digest_when_its_time_has_come() {
    let mut world = World::new().await;
    world.subscribe(ANN, &json!({"digest_minutes": 30, "channel": world.hook()["channel"]})).await;
    world.later(60);
    world.measured(3.0).await;
    world.later(1_799);
    world.swept().await;
    assert_eq!(world.told(), [""; 0]);
    world.later(1);
    world.swept().await;
    assert_eq!(world.told(), ["[opened]"]);
    world.measured(9.0).await;
    world.later(1_800);
    world.swept().await;
    assert_eq!(world.told(), ["[resolved]"]);
}
