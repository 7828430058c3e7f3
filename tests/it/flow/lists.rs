//! Lists: contents, order, pages, and the cost of a page.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir_runtime::Function as _;
use weir_tests::pump::stream_record;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::Meter;
use weir_tests::wire::Interlude;

use super::{World, ids};
use crate::http::ask::{Ask, body, status};

/// All pages of a list, joined.
async fn whole(world: &World, path: &str, limit: usize, devices: &str) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let ask = Ask::new("GET", &format!("{path}{joint}limit={limit}{next}"));
        let answer = world.ask(if devices == "admin" { ask.admin() } else { ask.user(devices) }).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        let page = body(&answer);
        assert!(ids(&page).len() <= limit);
        all.extend(ids(&page).into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => return all,
        }
    }
}

/// Tubes 0 and A with eight sensors each, and `A5` and `A6` at a junction. Every second sensor is registered.
async fn pipes() -> World {
    let world = World::new().await;
    world.engine.link("A5", &["01", "A6"]);
    for tube in ["0", "A"] {
        for number in 0..8 {
            let id = format!("{tube}{number}");
            if number % 2 == 0 {
                world.register(&format!("kloaka-{id}"), Some(&id)).await;
            }
            let level = [100, 50, 50, 0, 0, 100, 0, 0][number];
            world.turned(&id, level, i64::try_from(number).unwrap() - 900).await;
        }
    }
    world
}

#[tokio::test]
async fn levels_go_by_id_through_every_filter_and_page() {
    let world = pipes().await;
    let every: Vec<String> = ["0", "A"].iter().flat_map(|tube| (0..8).map(move |n| format!("{tube}{n}"))).collect();
    for limit in [1, 3, 16, 200] {
        assert_eq!(whole(&world, "/levels", limit, "admin").await, every, "{limit}");
        assert_eq!(whole(&world, "/levels?tube=A", limit, "*").await, every[8..], "{limit}");
        assert_eq!(whole(&world, "/levels?tube=9", limit, "admin").await, [""; 0]);
        let own = "kloaka-A2 kloaka-00 kloaka-04 buoy-01 kloaka-01 kloaka-77";
        assert_eq!(whole(&world, "/levels", limit, own).await, ["00", "04", "A2"], "{limit}");
        assert_eq!(whole(&world, "/levels?tube=A", limit, own).await, ["A2"], "{limit}");
        assert_eq!(whole(&world, "/levels", limit, "buoy-01").await, [""; 0]);
    }
}

#[tokio::test]
async fn open_problems_come_first_and_newest_first_through_every_filter_and_page() {
    let world = pipes().await;
    world.patch("0203", &json!({"problem_status": "ACKNOWLEDGED"})).await;
    world.patch("A0A1", &json!({"problem_status": "RESOLVED"})).await;
    world.patch("0001", &json!({"problem_status": "RESOLVED"})).await;
    // Problems of the same second are ordered by id. A5 flows into 01 as well.
    let open = ["A5A6", "0506", "A501", "A4A5", "0405", "A2A3", "0203"];
    let resolved = ["A0A1", "0001"];
    let every = [&open[..], &resolved[..]].concat();
    let since = NOW.seconds() - 895;
    for limit in [1, 2, 3, 5, 200] {
        assert_eq!(whole(&world, "/problems", limit, "admin").await, every, "{limit}");
        assert_eq!(whole(&world, "/problems?status=UNRESOLVED", limit, "admin").await, open[..6], "{limit}");
        assert_eq!(whole(&world, "/problems?status=ACKNOWLEDGED", limit, "admin").await, ["0203"]);
        assert_eq!(whole(&world, "/problems?status=RESOLVED", limit, "admin").await, resolved);
        assert_eq!(whole(&world, &format!("/problems?since={since}"), limit, "admin").await, open[..5], "{limit}");
        let none = format!("/problems?status=RESOLVED&since={since}");
        assert_eq!(whole(&world, &none, limit, "admin").await, [""; 0]);
        // The problem of a pair is visible with either sensor.
        let own = whole(&world, "/problems", limit, "kloaka-A6 kloaka-02 kloaka-00").await;
        assert_eq!(own, ["A5A6", "0203", "0001"], "{limit}");
        assert_eq!(whole(&world, "/problems?status=ACKNOWLEDGED", limit, "kloaka-02 kloaka-A6").await, ["0203"]);
        assert_eq!(whole(&world, &format!("/problems?since={since}"), limit, "kloaka-02 kloaka-A6").await, ["A5A6"]);
    }
}

#[tokio::test]
async fn a_scoped_list_has_exactly_the_items_that_its_caller_may_read() {
    let world = pipes().await;
    let every = whole(&world, "/problems", 200, "admin").await;
    for devices in ["kloaka-A4", "kloaka-00 kloaka-A2", "kloaka-06 kloaka-A6 kloaka-04", "buoy-01"] {
        let mut readable = BTreeSet::new();
        for id in &every {
            let answer = world.ask(Ask::new("GET", &format!("/problems/{id}")).user(devices)).await;
            readable.extend((status(&answer) == 200).then(|| id.clone()));
        }
        let listed: BTreeSet<_> = whole(&world, "/problems", 2, devices).await.into_iter().collect();
        assert_eq!(listed, readable, "{devices}");
    }
}

