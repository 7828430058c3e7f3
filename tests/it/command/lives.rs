//! Commands belong to one life of a device: they end when it is deleted, and a device that is registered under its id later never
//! finds one of them.

use serde_json::{Value, json};
use weir_runtime::clock::Clock as _;

use super::{COMMANDS, DISPENSER, World, path};
use crate::device::iot::Fate;
use crate::http::ask::{Ask, body, status};

/// `DELETE /devices/{id}`, which removes the shadow as well.
fn delete(world: &World) {
    world.engine.delete("devices", "id", DISPENSER);
    world.cloud.forget(DISPENSER);
}

/// `POST /devices`, now.
fn register(world: &World) {
    let device = json!({"id": DISPENSER, "enabled": true, "sensors": [], "created_at": world.clock.now().millis()});
    world.engine.put("devices", &device);
}

async fn assert_cancelled(world: &World, command: &Value) {
    let read = world.read(&command["id"]).await;
    assert_eq!((&read["state"], &read["detail"]), (&json!("CANCELLED"), &json!("the device was deleted")));
}

#[tokio::test]
async fn the_commands_of_a_device_that_was_deleted_are_cancelled_and_its_shadow_is_not_made_anew() {
    let world = World::new().await;
    // Each press tries to deliver.
    world.cloud.next("UpdateThingShadow", Fate::Refused(403));
    world.cloud.next("UpdateThingShadow", Fate::Refused(403));
    let first = world.press(600).await;
    let second = world.press(600).await;
    delete(&world);
    world.later(61);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    assert_cancelled(&world, &first).await;
    assert_cancelled(&world, &second).await;
    assert_eq!(world.cloud.shadow(DISPENSER, ""), None);
}

#[tokio::test]
async fn a_command_that_was_sent_is_cancelled_when_it_is_read_after_the_device_was_deleted() {
    let world = World::new().await;
    let (sent, waiting) = (world.press(3_600).await, world.press(86_400).await);
    assert_eq!(world.answer(&sent["id"], "ACCEPTED").await, "changed");
    delete(&world);
    assert_cancelled(&world, &waiting).await;
    assert_cancelled(&world, &sent).await;
    assert_eq!(world.queue()["places"], json!([]));
    assert_eq!(world.cloud.shadow(DISPENSER, ""), None);
}

#[tokio::test]
async fn the_sweep_cancels_what_was_sent_before_the_device_was_deleted() {
    let world = World::new().await;
    let (sent, waiting) = (world.press(3_600).await, world.press(86_400).await);
    delete(&world);
    world.later(3_602);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    let told = world.told();
    assert_eq!(told.iter().filter(|text| *text == "CANCELLED").count(), 2, "{told:?}");
    assert_cancelled(&world, &sent).await;
    assert_cancelled(&world, &waiting).await;
    assert_eq!(world.cloud.shadow(DISPENSER, ""), None);
}

#[tokio::test]
async fn a_device_that_is_registered_again_gets_no_command_of_its_former_life() {
    let world = World::new().await;
    let (sent, waiting) = (world.press(3_600).await, world.press(86_400).await);
    delete(&world);
    world.later(600);
    register(&world);
    world.later(3_600);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    assert_eq!(world.asked(), None, "the second one was meant for the former device");
    assert_cancelled(&world, &sent).await;
    assert_cancelled(&world, &waiting).await;
    assert_eq!(world.cloud.commands(DISPENSER), [sent["id"].as_str().unwrap()]);
}

#[tokio::test]
async fn the_first_command_after_the_registration_does_not_wait_for_those_before_it() {
    let world = World::new().await;
    let (sent, waiting) = (world.press(3_600).await, world.press(86_400).await);
    delete(&world);
    world.later(60);
    register(&world);
    // The process that enters it has a slow clock.
    world.later(-5);
    let new = world.press(60).await;
    assert_eq!((&new["state"], world.asked().as_ref()), (&json!("SENT"), Some(&new["id"])));
    world.later(10);
    assert_eq!(world.read(&new["id"]).await["state"], "SENT");
    assert_cancelled(&world, &sent).await;
    assert_cancelled(&world, &waiting).await;
}

#[tokio::test]
async fn a_command_of_the_former_life_is_cancelled_wherever_somebody_comes_across_it() {
    for how in ["list", "read", "cancel"] {
        let world = World::new().await;
        let sent = world.press(3_600).await;
        delete(&world);
        world.later(60);
        register(&world);
        let ask = match how {
            "list" => Ask::new("GET", COMMANDS),
            "read" => Ask::new("GET", &path(&sent["id"])),
            _ => Ask::new("DELETE", &path(&sent["id"])),
        };
        let answer = world.ask(ask).await;
        assert_eq!(status(&answer), 200, "{how}");
        let shown = if how == "list" { body(&answer)["items"][0].clone() } else { body(&answer) };
        assert_eq!(shown["detail"], "the device was deleted", "{how}: {shown}");
        assert_eq!(world.queue()["places"], json!([]), "{how}");
    }
}
