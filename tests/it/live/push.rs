//! Sending changes: the recipients, the content, the order, and the cost.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::sockets::Mood;
use weir_tests::wire::Ledger;

use super::{ADMIN, Pumps, USER, Who, World, of_type};

/// Several watchers of one device.
async fn watched(count: usize) -> World {
    let world = World::new().await;
    for number in 0..count {
        let sub = [
            "5f1e0000-0000-4000-8000-000000000001",
            "5f1e0000-0000-4000-8000-000000000002",
            "5f1e0000-0000-4000-8000-000000000003",
        ][number % 3];
        let id = format!("c{number}");
        world.open(&id, Who { sub, ..USER }).await;
        // As a subscription leaves it, without the wait.
        let topic = "device/buoy-01".parse().unwrap();
        let table = world.table();
        let read = table.connection(&id).await.unwrap().unwrap();
        let new = weir_aws::live::Connection { topics: [topic].into(), ..read.clone() };
        table.change(&read, &new).await.unwrap();
        let topic = "device/buoy-01".parse().unwrap();
        table.watch(&topic, &id, &read.session, &weir_core::domain::live::Visible::All).await.unwrap();
    }
    world.gateway.frames();
    world.gateway.load();
    world
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_one_message_in_the_order_of_the_instants_and_tells_nothing_twice() {
    let world = watched(1).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    for (value, seconds) in [(700.0, -5), (720.0, -1), (690.0, -9), (710.0, -3)] {
        world.publish("buoy-01", "ph", value, world.now().plus_seconds(seconds)).await;
    }
    // Delivered again: a duplicate changes nothing.
    world.publish("buoy-01", "ph", 700.0, world.now().plus_seconds(-5)).await;
    assert_eq!(pumps.run(&push).await, 1);
    let frames = world.gateway.frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    let frame: Value = serde_json::from_str(&frames[0].1).unwrap();
    let raw: Vec<_> =
        frame["messages"].as_array().unwrap().iter().map(|message| message["raw"].as_f64().unwrap()).collect();
    assert_eq!(raw, [690.0, 700.0, 710.0, 720.0]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_changes_twice_within_a_batch_is_told_once_as_it_is_now() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    world.subscribe("c1", &["tube/2"]).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    for (filling, seconds) in [(10, -2), (20, -1)] {
        world.report("21", filling, seconds).await;
    }
    pumps.run(&push).await;
    let told = world.gateway.messages("c1");
    let level =
        json!({"type": "level", "topic": "tube/2", "id": "21", "last_value": "20", "last_update": 1_795_155_884});
    assert_eq!(told, [level]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_watches_costs_one_query_a_second_and_no_message() {
    let world = World::new().await;
    let ledger = Arc::new(Ledger::default());
    let (mut pumps, push) = (Pumps::of(&world), world.push_by(&world.engine.client_over(ledger.clone())));
    for number in 0..30 {
        world.publish("buoy-01", "ph", f64::from(number), world.now().plus_seconds(-i64::from(number))).await;
        pumps.run(&push).await;
    }
    assert_eq!(ledger.operations(), ["Query live"]);
    world.later(1_000);
    world.publish("buoy-01", "ph", 1.0, world.now()).await;
    pumps.run(&push).await;
    assert_eq!(ledger.operations(), ["Query live"]);
    assert_eq!(world.gateway.load().0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_watched_topic_costs_one_query_more_and_one_message_for_each_connection() {
    let world = watched(5).await;
    let ledger = Arc::new(Ledger::default());
    let (mut pumps, push) = (Pumps::of(&world), world.push_by(&world.engine.client_over(ledger.clone())));
    for number in 0..10 {
        world.publish("buoy-01", "ph", f64::from(number), world.now().plus_seconds(-i64::from(number))).await;
        world.publish("buoy-02", "ph", f64::from(number), world.now().plus_seconds(-i64::from(number))).await;
    }
    pumps.run(&push).await;
    assert_eq!(ledger.operations(), ["Query live", "Query live"]);
    assert_eq!(world.gateway.load().0, 5);
}

#[tokio::test(start_paused = true)]
async fn at_most_32_messages_are_under_way() {
    let world = watched(50).await;
    for number in 0..50 {
        world.gateway.set(&format!("c{number}"), Mood::Slow(Duration::from_millis(500)));
    }
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    pumps.run(&push).await;
    assert_eq!(world.gateway.load(), (50, 32));
    assert_eq!(world.gateway.frames().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_is_forgotten_and_the_others_are_told() {
    let world = watched(3).await;
    world.gateway.set("c1", Mood::Gone);
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    assert_eq!(pumps.run(&push).await, 1);
    let mut told: Vec<_> = world.gateway.frames().into_iter().map(|(id, _)| id).collect();
    told.sort();
    assert_eq!(told, ["c0", "c2"]);
    let text = world.engine.rows("live").iter().map(ToString::to_string).collect::<String>();
    assert!(!text.contains("\"c1\"") && !text.contains("#c1\""), "{text}");
    // Not asked again, though the table was asked less than a second ago.
    world.gateway.load();
    world.publish("buoy-01", "ph", 701.0, world.now().plus_seconds(-1)).await;
    pumps.run(&push).await;
    assert_eq!(world.gateway.load().0, 2);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_connection_is_told_of_the_gap_with_its_next_message_and_no_batch_comes_again() {
    let world = watched(2).await;
    world.gateway.set("c0", Mood::Throttled);
    let mut pumps = Pumps::of(&world);
    world.publish("buoy-01", "ph", 700.0, world.now().plus_seconds(-2)).await;
    assert_eq!(pumps.run(&world.push()).await, 1, "delivered again");
    assert_eq!(world.gateway.frames().into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ["c1"]);
    world.gateway.set("c0", Mood::Open);
    // Another instance of the function, which remembers nothing.
    world.publish("buoy-01", "ph", 710.0, world.now().plus_seconds(-1)).await;
    pumps.run(&world.push()).await;
    let told = world.gateway.messages("c0");
    assert_eq!(told[0], json!({"type": "gap", "topics": ["device/buoy-01"]}));
    assert_eq!(of_type(&told, "reading").len(), 1);
    // It is told once.
    world.publish("buoy-01", "ph", 720.0, world.now()).await;
    pumps.run(&world.push()).await;
    assert_eq!(of_type(&world.gateway.messages("c0"), "gap").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn connections_that_take_forever_do_not_use_up_the_time_of_the_function() {
    let world = watched(60).await;
    for number in 0..60 {
        world.gateway.set(&format!("c{number}"), Mood::Slow(Duration::from_secs(20)));
    }
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    let begun = tokio::time::Instant::now();
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    pumps.run(&push).await;
    assert!(begun.elapsed() < Duration::from_secs(29), "{:?}", begun.elapsed());
    // Those whose turn did not come have a gap.
    let gaps = world.engine.rows("live").into_iter().filter(|row| row["gap"] == true).count();
    assert_eq!(gaps, 28);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_level_and_a_withdrawn_entry_are_told() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    world.report("21", 10, -1).await;
    world.subscribe("c1", &["tube/2", "quarantine"]).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    pumps.run(&push).await;
    world.gateway.frames();
    world.engine.delete("levels", "id", "21");
    world.publish("nobody", "ph", 1.0, world.now()).await;
    pumps.run(&push).await;
    let told = world.gateway.messages("c1");
    let deleted =
        json!({"type": "level", "topic": "tube/2", "id": "21", "last_value": "", "last_update": 0, "deleted": true});
    assert_eq!(of_type(&told, "level"), [&deleted]);
    assert_eq!(of_type(&told, "quarantined")[0]["entry"]["reason"], "unknown_device");
}

#[tokio::test(start_paused = true)]
async fn who_watches_a_device_is_told_of_its_events_and_its_connection_once() {
    let world = watched(1).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    for name in ["connected", "shadow", "disconnected.taken-over", "connected", "connected.unknown-device"] {
        world.functions.twin.answer(weir_tests::events::event("twin", name)).await.unwrap();
    }
    // What concerns people, or another device, is not told.
    let now = world.now();
    for device in [None, "buoy-02".parse().ok()] {
        let other = weir_core::domain::event::Event::new(device, weir_core::domain::event::Kind::People, &1, now);
        assert!(world.engine.events().put(&other).await.unwrap());
    }
    assert_eq!(pumps.run(&push).await, 1);
    let told = world.gateway.messages("c0");
    let events: Vec<_> =
        of_type(&told, "event").iter().map(|message| message["event"]["id"].as_str().unwrap()).collect();
    assert_eq!(events, ["reported-0000000007", "connected-0000000004", "disconnected-0000000003"], "{told:?}");
    let connection = json!({"type": "connection", "topic": "device/buoy-01", "state": "connected",
        "since": "2026-11-20T06:24:44.123Z"});
    assert_eq!(of_type(&told, "connection"), [&connection]);
    assert_eq!(
        of_type(&told, "event")[0]["event"]["changes"],
        json!([{"pointer": "/settings/led", "before": false, "after": true}])
    );
    assert_eq!(told.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_command_is_told_to_who_watches_its_device_and_its_queue_is_not() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    world.subscribe("c1", &["device/buoy-01"]).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    pumps.run(&push).await;
    world.gateway.frames();
    let command = |state: &str| {
        json!({"device": "buoy-01", "id": "1795155884123", "name": "dispense", "args": "{\"ml\":30}", "by": "ann@example.com",
            "created_at": 1_795_155_884_123_i64, "deadline": 1_795_155_944_123_i64, "state": state, "applied": []})
    };
    world.engine.put("commands", &command("QUEUED"));
    world.engine.put("commands", &json!({"device": "buoy-01", "id": "queue", "revision": 1, "places": []}));
    world
        .engine
        .put("commands", &json!({"device": "buoy-01", "id": "key#0", "command": "1795155884123", "request": "0"}));
    world.engine.put("commands", &command("SENT"));
    pumps.run(&push).await;
    let told = world.gateway.messages("c1");
    let expected = json!({"type": "command", "topic": "device/buoy-01", "id": "1795155884123", "name": "dispense",
        "args": {"ml": 30}, "state": "SENT", "by": "ann@example.com", "created_at": "2026-11-20T06:24:44.123Z",
        "expires_at": "2026-11-20T06:25:44.123Z"});
    assert_eq!(of_type(&told, "command"), [&expected], "once, as it is now");
}
