//! `GET /overview`: the states of many devices.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_core::domain::presence::{Connection, Presence};
use weir_core::domain::reading::{Quality, Reading};
use weir_runtime::Function as _;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::{Cost, Meter};

use super::{World, ids};
use crate::device::device;
use crate::http::ask::{Ask, body, status};
use crate::reading::{reading, write};

async fn page(world: &World, ask: Ask) -> Value {
    let answer = world.ask(ask).await;
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)
}

#[tokio::test]
async fn a_device_is_shown_with_its_connection_its_level_and_its_open_problems() {
    let world = World::operated().await;
    let since = NOW.plus_seconds(-60);
    let connection =
        Connection { state: Presence::Disconnected, since, reason: Some("CONNECTION_LOST".into()), version: 3 };
    let devices = DeviceTable::new(world.engine.client(), world.engine.name("devices"));
    world.engine.events().set_first_connection(&devices, &device("kloaka-03"), &connection).await.unwrap();
    let shown = page(&world, Ask::new("GET", "/overview").admin()).await;
    assert_eq!(ids(&shown), ["buoy-01", "kloaka-01", "kloaka-03"]);
    assert_eq!(shown["next"], Value::Null);

    let at = |seconds: i64| NOW.seconds() + seconds;
    let open = |id: &str, kind: &str, status: &str, began: i64| json!({"problem_id": id, "problem": kind, "problem_status": status, "problem_time": at(began)});
    let buoy = &shown["items"][0];
    assert_eq!((&buoy["problems"], &buoy["connection"], &buoy["level"]), (&json!([]), &Value::Null, &Value::Null));
    let first = &shown["items"][1];
    assert_eq!(first["level"], json!({"last_value": "100", "last_update": at(-900)}));
    assert_eq!(first["problems"], json!([open("0102", "OBSTRUCTION", "UNRESOLVED", -800)]));
    // 0304 is over; 0203 belongs to this one although it begins at 02.
    let third = &shown["items"][2];
    assert_eq!(third["problems"], json!([open("0203", "PROBLEM", "ACKNOWLEDGED", -700)]));
    assert_eq!(third["connection"]["state"], "disconnected");
    assert_eq!((&third["level_id"], &third["enabled"]), (&json!("03"), &json!(true)));
}

#[tokio::test]
async fn the_last_reading_is_the_newest_of_all_sensors() {
    let world = World::operated().await;
    let sensors = json!([{"code": "tmp", "unit": "°C"}, {"code": "ph", "unit": "pH"}, {"code": "do", "unit": "mg/L"}]);
    world.register_as("pond-01", &json!({"sensors": sensors})).await;
    world.register_as("pond-02", &json!({"sensors": [{"code": "ph"}], "level_id": "01"})).await;
    let of = |sensor: &str, seconds: i64| reading("pond-01", sensor, NOW.plus_seconds(seconds), 7.5, "pH");
    write(&world.engine, &[of("tmp", -90), of("ph", -60), of("ph", -120)]).await;
    write(&world.engine, &[Reading { quality: Quality::OutOfRange, ..of("do", -30) }, of("ph", -30)]).await;
    // Of a sensor that it no longer has.
    write(&world.engine, &[of("ec", -5), reading("pond-02", "ph", NOW.plus_seconds(-1_000), 7.0, "pH")]).await;
    let shown = page(&world, Ask::new("GET", "/overview").admin()).await;
    let last = |id: &str| {
        let device = shown["items"].as_array().unwrap().iter().find(|device| device["id"] == id).unwrap();
        ["sensor", "value", "unit", "quality"].map(|field| device["reading"][field].clone())
    };
    // Two were measured at one instant: that of the sensor that comes first in the list.
    assert_eq!(last("pond-01"), ["ph".into(), json!(7.5), "pH".into(), "good".into()]);
    // Its level is newer than its other sensor, and is that of `kloaka-01` too.
    for id in ["pond-02", "kloaka-01"] {
        assert_eq!(last(id), ["filling".into(), json!(100.0), "%".into(), "good".into()], "{id}");
    }
    assert_eq!(last("buoy-01"), [Value::Null, Value::Null, Value::Null, Value::Null]);
}

