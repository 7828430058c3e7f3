//! Settings and commands share the desired state of one shadow, and neither overwrites the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use weir_core::wire::device::DeliveryJson;
use weir_runtime::Function as _;
use weir_runtime::clock::SetClock;
use weir_tests::engine::Engine;

use super::{COMMANDS, DISPENSER, NOW, World};
use crate::device;
use crate::device::iot::{Cloud, Fate};
use crate::http::ask::{Ask, body};

/// The settings and the commands of one dispenser, over one AWS IoT.
async fn both() -> (World, device::World) {
    let commands = World::new().await;
    // Each has tables of its own; what they share is AWS IoT.
    let registry = device::World {
        engine: Engine::start().await,
        cloud: commands.cloud.clone(),
        clock: Arc::new(SetClock::new(NOW)),
    };
    registry.create(DISPENSER, &json!({"settings": {"led": true, "led_ring": {"count": 8}}})).await;
    (commands, registry)
}

fn desired(cloud: &Cloud, name: &str) -> Option<serde_json::Value> {
    cloud.shadow(DISPENSER, &format!("/state/desired/{name}"))
}

#[tokio::test]
async fn each_keeps_what_the_other_has_written() {
    let (world, registry) = both().await;
    let (settings, cloud) = (registry.delivery(), &world.cloud);
    assert_eq!(settings.deliver(&device::device(DISPENSER)).await, DeliveryJson::Delivered);
    let pressed = world.press(60).await;
    assert_eq!(desired(cloud, "settings"), Some(json!({"led": true, "led_ring": {"count": 8}})));
    registry.set(DISPENSER, &json!({"led": false})).await;
    assert_eq!(settings.deliver(&device::device(DISPENSER)).await, DeliveryJson::Delivered);
    assert_eq!(world.asked().as_ref(), Some(&pressed["id"]));
    assert_eq!((desired(cloud, "settings"), desired(cloud, "version")), (Some(json!({"led": false})), Some(json!(2))));
    world.answer(&pressed["id"], "SUCCEEDED").await;
    assert_eq!((world.asked(), desired(cloud, "settings")), (None, Some(json!({"led": false}))));
}

#[tokio::test]
async fn the_first_of_both_in_an_empty_shadow_is_kept_whoever_comes_second() {
    for settings_first in [true, false] {
        let (world, registry) = both().await;
        let device = device::device(DISPENSER);
        if settings_first {
            registry.delivery().deliver(&device).await;
        }
        let pressed = world.press(60).await;
        if !settings_first {
            registry.delivery().deliver(&device).await;
        }
        assert_eq!(world.asked().as_ref(), Some(&pressed["id"]));
        assert_eq!(desired(&world.cloud, "settings"), Some(json!({"led": true, "led_ring": {"count": 8}})));
    }
}

/// Between the read and the write of one, the other writes: the version of the shadow tells, and it reads again.
#[tokio::test]
async fn both_at_once_end_with_both() {
    let (world, registry) = both().await;
    let (registry, once) = (Arc::new(registry), Arc::new(AtomicBool::new(true)));
    registry.delivery().deliver(&device::device(DISPENSER)).await;
    registry.set(DISPENSER, &json!({"led": false, "dispense_time_ms": 900})).await;
    let inside = Arc::clone(&registry);
    let iot = world.cloud.iot_with(Arc::new(move |operation| {
        let (registry, now) =
            (Arc::clone(&inside), operation == "UpdateThingShadow" && once.swap(false, Ordering::SeqCst));
        Box::pin(async move {
            if now {
                registry.delivery().deliver(&device::device(DISPENSER)).await;
            }
        })
    }));
    let press = Ask::new("POST", COMMANDS).json(&json!({"name": "dispense"})).user(DISPENSER).event();
    let answer = world.function_by(&world.engine.client(), iot).answer(press).await.unwrap();
    assert_eq!(world.asked(), Some(body(&answer)["id"].clone()));
    assert_eq!(desired(&world.cloud, "settings"), Some(json!({"led": false, "dispense_time_ms": 900})));
}

#[tokio::test]
async fn late_changes_of_both_do_not_bring_anything_back() {
    let (world, registry) = both().await;
    let device = device::device(DISPENSER);
    registry.delivery().deliver(&device).await;
    let pressed = world.press(60).await;
    world.cloud.next("UpdateThingShadow", Fate::Late);
    registry.set(DISPENSER, &json!({"led": false})).await;
    registry.delivery().deliver(&device).await;
    world.answer(&pressed["id"], "SUCCEEDED").await;
    world.cloud.let_in();
    registry.later(31);
    registry.delivery().sweep(weir_runtime::Until::NEVER).await.unwrap();
    assert_eq!((world.asked(), desired(&world.cloud, "settings")), (None, Some(json!({"led": false}))));
}