#[tokio::test]
async fn a_cursor_is_valid_only_for_its_own_list_and_filters_and_scope() {
    let world = pipes().await;
    for (list, others) in [
        ("/levels?tube=0", ["/levels?tube=A", "/levels?", "/problems?"]),
        ("/problems?status=UNRESOLVED", ["/problems?status=RESOLVED", "/problems?", "/problems?since=978307200"]),
    ] {
        let page = world.get(&format!("{list}&limit=1")).await;
        let next = page["next"].as_str().unwrap();
        for other in others {
            let answer = world.ask(Ask::new("GET", &format!("{other}&next={next}")).admin()).await;
            assert_eq!(status(&answer), 400, "{list} {other}");
        }
        let scoped = world.ask(Ask::new("GET", &format!("{list}&next={next}")).user("kloaka-00")).await;
        assert_eq!(status(&scoped), 400, "{list}");
    }
}

/// Many sensors with problems, and a `flow` whose requests are metered.
async fn many(sensors: u16) -> (Engine, Functions, Arc<Meter>) {
    let engine = Engine::start().await;
    let functions = Functions::over(&engine);
    let ids: Vec<String> = (0..sensors).map(|number| format!("0{number:03}")).collect();
    for (id, place) in ids.iter().zip(0_i64..) {
        let at = NOW.plus_seconds(place - 900).millis();
        let event = json!({"id": id, "filling": (place % 2) * 50, "ts": at, "received_at": NOW.millis()});
        functions.organizer.answer(event).await.unwrap();
    }
    let record = |id: &String| stream_record(id, json!({"id": {"S": id}}));
    functions.detector.answer(json!({"Records": ids.iter().map(record).collect::<Vec<_>>()})).await.unwrap();
    let meter = Arc::new(Meter::default());
    let functions = Functions::by(&engine, &engine.client_over(meter.clone()), &Settings::default());
    (engine, functions, meter)
}

#[tokio::test]
async fn the_cost_of_a_page_depends_on_its_items_and_not_on_the_table() {
    for sensors in [60, 240] {
        let (_engine, functions, meter) = many(sensors).await;
        let page = async |path: &str| -> Value {
            body(&functions.flow.answer(Ask::new("GET", path).admin().event()).await.unwrap())
        };
        let mut next = String::new();
        for _ in 0..5 {
            let read = page(&format!("/levels?limit=10{next}")).await;
            let cost = meter.take();
            assert_eq!(ids(&read).len(), 10);
            // A query of half a unit for each of 8 partitions, seldom one or two more, and 10 rows of one read unit each.
            assert!((9..=11).contains(&cost["levels"].requests) && cost.len() == 1, "{cost:?}");
            assert!(cost["levels"].read <= 15.0, "{cost:?}");
            next = format!("&next={}", read["next"].as_str().unwrap());
        }
        let mut next = String::new();
        for filter in ["", "&status=UNRESOLVED"] {
            for _ in 0..4 {
                let read = page(&format!("/problems?limit=10{filter}{next}")).await;
                let cost = meter.take();
                assert_eq!(ids(&read).len(), 10);
                // Eight partitions of each of two statuses, seldom one or two queries more, and the rows.
                assert!(cost["problems"].requests <= 19 && cost.len() == 1, "{cost:?}");
                assert!(cost["problems"].read <= 19.0, "{cost:?}");
                next = format!("&next={}", read["next"].as_str().unwrap());
            }
            next = String::new();
        }
    }
}

#[tokio::test]
async fn the_cost_of_a_scoped_page_depends_on_the_scope_and_not_on_the_table() {
    let mut costs = Vec::new();
    for sensors in [60, 240] {
        let (engine, functions, meter) = many(sensors).await;
        engine.put("devices", &json!({"id": "kloaka", "enabled": true, "level_id": "0007", "sensors": []}));
        // The first request reads the registry's links, which are then cached.
        functions.flow.answer(Ask::new("GET", "/problems?limit=1").user("kloaka").event()).await.unwrap();
        meter.take();
        let answer = functions.flow.answer(Ask::new("GET", "/problems?limit=1").user("kloaka").event()).await.unwrap();
        assert_eq!(ids(&body(&answer)), ["00070008"]);
        let cost = meter.take();
        assert_eq!((cost["devices"].rows, cost["problems"].rows), (1, 3), "two pairs and a silence: {cost:?}");
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn a_problem_that_changes_while_a_list_is_read_is_in_it_once() {
    let world = World::new().await;
    world.turned("01", 100, -900).await;
    world.turned("02", 50, -800).await;
    let (other, asked) = (Arc::new(Functions::over(&world.engine)), AtomicUsize::new(0));
    // Open problems are queried by their two statuses, each in eight partitions, then resolved ones; the problem is resolved in
    // between.
    let resolved = move || -> BoxFuture<'static, ()> {
        let (other, last) = (other.clone(), asked.fetch_add(1, Ordering::SeqCst) == 16);
        Box::pin(async move {
            if last {
                let ask = Ask::new("PATCH", "/problems/0102").admin().json(&json!({"problem_status": "RESOLVED"}));
                assert_eq!(status(&other.flow.answer(ask.event()).await.unwrap()), 200);
            }
        })
    };
    let interlude = Arc::new(Interlude::new("Query", 17, resolved));
    let client = world.engine.client_over(interlude.clone());
    let functions = Functions::by(&world.engine, &client, &Settings::default());
    let answer = functions.flow.answer(Ask::new("GET", "/problems").admin().event()).await.unwrap();
    assert_eq!((status(&answer), interlude.left()), (200, 0), "{answer}");
    let page = body(&answer);
    assert_eq!((ids(&page), &page["items"][0]["problem_status"]), (vec!["0102"], &json!("RESOLVED")));
}
