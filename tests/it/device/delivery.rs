//! The guarantee of delivery: after any fault, the device ends with the newest settings, and never returns to older ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::device::{Delivery, Sweep, publish};
use serde_json::{Value, json};
use weir_aws::device::{Lease, LeaseToken, RecordedDelivery};
use weir_core::wire::device::DeliveryJson as State;
use weir_runtime::Until;
use weir_tests::wire::Ledger;

use super::iot::Fate;
use super::{NOW, World, device};

/// What is to be seen once version `version` with these settings is delivered.
async fn assert_delivered(world: &World, version: u64, settings: &Value) {
    let message = json!({"version": version, "settings": settings});
    assert_eq!(world.cloud.retained("b"), Some(message.clone()));
    assert_eq!(world.cloud.shadow("b", "/state/desired"), Some(message));
    assert!(world.delivered("b").await);
    let row = world.engine.row("devices");
    assert!(row.get("pending").is_none() && row.get("lease").is_none() && row.get("due").is_none(), "{row}");
    assert_ascending(&world.cloud.versions("b"));
}

fn assert_ascending(versions: &[u64]) {
    assert!(versions.is_sorted(), "an older version came after a newer one: {versions:?}");
}

/// After an attempt without an end, the sweep delivers when the lease is over, and not before.
async fn heals_after_the_lease(world: &World, delivery: &Delivery) {
    assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep::default(), "the attempt may still arrive");
    world.later(31);
    assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 1, pending: 0 });
}

#[tokio::test]
async fn new_settings_are_retained_and_desired_in_the_same_version() {
    let (world, first) = (World::new().await, json!({"every": 60, "deep": {"a": 1, "b": 2}}));
    world.create("b", &json!({"settings": first})).await;
    let delivery = world.delivery();
    assert_eq!(delivery.deliver(&device("b")).await, State::Delivered);
    assert_delivered(&world, 1, &first).await;
    let second = json!({"deep": {"b": 3}, "list": [1]});
    world.set("b", &second).await;
    assert_eq!(delivery.deliver(&device("b")).await, State::Delivered);
    assert_delivered(&world, 2, &second).await;
    assert_eq!(delivery.deliver(&device("b")).await, State::Delivered, "nothing is left to do");
    assert_eq!(world.cloud.versions("b"), [1, 2]);
}

#[tokio::test]
async fn a_refused_publish_is_tried_again_by_the_sweep() {
    for operation in ["Publish", "GetThingShadow", "UpdateThingShadow"] {
        let world = World::new().await;
        world.create("b", &json!({"settings": {"a": 1}})).await;
        let delivery = world.delivery();
        world.cloud.next(operation, Fate::Refused(403));
        assert_eq!(delivery.deliver(&device("b")).await, State::Pending, "{operation}");
        assert!(!world.delivered("b").await);
        assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep::default(), "{operation}: not at once");
        world.later(61);
        assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 1, pending: 0 }, "{operation}");
        assert_delivered(&world, 1, &json!({"a": 1})).await;
    }
}

#[tokio::test]
async fn a_refused_message_does_not_keep_the_settings_from_the_shadow() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    world.cloud.next("Publish", Fate::Refused(403));
    assert_eq!(world.delivery().deliver(&device("b")).await, State::Pending);
    assert_eq!(world.cloud.shadow("b", "/state/desired/version"), Some(json!(1)));
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_repeated_when_it_cannot_arrive_any_more() {
    for operation in ["Publish", "GetThingShadow", "UpdateThingShadow"] {
        for fate in [Fate::Lost, Fate::Unanswered, Fate::Misreported, Fate::Refused(503)] {
            let world = World::new().await;
            world.create("b", &json!({"settings": {"a": 1}})).await;
            let delivery = world.delivery();
            world.cloud.next(operation, fate);
            assert_eq!(delivery.deliver(&device("b")).await, State::Pending, "{operation} {fate:?}");
            heals_after_the_lease(&world, &delivery).await;
            assert_delivered(&world, 1, &json!({"a": 1})).await;
        }
    }
}

#[tokio::test]
async fn what_arrives_late_never_comes_after_something_newer() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    let delivery = world.delivery();
    world.cloud.next("Publish", Fate::Late);
    assert_eq!(delivery.deliver(&device("b")).await, State::Pending);
    // Newer settings do not push past the message that nobody knows the whereabouts of.
    world.set("b", &json!({"a": 2})).await;
    assert_eq!(delivery.deliver(&device("b")).await, State::Pending);
    assert_eq!(world.cloud.versions("b"), [0_u64; 0]);
    world.later(25);
    world.cloud.let_in();
    assert_eq!(world.cloud.versions("b"), [1]);
    world.later(6);
    assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 1, pending: 0 });
    assert_eq!(world.cloud.versions("b"), [1, 2]);
    assert_delivered(&world, 2, &json!({"a": 2})).await;
}

