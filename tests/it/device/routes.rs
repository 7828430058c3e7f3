//! The effects of the routes: the written rows, the deliveries, and later responses.

use std::sync::Arc;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::events::event;

use super::{World, device};
use crate::http::ask::{Ask, body, status};

impl World {
    pub async fn ask(&self, ask: Ask) -> Value {
        self.function().answer(ask.event()).await.unwrap()
    }

    /// Sends a recorded event, which must succeed.
    pub async fn send(&self, name: &str) -> Value {
        let answer = self.function().answer(event("device", name)).await.unwrap();
        assert!(status(&answer) < 300, "{name}: {answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Ask::new("GET", path).admin()).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        body(&answer)
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn no_sensor_is_called_as_the_history_of_a_level_is() {
    let world = World::registered().await;
    for (method, path, body_, pointer) in [
        ("POST", "/devices", json!({"id": "03", "sensors": [{"code": "ph"}, {"code": "filling"}]}), "/sensors/1/code"),
        ("PUT", "/devices/buoy-01/sensors/filling", json!({"unit": "%"}), "/code"),
        ("PATCH", "/devices/buoy-02", json!({"sensors": [{"code": "filling"}]}), "/sensors/0/code"),
    ] {
        let answer = world.ask(Ask::new(method, path).admin().json(&body_)).await;
        assert_eq!((status(&answer), &body(&answer)["errors"][0]["pointer"]), (422, &json!(pointer)), "{answer}");
    }
}

#[tokio::test]
async fn a_device_is_registered_shown_and_delivered() {
    let world = World::registered().await;
    let answer = world.send("create").await;
    assert_eq!(
        (&answer["headers"]["location"], &answer["headers"]["etag"]),
        (&json!("/devices/buoy-09"), &json!("\"1\""))
    );
    let expected = json!({
        "id": "buoy-09", "name": "Buoy 9", "description": "at the pier",
        "location": {"latitude": 48.21, "longitude": 16.41}, "enabled": true, "history_from": "2025-11-20T06:24:44.123Z",
        "sensors": [{"code": "ph", "name": "pH", "unit": "pH", "enabled": true, "limits": {"min": 0.0, "max": 14.0}}],
        "settings": {"every": 60}, "version": 1, "created_at": "2026-11-20T06:24:44.123Z",
        "updated_at": "2026-11-20T06:24:44.123Z", "updated_by": "ann@example.com", "delivery": "delivered"
    });
    assert_eq!(body(&answer), expected);
    let mut shown = expected.clone();
    shown.as_object_mut().unwrap().remove("delivery");
    assert_eq!(world.get("/devices/buoy-09").await, shown);
    assert_eq!(world.cloud.retained("buoy-09"), Some(json!({"version": 1, "settings": {"every": 60}})));
    // What was read can be written back as it is.
    let back = world.ask(Ask::new("PUT", "/devices/buoy-09").admin().header("if-match", "\"1\"").json(&shown)).await;
    assert_eq!((status(&back), &back["headers"]["etag"]), (200, &json!("\"2\"")));
    assert_eq!(world.cloud.versions("buoy-09"), [1], "equal settings are no change");
}

#[tokio::test]
async fn refused_changes_change_nothing() {
    for name in [
        "create.refused-exists",
        "replace.refused-unknown",
        "patch.refused-unknown",
        "delete.refused-stale",
        "replace.refused-stale",
        "patch.refused-kept-field",
        "set.refused-null",
        "put-sensor.refused-unknown-device",
        "calibrate.refused-stale",
        "calibrate.refused-unknown-sensor",
        "set.refused-unknown",
    ] {
        let world = World::registered().await;
        let before = (world.engine.rows("devices"), world.engine.rows("calibrations"));
        let answer = world.function().answer(event("device", name)).await.unwrap();
        assert!(status(&answer) >= 400, "{name}");
        assert_eq!((world.engine.rows("devices"), world.engine.rows("calibrations")), before, "{name} left a trace");
    }
}

#[tokio::test]
async fn lists_show_what_the_caller_may_see_page_by_page() {
    let world = World::registered().await;
    assert_eq!(ids(&body(&world.send("list").await)), ["buoy-01", "kloaka-03", "kloaka-11", "buoy-02"]);
    let page = body(&world.send("list.page").await);
    assert_eq!(ids(&page), ["buoy-01", "kloaka-03"]);
    assert_eq!(page["next"], event("device", "list.next")["queryStringParameters"]["next"]);
    let last = body(&world.send("list.next").await);
    assert_eq!((ids(&last), last.get("next")), (vec!["kloaka-11", "buoy-02"], None));
    assert_eq!(ids(&body(&world.send("list.enabled").await)), ["buoy-02"]);
    assert_eq!(ids(&body(&world.send("list.tube").await)), ["kloaka-03"]);
    assert_eq!(ids(&body(&world.send("list.own").await)), ["buoy-01", "kloaka-03"]);
}

#[tokio::test]
async fn a_scope_is_paged_by_its_ids_also_under_filters_and_with_ids_that_nobody_has() {
    let world = World::registered().await;
    for (query, expected) in [
        ("", vec!["buoy-01", "buoy-02", "kloaka-03", "kloaka-11"]),
        ("&enabled=true", vec!["buoy-01", "kloaka-03", "kloaka-11"]),
        ("&tube=1", vec!["kloaka-11"]),
        ("&tube=7", vec![]),
    ] {
        for limit in 1..=5 {
            let (mut found, mut next) = (Vec::new(), String::new());
            loop {
                let ask = Ask::new("GET", &format!("/devices?limit={limit}{query}{next}"));
                let page =
                    body(&world.ask(ask.user("kloaka-11 kloaka-03 nobody aa zz buoy-02 buoy-01 buoy-gone")).await);
                found.extend(ids(&page).into_iter().map(str::to_owned));
                match page["next"].as_str() {
                    Some(cursor) => next = format!("&next={cursor}"),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{query} by {limit}");
        }
    }
    assert_eq!(ids(&body(&world.ask(Ask::new("GET", "/devices").user("*")).await)).len(), 4);
    // A cursor is for one list, under one set of filters.
    let page = body(&world.ask(Ask::new("GET", "/devices?limit=1").admin()).await);
    let other = format!("/devices?limit=1&enabled=true&next={}", page["next"].as_str().unwrap());
    assert_eq!(status(&world.ask(Ask::new("GET", &other).admin()).await), 400);
    let other = format!("/devices?limit=1&next={}", page["next"].as_str().unwrap());
    assert_eq!(status(&world.ask(Ask::new("GET", &other).user("buoy-01 buoy-02")).await), 400);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_delivers_what_it_set() {
    let world = World::registered().await;
    let patched = body(&world.send("patch").await);
    assert_eq!(
        (&patched["name"], &patched["settings"], patched.get("location")),
        (&json!("Patched"), &json!({"sleep": true}), None)
    );
    assert_eq!((&patched["version"], &patched["sensors"][0]["calibration"]["version"]), (&json!(4), &json!(2)));
    assert_eq!(world.cloud.retained("buoy-01"), Some(json!({"version": 2, "settings": {"sleep": true}})));
    assert_eq!(world.cloud.shadow("buoy-01", "/state/desired/settings"), Some(json!({"sleep": true})));
}

#[tokio::test]
async fn fifty_writers_at_once_with_if_match_lose_no_update() {
    let world = Arc::new(World::registered().await);
    let writer = |number: usize| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            for _ in 0..200 {
                let read = world.ask(Ask::new("GET", "/devices/buoy-02").admin()).await;
                let mut sensors = body(&read)["sensors"].as_array().unwrap().clone();
                sensors.push(json!({"code": format!("s{number}")}));
                let tag = read["headers"]["etag"].as_str().unwrap();
                let patch = Ask::new("PATCH", "/devices/buoy-02").admin().header("if-match", tag);
                match status(&world.ask(patch.json(&json!({"sensors": sensors}))).await) {
                    200 => return,
                    412 => {}
                    other => panic!("{other}"),
                }
            }
            panic!("writer {number} never got through");
        })
    };
    for writer in (0..50).map(writer).collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let device = world.get("/devices/buoy-02").await;
    assert_eq!((device["sensors"].as_array().unwrap().len(), &device["version"]), (50, &json!(51)));
}

#[tokio::test]
async fn writers_without_if_match_are_put_one_after_the_other() {
    let world = Arc::new(World::registered().await);
    let writer = |number: usize| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let path = format!("/devices/buoy-02/sensors/s{number}");
            status(&world.ask(Ask::new("PUT", &path).admin().json(&json!({}))).await)
        })
    };
    for writer in (0..10).map(writer).collect::<Vec<_>>() {
        assert_eq!(writer.await.unwrap(), 201);
    }
    assert_eq!(world.get("/devices/buoy-02").await["sensors"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_device_registered_again_goes_on_where_it_was() {
    let world = World::registered().await;
    let again = body(&world.send("create.again").await);
    assert_eq!((&again["version"], &again["sensors"][0]["calibration"]["version"]), (&json!(4), &json!(1)));
    assert_eq!(world.cloud.versions("buoy-gone"), [0, 3]);
}

#[tokio::test]
async fn deleting_a_device_leaves_its_past_and_takes_its_message_and_shadow() {
    let world = World::registered().await;
    world.cloud.report("buoy-01", &json!({"settings": {}}));
    world.engine.put("readings", &json!({"sensor": "buoy-01#ph", "at": 1_795_000_000_000_i64, "value": 7}));
    world.send("delete").await;
    assert_eq!((world.cloud.retained("buoy-01"), world.cloud.shadow("buoy-01", "/state")), (None, None));
    assert_eq!(status(&world.ask(Ask::new("GET", "/devices/buoy-01").admin()).await), 404);
    assert_eq!(world.devices().get(&device("buoy-01")).await.unwrap(), None, "its messages are unknown_device now");
    assert_eq!((world.engine.rows("readings").len(), world.engine.rows("calibrations").len()), (1, 3));
}
