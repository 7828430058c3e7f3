//! The function `event`: the log of events, for everybody who may read it.

mod access;
mod events;
mod lists;

use ::event::{Events, Parts};
use serde_json::Value;
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::Functions;

use crate::device;

/// The function over this engine.
pub fn function(engine: &Engine) -> Events {
    Events::new(Parts { events: engine.events() })
}

/// The registered devices, of which `buoy-01` has been told some things.
async fn told() -> device::World {
    let world = device::World::registered().await;
    let functions = Functions::over(&world.engine);
    for name in ["shadow", "connected", "disconnected"] {
        functions.twin.answer(weir_tests::events::event("twin", name)).await.unwrap();
    }
    let settings = crate::http::ask::Ask::new("PUT", "/devices/buoy-01/settings").admin();
    let answer: Value =
        world.function().answer(settings.json(&serde_json::json!({"led": true})).event()).await.unwrap();
    assert_eq!(crate::http::ask::status(&answer), 200, "{answer}");
    world
}
