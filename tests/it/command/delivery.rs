//! The delivery recovers from any fault: in the end the shadow contains the command in flight or none, and it never returns to an older
//! one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use weir_aws::lease::LeaseToken;
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;

use super::{COMMANDS, DISPENSER, World};
use crate::device::iot::Fate;
use crate::http::ask::{Ask, body, status};

/// Nothing is left to do: the shadow is as the queue wants it.
fn assert_settled(world: &World, asked: Option<&Value>) {
    assert_eq!(world.asked().as_ref(), asked);
    let queue = world.queue();
    for attribute in ["pending", "due", "lease"] {
        assert!(queue.get(attribute).is_none(), "{attribute}: {queue}");
    }
}

#[tokio::test]
async fn what_aws_iot_refuses_is_sent_by_the_sweep_a_minute_later() {
    for operation in ["GetThingShadow", "UpdateThingShadow"] {
        let world = World::new().await;
        world.cloud.next(operation, Fate::Refused(403));
        let pressed = world.press(600).await;
        assert_eq!(pressed["state"], "QUEUED", "{operation}");
        assert_eq!(world.sweep().await, json!({"settled": 0, "pending": 0}), "{operation}: not at once");
        world.later(61);
        assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}), "{operation}");
        assert_settled(&world, Some(&pressed["id"]));
        assert_eq!(world.read(&pressed["id"]).await["state"], "SENT");
    }
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_repeated_when_it_cannot_arrive_any_more() {
    for operation in ["GetThingShadow", "UpdateThingShadow"] {
        for fate in [Fate::Lost, Fate::Unanswered, Fate::Misreported, Fate::Refused(503)] {
            let world = World::new().await;
            world.cloud.next(operation, fate);
            let pressed = world.press(600).await;
            assert_eq!(pressed["state"], "QUEUED", "{operation} {fate:?}");
            world.later(29);
            assert_eq!(world.sweep().await["settled"], 0, "{operation} {fate:?}: the lease is held");
            world.later(2);
            assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}), "{operation} {fate:?}");
            assert_settled(&world, Some(&pressed["id"]));
            assert_eq!(world.told(), ["QUEUED", "SENT"]);
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_while_an_attempt_without_an_answer_may_still_arrive() {
    let world = World::new().await;
    world.cloud.next("UpdateThingShadow", Fate::Late);
    let first = world.press(600).await;
    world.cloud.asked();
    let second = world.press(600).await;
    assert_eq!(status(&world.cancel(&first["id"]).await), 200);
    assert!(world.cloud.asked().is_empty(), "whoever comes meanwhile leaves it alone");
    world.later(25);
    world.cloud.let_in();
    assert_eq!(world.asked().as_ref(), Some(&first["id"]), "it arrives late, and was cancelled meanwhile");
    world.later(6);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    assert_settled(&world, Some(&second["id"]));
}

#[tokio::test]
async fn a_report_of_the_device_in_between_is_no_hindrance() {
    let world = World::new().await;
    world.cloud.next("UpdateThingShadow", Fate::AfterAReport);
    assert_eq!(world.press(60).await["state"], "SENT");
    assert_eq!(world.cloud.shadow(DISPENSER, "/state/reported/uptime"), Some(json!(1)));
}

#[tokio::test]
async fn a_function_that_was_killed_with_the_lease_leaves_the_delivery_to_the_sweep() {
    let world = World::new().await;
    world.cloud.next("GetThingShadow", Fate::Refused(403));
    let pressed = world.press(600).await;
    world.later(61);
    let (now, killed) = (world.clock.now(), LeaseToken::random());
    let commands = weir_aws::command::CommandTable::new(world.engine.client(), world.engine.name("commands"));
    let lease = commands.lease(&DISPENSER.parse().unwrap(), &killed, now, now.plus_seconds(30)).await.unwrap();
    assert!(matches!(lease, weir_aws::command::QueueLease::Acquired(_)));
    assert_eq!(world.sweep().await["settled"], 0);
    world.later(31);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    assert_settled(&world, Some(&pressed["id"]));
    // What it would still have said counts for nothing.
    commands.postpone(&DISPENSER.parse().unwrap(), &killed, now).await.unwrap();
    assert_settled(&world, Some(&pressed["id"]));
}

