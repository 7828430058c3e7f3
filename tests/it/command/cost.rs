//! The cost of a command, from the request to the last answer, as in the bill and the page about commands.

use std::sync::Arc;

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::meter::Meter;

use super::{COMMANDS, DISPENSER, World};
use crate::http::ask::{Ask, body};

#[tokio::test]
async fn a_command_that_is_accepted_and_done_costs_what_the_page_says() {
    let (world, meter) = (World::new().await, Arc::new(Meter::default()));
    let function = world.function_by(&world.engine.client_over(meter.clone()), world.cloud.iot());
    let press = || Ask::new("POST", COMMANDS).json(&json!({"name": "dispense", "args": {"ml": 30}})).user(DISPENSER);
    let pressed = body(&function.answer(press().event()).await.unwrap());
    for said in ["ACCEPTED", "SUCCEEDED"] {
        world.later(1);
        let event = world.report(&json!({"id": pressed["id"], "status": said}));
        assert_eq!(function.answer(event).await.unwrap()["outcome"], "changed");
    }
    let costs = meter.take();
    let written: f64 = costs.values().map(|cost| cost.written).sum();
    let read: f64 = costs.values().map(|cost| cost.read).sum();
    // Of the commands 30, of the events 12, both with their indexes.
    assert_eq!((written, read), (42.0, 8.0), "{costs:?}");
    let asked = world.cloud.asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[tokio::test]
async fn a_repeated_press_with_its_key_writes_nothing() {
    let (world, meter) = (World::new().await, Arc::new(Meter::default()));
    let function = world.function_by(&world.engine.client_over(meter.clone()), world.cloud.iot());
    let press =
        Ask::new("POST", COMMANDS).header("idempotency-key", "k").json(&json!({"name": "dispense"})).user(DISPENSER);
    function.answer(press.clone().event()).await.unwrap();
    meter.take();
    function.answer(press.event()).await.unwrap();
    let written: f64 = meter.take().values().map(|cost| cost.written).sum();
    assert_eq!(written, 0.0);
}
