//! The simulated dispenser with the function, without faults: it executes its commands.

use fleet_sim::simulate::dispenser::Firmware;
use serde_json::{Value, json};
use weir_runtime::clock::Clock as _;

use super::{DISPENSER, World};

/// The device looks into its shadow and says what it has to say; the function hears it.
async fn looks(world: &World, firmware: &mut Firmware) {
    let command = world.cloud.shadow(DISPENSER, "/state/desired/command");
    let said = command.and_then(|command| firmware.find(&command, world.clock.now().seconds()));
    says(world, said).await;
}

async fn says(world: &World, said: Option<Value>) {
    if let Some(said) = said {
        let event = world.report(&said["command"]);
        world.hear(event).await;
    }
}

#[tokio::test]
async fn three_presses_are_three_drinks_in_their_order() {
    let (world, mut firmware) = (World::new().await, Firmware::default());
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.press(60).await["id"].clone());
    }
    for id in &ids {
        looks(&world, &mut firmware).await;
        assert_eq!(world.read(id).await["state"], "ACCEPTED");
        assert!(firmware.is_busy());
        let done = firmware.done();
        says(&world, done).await;
        assert_eq!(world.read(id).await["state"], "SUCCEEDED");
    }
    assert_eq!(world.asked(), None);
}

#[tokio::test]
async fn a_dispenser_that_lost_its_power_says_so_and_goes_on_with_the_next_command() {
    let (world, mut firmware) = (World::new().await, Firmware::default());
    let (first, second) = (world.press(60).await, world.press(60).await);
    looks(&world, &mut firmware).await;
    let said = firmware.restart();
    says(&world, said).await;
    let failed = world.read(&first["id"]).await;
    assert_eq!((&failed["state"], &failed["detail"]), (&json!("FAILED"), &json!("interrupted by a restart")));
    looks(&world, &mut firmware).await;
    assert_eq!(world.read(&second["id"]).await["state"], "ACCEPTED");
}

#[tokio::test]
async fn a_dispenser_whose_answer_was_lost_says_it_again_when_it_looks() {
    let (world, mut firmware) = (World::new().await, Firmware::default());
    let pressed = world.press(60).await;
    let command = world.cloud.shadow(DISPENSER, "/state/desired/command").unwrap();
    firmware.find(&command, world.clock.now().seconds());
    firmware.done();
    looks(&world, &mut firmware).await;
    assert_eq!(world.read(&pressed["id"]).await["state"], "SUCCEEDED");
}
