//! The cost of events: nothing for a message of a device, one unit for the row of an event, and one for its entry in the list.

use std::sync::Arc;

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::Meter;

use super::{connection, hand, shadow};

async fn metered() -> (Engine, Functions, Arc<Meter>) {
    let engine = Engine::start().await;
    engine.register();
    let meter = Arc::new(Meter::default());
    let functions = Functions::by(&engine, &engine.client_over(meter.clone()), &Settings::default());
    (engine, functions, meter)
}

#[tokio::test]
async fn a_message_of_a_device_causes_no_event_and_no_request_to_their_table() {
    let (engine, functions, meter) = metered().await;
    functions.calibration.answer(event("calibration", "number")).await.unwrap();
    functions.organizer.answer(event("organizer", "report")).await.unwrap();
    functions.detector.answer(event("problem-detector", "sweep")).await.unwrap();
    assert!(!meter.take().contains_key("events"));
    assert!(engine.rows("events").is_empty() && !engine.rows("readings").is_empty());
}

#[tokio::test]
async fn a_connection_is_an_event_and_a_state_and_a_shadow_an_event() {
    let (_engine, functions, meter) = metered().await;
    let second = NOW.seconds() - 60;
    hand(&functions, shadow("buoy-01", 7, 1, second)).await;
    let cost = meter.take();
    assert_eq!((cost["events"].requests, cost["events"].written), (1, 2.0), "the row, and its place in the list");
    hand(&functions, connection("buoy-01", "connected", 1, second * 1000)).await;
    let cost = meter.take();
    // The event as above, and the state of the device, which is in no index while it is connected. The first one is written together
    // with a check that the device is registered.
    assert_eq!((cost["events"].requests, cost["events"].written, cost["events"].read), (3, 4.0, 1.0), "{cost:?}");
    assert_eq!((cost["devices"].written, cost["devices"].read), (2.0, 1.0), "{cost:?}");
    hand(&functions, connection("buoy-01", "connected", 2, second * 1000 + 1)).await;
    let cost = meter.take();
    assert_eq!((cost["events"].requests, cost["events"].written, cost["events"].read), (3, 3.0, 1.0), "{cost:?}");
    assert_eq!((cost["devices"].written, cost["devices"].read), (0.0, 1.0), "{cost:?}");
}

#[tokio::test]
async fn who_is_no_device_costs_one_read_and_what_changes_nothing_costs_nothing() {
    let (_engine, functions, meter) = metered().await;
    for name in ["connected.unknown-device", "shadow.unknown-device"] {
        assert_eq!(hand(&functions, event("twin", name)).await, json!({"outcome": "ignored"}));
        let cost = meter.take();
        assert_eq!((cost.len(), cost["devices"].requests, cost["devices"].read), (1, 1, 1.0), "{name}: {cost:?}");
    }
    for name in ["connected.no-device", "connect-failed", "shadow.no-device", "shadow.unchanged"] {
        hand(&functions, event("twin", name)).await;
        assert!(meter.take().is_empty(), "{name}");
    }
}