#[tokio::test]
async fn a_late_change_of_the_shadow_does_not_bring_an_old_command_back() {
    let world = World::new().await;
    let first = world.press(600).await;
    world.cloud.next("UpdateThingShadow", Fate::Late);
    let second = world.press(600).await;
    // The removal of the first one is under way when nobody waits for it any more.
    assert_eq!(world.answer(&first["id"], "SUCCEEDED").await, "changed");
    world.later(31);
    world.sweep().await;
    assert_settled(&world, Some(&second["id"]));
    assert_eq!(world.answer(&second["id"], "SUCCEEDED").await, "changed");
    world.cloud.let_in();
    assert_settled(&world, None);
}

#[tokio::test]
async fn a_command_that_expires_while_aws_iot_is_away_is_never_sent() {
    let world = World::new().await;
    world.cloud.next("UpdateThingShadow", Fate::Lost);
    let first = world.press(20).await;
    let second = world.press(600).await;
    world.later(31);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    assert_settled(&world, Some(&second["id"]));
    let expired = world.read(&first["id"]).await;
    assert_eq!((&expired["state"], expired.get("sent_at")), (&json!("EXPIRED"), None));
}

#[tokio::test]
async fn the_sweep_finds_what_is_over_and_sends_the_next_one() {
    let world = World::new().await;
    let (first, second) = (world.press(10).await, world.press(10).await);
    let third = world.press(600).await;
    world.later(10);
    world.sweep().await;
    assert_eq!(world.asked().as_ref(), Some(&first["id"]), "its last second is not over");
    world.later(2);
    assert_eq!(world.sweep().await, json!({"settled": 1, "pending": 0}));
    assert_settled(&world, Some(&third["id"]));
    for over in [&first, &second] {
        assert_eq!(world.read(&over["id"]).await["state"], "EXPIRED");
    }
    world.later(700);
    world.sweep().await;
    assert_settled(&world, None);
    assert_eq!(world.sweep().await, json!({"settled": 0, "pending": 0}), "nothing is left to look at");
}

#[tokio::test]
async fn what_changes_while_it_is_delivered_is_delivered_again() {
    let world = Arc::new(World::new().await);
    let (inside, once) = (Arc::clone(&world), Arc::new(AtomicBool::new(true)));
    let iot = world.cloud.iot_with(Arc::new(move |operation| {
        let (world, now) =
            (Arc::clone(&inside), operation == "UpdateThingShadow" && once.swap(false, Ordering::SeqCst));
        Box::pin(async move {
            if now {
                let cancelled = world.cancel(&json!("1795155884123")).await;
                assert_eq!(status(&cancelled), 200, "whoever cancels leaves the delivery to the one who is at it");
            }
        })
    }));
    let press = Ask::new("POST", COMMANDS).json(&json!({"name": "dispense"})).user(DISPENSER).event();
    let answer = world.function_by(&world.engine.client(), iot).answer(press).await.unwrap();
    assert_eq!(body(&answer)["state"], "CANCELLED");
    assert_settled(&world, None);
}

#[tokio::test]
async fn many_presses_at_once_are_sent_one_after_the_other() {
    let world = Arc::new(World::new().await);
    let presses = (0..12).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.press(600).await })
    });
    let mut ids = Vec::new();
    for press in presses.collect::<Vec<_>>() {
        ids.push(press.await.unwrap()["id"].clone());
    }
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 12);
    for id in &ids {
        if world.asked().as_ref() != Some(id) {
            world.later(31);
            world.sweep().await;
        }
        assert_eq!(world.asked().as_ref(), Some(id));
        assert_eq!(world.answer(id, "SUCCEEDED").await, "changed");
    }
    assert_settled(&world, None);
    assert!(world.cloud.commands(DISPENSER).is_sorted(), "none came back");
}

#[tokio::test]
async fn a_command_for_which_the_shadow_has_no_room_fails_and_the_next_one_is_sent() {
    let world = World::new().await;
    world.cloud.report(DISPENSER, &json!({"settings": {"text": "x".repeat(4_500)}}));
    let large = json!({"name": "print", "args": {"text": "x".repeat(2_000)}});
    let answer = world.ask(Ask::new("POST", COMMANDS).json(&large)).await;
    assert_eq!((status(&answer), &body(&answer)["state"]), (202, &json!("FAILED")));
    assert!(body(&answer)["detail"].as_str().unwrap().contains("does not fit into the shadow"));
    assert_eq!(world.asked(), None);
    assert_eq!(world.press(60).await["state"], "SENT");
}
