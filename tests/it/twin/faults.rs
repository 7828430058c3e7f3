//! Kills and failures at every request: after a redelivery each event exists once, and the connection state is right.

use serde_json::Value;
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::functions::{Functions, NOW, Settings};

use super::{connection, ids, shadow, state};
use crate::device::World;
use crate::http::ask::Ask;

const BEGIN: i64 = NOW.millis() - 900_000;

fn messages() -> Vec<Value> {
    vec![
        connection("buoy-01", "connected", 1, BEGIN),
        shadow("buoy-01", 7, 1, BEGIN / 1000),
        connection("buoy-01", "disconnected", 1, BEGIN + 60_000),
        connection("buoy-01", "connected", 2, BEGIN + 50_000),
    ]
}

#[tokio::test]
async fn a_message_that_breaks_anywhere_is_made_good_by_the_next_delivery() {
    let mut broken = 0;
    for how in Break::ALL {
        for at in 0..40 {
            let world = World::registered().await;
            let wire = Breaking::new(at, how);
            let functions = Functions::by(&world.engine, &world.engine.client_once(wire.clone()), &Settings::default());
            let good = Functions::over(&world.engine);
            let here = format!("{how:?} of request {at}");
            for message in messages() {
                let handed = wire.run(functions.twin.answer(message.clone())).await;
                // Killed or failed: Lambda delivers it again.
                if !matches!(handed, Some(Ok(_))) {
                    good.twin.answer(message).await.unwrap();
                }
            }
            let expected =
                ["connected-0000000001", "connected-0000000002", "disconnected-0000000001", "reported-0000000007"];
            assert_eq!(ids(&world.engine), expected.map(|id| format!("buoy-01 {id}")), "{here}");
            let (state, version, _) = state(&world.engine, "buoy-01").await.unwrap();
            assert_eq!((state.as_str(), version), ("connected", 2), "{here}");
            if !wire.broke() {
                break;
            }
            broken += 1;
        }
    }
    assert!(broken > 50, "only {broken} requests were broken");
}

/// A change and its event are there together, or neither is.
#[tokio::test]
async fn a_change_of_a_person_that_breaks_anywhere_is_there_with_its_event_or_not_at_all() {
    let asks = || {
        [
            Ask::new("PUT", "/devices/buoy-01/settings").admin().json(&serde_json::json!({"led": 1})),
            Ask::new("PATCH", "/devices/buoy-01")
                .admin()
                .json(&serde_json::json!({"name": "N", "settings": {"led": 1}})),
            Ask::new("POST", "/devices").admin().json(&serde_json::json!({"id": "new-01"})),
            Ask::new("POST", "/devices/buoy-01/sensors/ph/calibrations")
                .admin()
                .json(&serde_json::json!({"model": "identity"})),
            Ask::new("DELETE", "/devices/buoy-01").admin(),
        ]
    };
    for (number, ask) in asks().into_iter().enumerate() {
        for how in Break::ALL {
            for at in 0..12 {
                let world = World::registered().await;
                let before =
                    world.engine.rows_without("devices", &["certificates", "due", "lease", "pending", "delivered"]);
                let events = world.engine.rows("events");
                let wire = Breaking::new(at, how);
                let function = world.function_over_once(wire.clone());
                let _ = wire.run(function.answer(ask.clone().event())).await;
                let after =
                    world.engine.rows_without("devices", &["certificates", "due", "lease", "pending", "delivered"]);
                let told = world.engine.rows("events") != events;
                assert_eq!(told, before != after, "request {number}, {how:?} at {at} ({})", wire.what());
                if !wire.broke() {
                    break;
                }
            }
        }
    }
}