#[tokio::test]
async fn a_late_change_of_the_shadow_finds_another_version_and_is_refused() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    let delivery = world.delivery();
    assert_eq!(delivery.deliver(&device("b")).await, State::Delivered);
    world.set("b", &json!({"a": 2})).await;
    world.cloud.next("UpdateThingShadow", Fate::Late);
    assert_eq!(delivery.deliver(&device("b")).await, State::Pending);
    world.set("b", &json!({"a": 3})).await;
    heals_after_the_lease(&world, &delivery).await;
    // Later than any lease lasts.
    world.cloud.let_in();
    assert_delivered(&world, 3, &json!({"a": 3})).await;
}

#[tokio::test]
async fn a_function_killed_between_the_write_and_the_publish_is_made_good_by_the_sweep() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    // Killed before it asked for the lease.
    assert!(!world.delivered("b").await);
    assert_eq!(world.delivery().sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 1, pending: 0 });
    assert_delivered(&world, 1, &json!({"a": 1})).await;
    // Killed with the lease in its hand.
    world.set("b", &json!({"a": 2})).await;
    let now = weir_runtime::clock::Clock::now(world.clock.as_ref());
    let killed = LeaseToken::random();
    let lease = world.devices().lease(&device("b"), &killed, now, now.plus_seconds(30)).await.unwrap();
    assert!(matches!(lease, Lease::Acquired(pending) if pending.version == 2));
    heals_after_the_lease(&world, &world.delivery()).await;
    assert_delivered(&world, 2, &json!({"a": 2})).await;
    // What it would still have said counts for nothing.
    assert_eq!(world.devices().record_delivery(&device("b"), &killed, 2).await.unwrap(), RecordedDelivery::Delivered);
    world.set("b", &json!({"a": 3})).await;
    assert_eq!(world.devices().record_delivery(&device("b"), &killed, 2).await.unwrap(), RecordedDelivery::LeaseLost);
    assert!(!world.delivered("b").await);
}

#[tokio::test]
async fn a_function_killed_after_the_publish_publishes_the_same_once_more() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    let killed = LeaseToken::random();
    let pending = match world.devices().lease(&device("b"), &killed, NOW, NOW.plus_seconds(30)).await.unwrap() {
        Lease::Acquired(pending) => pending,
        other => panic!("{other:?}"),
    };
    publish(&world.cloud.iot(), &device("b"), &pending).await.unwrap();
    heals_after_the_lease(&world, &world.delivery()).await;
    assert_eq!(world.cloud.versions("b"), [1, 1]);
    assert_delivered(&world, 1, &json!({"a": 1})).await;
}

#[tokio::test]
async fn settings_that_change_while_they_are_delivered_are_delivered_again() {
    let world = Arc::new(World::new().await);
    world.create("b", &json!({"settings": {"a": 1}})).await;
    let (inside, once) = (Arc::clone(&world), Arc::new(AtomicBool::new(true)));
    let iot = world.cloud.iot_with(Arc::new(move |operation| {
        let (world, now) = (Arc::clone(&inside), operation == "Publish" && once.swap(false, Ordering::SeqCst));
        Box::pin(async move {
            if now {
                world.set("b", &json!({"a": 2})).await;
                // Whoever wrote them leaves the delivery to the one who is at it.
                assert_eq!(world.delivery().deliver(&device("b")).await, State::Pending);
            }
        })
    }));
    let delivery = Delivery::new(world.devices(), iot, world.certificates(), world.clock.clone());
    assert_eq!(delivery.deliver(&device("b")).await, State::Delivered);
    assert_eq!(world.cloud.versions("b"), [1, 2]);
    assert_delivered(&world, 2, &json!({"a": 2})).await;
}

