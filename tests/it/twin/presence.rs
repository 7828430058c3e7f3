//! The connection state of devices, from events in any order, and in responses of the API.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::Interlude;

use super::{connection, hand, ids, state};
use crate::device::World;
use crate::http::ask::{Ask, body, status};

const BEGIN: i64 = NOW.millis() - 900_000;

/// Three sessions of a device: the second takes over the first, and the third ends.
fn told() -> Vec<Value> {
    vec![
        connection("buoy-01", "connected", 1, BEGIN),
        connection("buoy-01", "connected", 2, BEGIN + 60_000),
        connection("buoy-01", "disconnected", 1, BEGIN + 60_040),
        connection("buoy-01", "disconnected", 2, BEGIN + 120_000),
        connection("buoy-01", "connected", 3, BEGIN + 180_000),
    ]
}

#[tokio::test]
async fn in_any_order_and_twice_each_is_an_event_once_and_the_last_is_the_state() {
    for seed in 0..60 {
        let world = World::registered().await;
        let (functions, mut rng) = (Functions::over(&world.engine), Rng::with_seed(seed));
        let mut messages = [told(), told()].concat();
        rng.shuffle(&mut messages);
        for message in messages {
            hand(&functions, message).await;
        }
        let expected = [
            "connected-0000000001",
            "connected-0000000002",
            "connected-0000000003",
            "disconnected-0000000001",
            "disconnected-0000000002",
        ];
        assert_eq!(ids(&world.engine), expected.map(|id| format!("buoy-01 {id}")), "seed {seed}");
        let since = Timestamp::from_millis(BEGIN + 180_000);
        assert_eq!(state(&world.engine, "buoy-01").await, Some(("connected".to_owned(), 3, since)), "seed {seed}");
    }
}

#[tokio::test]
async fn messages_at_the_same_moment_leave_the_newest() {
    for _ in 0..10 {
        let world = World::registered().await;
        let functions = Arc::new(Functions::over(&world.engine));
        let handed = told().into_iter().map(|message| hand(&functions, message));
        futures_util::future::join_all(handed).await;
        assert_eq!(state(&world.engine, "buoy-01").await.unwrap().1, 3);
        assert_eq!(ids(&world.engine).len(), 5);
    }
}

async fn get(world: &World, path: &str) -> Value {
    let answer = world.function().answer(Ask::new("GET", path).admin().event()).await.unwrap();
    assert_eq!(status(&answer), 200, "{path}: {answer}");
    body(&answer)
}

fn listed(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_device_shows_its_connection_and_lists_are_filtered_by_it() {
    let world = World::registered().await;
    let functions = Functions::over(&world.engine);
    assert_eq!(get(&world, "/devices/buoy-01").await.get("connection"), None, "it never was");
    hand(&functions, connection("buoy-01", "connected", 1, BEGIN)).await;
    for (device, at) in [("kloaka-03", 10), ("kloaka-11", 20), ("buoy-02", 30)] {
        hand(&functions, connection(device, "connected", 1, BEGIN + at)).await;
        hand(&functions, connection(device, "disconnected", 1, BEGIN + 1_000 + at)).await;
    }
    let shown = get(&world, "/devices/buoy-01").await;
    let since = weir_core::wire::time::text(Timestamp::from_millis(BEGIN)).unwrap();
    assert_eq!(shown["connection"], json!({"state": "connected", "since": since}));
    let gone = get(&world, "/devices/kloaka-03").await;
    assert_eq!(gone["connection"]["reason"], "CONNECTION_LOST");
    for (query, expected) in [
        ("connected=false", vec!["buoy-02", "kloaka-03", "kloaka-11"]),
        ("connected=false&enabled=true", vec!["kloaka-03", "kloaka-11"]),
        ("connected=false&tube=0", vec!["kloaka-03"]),
        ("connected=true", vec!["buoy-01"]),
        ("connected=true&enabled=false", vec![]),
    ] {
        let page = get(&world, &format!("/devices?{query}")).await;
        assert_eq!(listed(&page), expected, "{query}");
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["connection"]["state"].is_string()));
        // Page by page.
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let page = get(&world, &format!("/devices?{query}&limit=1{next}")).await;
            found.extend(listed(&page).into_iter().map(str::to_owned));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&next={cursor}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "{query} by one");
    }
    // Whoever sees some devices only.
    let ask = Ask::new("GET", "/devices?connected=false").user("buoy-01 kloaka-11").event();
    assert_eq!(listed(&body(&world.function().answer(ask).await.unwrap())), ["kloaka-11"]);
}

