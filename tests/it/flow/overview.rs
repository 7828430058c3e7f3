//! `GET /overview`: the states of many devices.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_core::domain::presence::{Connection, Presence};
use weir_runtime::Function as _;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::Meter;

use super::{World, ids};
use crate::device::device;
use crate::http::ask::{Ask, body, status};

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
        // The keys of the page and two rows; a level; a query for each device, two pairs and a silence; two connections.
        let read = cost.values().map(|cost| cost.read).sum::<f64>();
        assert!(read <= 10.0, "{cost:?}");
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
}