#[tokio::test]
async fn of_many_at_once_each_version_goes_out_in_order_and_the_newest_last() {
    let world = Arc::new(World::new().await);
    world.create("b", &json!({"settings": {"a": 0}})).await;
    let writers = (1..=20).map(|value| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            world.set("b", &json!({"a": value})).await;
            world.delivery().deliver(&device("b")).await
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    // Who came last may have left it to one whose rounds were used up.
    world.delivery().sweep(Until::NEVER).await.unwrap();
    let newest = world.engine.row("devices")["settings"].as_str().unwrap().to_owned();
    assert_delivered(&world, 21, &serde_json::from_str(&newest).unwrap()).await;
    assert!(world.cloud.versions("b").len() <= 21);
}

#[tokio::test]
async fn a_device_that_reports_at_the_same_time_does_not_stop_the_shadow() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    world.cloud.report("b", &json!({"settings": {"a": 0}, "version": 0}));
    world.cloud.next("UpdateThingShadow", Fate::AfterAReport);
    world.cloud.next("UpdateThingShadow", Fate::AfterAReport);
    assert_eq!(world.delivery().deliver(&device("b")).await, State::Delivered);
    assert_delivered(&world, 1, &json!({"a": 1})).await;
    assert_eq!(world.cloud.shadow("b", "/state/reported/uptime"), Some(json!(1)), "the report is kept");
}

#[tokio::test]
async fn the_largest_settings_fit_into_the_shadow_twice() {
    let world = World::new().await;
    let largest = json!({"a": "x".repeat(4_000 - 8)});
    assert_eq!(largest.to_string().len(), 4_000);
    world.create("b", &json!({"settings": largest})).await;
    assert_eq!(world.delivery().deliver(&device("b")).await, State::Delivered);
    // The device's report is as large again; the stand-in for AWS IoT fails the test above 8 KB.
    world.cloud.report("b", &json!({"version": 1, "settings": largest}));
    assert_delivered(&world, 1, &largest).await;
}

#[tokio::test]
async fn deleting_a_device_clears_its_message_and_its_shadow_whatever_fails() {
    for (operation, fate) in
        [("Publish", Fate::Lost), ("DeleteThingShadow", Fate::Unanswered), ("DeleteThingShadow", Fate::Fine)]
    {
        let world = World::new().await;
        world.create("b", &json!({"settings": {"a": 1}})).await;
        let delivery = world.delivery();
        assert_eq!(delivery.deliver(&device("b")).await, State::Delivered);
        world.remove("b").await;
        world.cloud.next(operation, fate);
        if delivery.deliver(&device("b")).await == State::Pending {
            heals_after_the_lease(&world, &delivery).await;
        }
        assert_eq!((world.cloud.retained("b"), world.cloud.shadow("b", "/state")), (None, None));
        let row = world.engine.row("devices");
        assert!(row.get("pending").is_none() && row["version"] == 2, "{row}");
    }
}

#[tokio::test]
async fn a_device_registered_again_is_not_cleared_by_the_end_of_the_last_one() {
    let world = World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    let delivery = world.delivery();
    assert_eq!(delivery.deliver(&device("b")).await, State::Delivered);
    world.remove("b").await;
    world.cloud.next("Publish", Fate::Late);
    assert_eq!(delivery.deliver(&device("b")).await, State::Pending);
    world.create("b", &json!({"settings": {"a": 2}})).await;
    assert_eq!(delivery.deliver(&device("b")).await, State::Pending, "the clearing message may still arrive");
    world.cloud.let_in();
    heals_after_the_lease(&world, &delivery).await;
    assert_eq!(world.cloud.versions("b"), [1, 0, 3]);
    let message = json!({"version": 3, "settings": {"a": 2}});
    assert_eq!(world.cloud.retained("b"), Some(message.clone()));
    assert_eq!(world.cloud.shadow("b", "/state/desired"), Some(message));
}

#[tokio::test]
async fn one_device_that_cannot_be_reached_does_not_hold_up_the_others() {
    let world = World::new().await;
    for id in ["a", "b", "c"] {
        world.create(id, &json!({"settings": {"a": 1}})).await;
    }
    world.cloud.next("Publish", Fate::Refused(400));
    assert_eq!(world.delivery().sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 2, pending: 1 });
    world.later(61);
    assert_eq!(world.delivery().sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 1, pending: 0 });
}

#[tokio::test]
async fn a_sweep_with_nothing_to_do_is_one_query() {
    let world = World::new().await;
    world.create("b", &json!({})).await;
    assert_eq!(world.delivery().deliver(&device("b")).await, State::Delivered);
    world.cloud.asked();
    let ledger = Arc::new(Ledger::default());
    let devices =
        weir_aws::device::DeviceTable::new(world.engine.client_over(ledger.clone()), world.engine.name("devices"));
    let delivery = Delivery::new(devices, world.cloud.iot(), world.certificates(), world.clock.clone());
    assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep::default());
    assert_eq!(ledger.operations(), ["Query devices"]);
    assert!(world.cloud.asked().is_empty());
}