#[tokio::test]
async fn a_device_that_is_read_again_shows_a_connection_that_has_changed_since() {
    let world = World::registered().await;
    let functions = Functions::over(&world.engine);
    hand(&functions, connection("buoy-01", "connected", 1, BEGIN)).await;
    let ask = Ask::new("GET", "/devices/buoy-01").admin().header("if-none-match", "\"3\"").event();
    assert_eq!(status(&world.function().answer(ask.clone()).await.unwrap()), 200, "it may have changed");
    // What was read can be written back as it is, whatever the connection is by then.
    let shown = get(&world, "/devices/buoy-01").await;
    hand(&functions, connection("buoy-01", "disconnected", 1, BEGIN + 5_000)).await;
    let put = Ask::new("PUT", "/devices/buoy-01").admin().json(&shown).event();
    let answer = world.function().answer(put).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
}

#[tokio::test]
async fn the_connection_of_a_device_is_forgotten_with_it_and_what_comes_later_is_ignored() {
    let world = World::registered().await;
    let functions = Functions::over(&world.engine);
    hand(&functions, connection("buoy-01", "connected", 1, BEGIN)).await;
    let delete = Ask::new("DELETE", "/devices/buoy-01").admin().event();
    assert_eq!(status(&world.function().answer(delete).await.unwrap()), 204);
    assert_eq!(state(&world.engine, "buoy-01").await, None);
    let later = hand(&functions, connection("buoy-01", "disconnected", 1, BEGIN + 60_000)).await;
    assert_eq!((later, state(&world.engine, "buoy-01").await), (json!({"outcome": "ignored"}), None));
    // Its log stays, with the deletion.
    assert_eq!(ids(&world.engine), ["buoy-01 connected-0000000001", "buoy-01 device-4"]);
}

#[tokio::test]
async fn a_device_that_is_deleted_while_its_connection_is_on_its_way_leaves_no_connection() {
    for known in [false, true] {
        // Before its event is written, and before its state is.
        for (operation, nth) in [("PutItem", 1), ("PutItem", 2), ("TransactWriteItems", 1)] {
            let world = Arc::new(World::registered().await);
            if known {
                hand(&Functions::over(&world.engine), connection("buoy-01", "connected", 1, BEGIN)).await;
            }
            let (inside, count) = (Arc::clone(&world), Arc::new(AtomicUsize::new(0)));
            let wire = Interlude::new(operation, nth, move || {
                let (world, now) = (Arc::clone(&inside), count.fetch_add(1, Ordering::SeqCst) + 1 == nth);
                Box::pin(async move {
                    if now {
                        let delete = Ask::new("DELETE", "/devices/buoy-01").admin().event();
                        assert_eq!(status(&world.function().answer(delete).await.unwrap()), 204);
                    }
                })
            });
            let wire = Arc::new(wire);
            let client = world.engine.client_over(wire.clone());
            let functions = Functions::by(&world.engine, &client, &Settings::default());
            let handed = hand(&functions, connection("buoy-01", "disconnected", 1, BEGIN + 60_000)).await;
            let here = format!("before {operation} {nth}, known: {known}");
            if wire.left() > 0 {
                assert_eq!(handed["outcome"], "newest", "{here}: it was not deleted");
                continue;
            }
            assert_eq!(
                (&handed["outcome"], state(&world.engine, "buoy-01").await),
                (&json!("ignored"), None),
                "{here}"
            );
        }
    }
}