#[tokio::test]
async fn where_readings_are_kept_in_timestream_it_is_not_asked() {
    let world = World::operated().await;
    let meter = Arc::new(Meter::default());
    let flow = Functions::flow_beside_timestream(&world.engine, &world.engine.client_over(meter.clone()));
    let shown = body(&flow.answer(Ask::new("GET", "/overview").admin().event()).await.unwrap());
    assert_eq!(ids(&shown), ["buoy-01", "kloaka-01", "kloaka-03"]);
    assert!(shown["items"].as_array().unwrap().iter().all(|device| device.get("reading").is_none()), "{shown}");
    assert!(!meter.take().contains_key("readings"));
}

#[tokio::test]
async fn a_page_ends_before_the_device_with_the_257th_sensor() {
    let world = World::new().await;
    let sensors = |count: usize| (0..count).map(|number| json!({"code": format!("s{number}")})).collect::<Vec<_>>();
    for (id, count) in [("a", 64), ("b", 63), ("c", 64), ("d", 64), ("e", 1), ("f", 1), ("g", 64)] {
        world.register_as(id, &json!({"sensors": sensors(count)})).await;
    }
    let meter = Arc::new(Meter::default());
    let client = world.engine.client_over(meter.clone());
    let functions = Functions::by(&world.engine, &client, &Settings::default());
    for user in [None, Some("a b c d e f g")] {
        let (mut next, mut pages) = (String::new(), Vec::new());
        loop {
            meter.take();
            let ask = Ask::new("GET", &format!("/overview{next}"));
            let ask = user.map_or_else(|| ask.clone().admin(), |devices| ask.clone().user(devices));
            let shown = body(&functions.flow.answer(ask.event()).await.unwrap());
            let found: Vec<String> = ids(&shown).into_iter().map(str::to_owned).collect();
            pages.push((found.concat(), meter.take()["readings"].requests));
            let Some(cursor) = shown["next"].as_str() else { break };
            next = format!("?next={cursor}");
        }
        assert_eq!(pages, [("abcde".to_owned(), 256), ("fg".to_owned(), 65)], "{user:?}");
    }
}

#[tokio::test]
async fn it_has_the_devices_of_the_caller_page_by_page() {
    let world = World::operated().await;
    for (path, user, expected) in [
        ("/overview?limit=1", Some("kloaka-03 buoy-01 kloaka-77"), vec!["buoy-01", "kloaka-03"]),
        ("/overview?limit=2", None, vec!["buoy-01", "kloaka-01", "kloaka-03"]),
        ("/overview?limit=2", Some("*"), vec!["buoy-01", "kloaka-01", "kloaka-03"]),
        ("/overview?limit=1", Some(""), vec![]),
    ] {
        let (mut found, mut next) = (Vec::new(), String::new());
        for _ in 0..5 {
            let ask = Ask::new("GET", &format!("{path}{next}"));
            let shown =
                page(&world, user.map_or_else(|| ask.clone().admin(), |devices| ask.clone().user(devices))).await;
            found.extend(ids(&shown).into_iter().map(str::to_owned));
            let Some(cursor) = shown["next"].as_str() else { break };
            next = format!("&next={cursor}");
        }
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn the_cost_of_a_page_does_not_grow_with_the_tables() {
    let mut costs = Vec::new();
    for others in [0, 40] {
        let world = World::operated().await;
        for number in 0..others {
            world.register(&format!("other-{number}"), None).await;
            world.turned(&format!("9{number:03}"), 100, -900).await;
        }
        let earlier = |number: i64| reading("01", "filling", NOW.plus_seconds(-1_000 - number), 50.0, "%");
        write(&world.engine, &(0..10 * others).map(earlier).collect::<Vec<_>>()).await;
        let meter = Arc::new(Meter::default());
        let client = world.engine.client_over(meter.clone());
        let functions = Functions::by(&world.engine, &client, &Settings::default());
        let ask = || Ask::new("GET", "/overview?limit=2").admin().event();
        // The first request reads the registry's links, which are then cached.
        functions.flow.answer(ask()).await.unwrap();
        meter.take();
        let answer = functions.flow.answer(ask()).await.unwrap();
        assert_eq!(ids(&body(&answer)), ["buoy-01", "kloaka-01"]);
        let cost = meter.take();
        // The keys of the page and two rows; a level; a query for each device, two pairs and a silence; two connections; and a
        // query of one row for the only sensor, which is a level.
        let read = cost.values().map(|cost| cost.read).sum::<f64>();
        assert!(read <= 10.5, "{cost:?}");
        let Cost { requests, read, rows, .. } = cost["readings"];
        assert_eq!((requests, read, rows), (1, 0.5, 1));
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
}
