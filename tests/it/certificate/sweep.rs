//! Asking devices for certificate requests: in time, once a day, and within the limits on their number.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::certificate::Certificate;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::device::Registration;
use weir_aws::event::WithEvents;
use weir_aws::keys::expiring;
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::events::event;
use weir_tests::functions::{Functions, Settings};

use crate::device::iot::Fate;
use crate::device::{NOW, World, device};

pub const DAY: i64 = 86_400;

pub fn id(letter: char) -> String {
    letter.to_string().repeat(64)
}

/// A device whose certificate ends in so many days.
pub fn ending(world: &World, name: &str, days: i64, more: &Value) {
    let mut known = json!({"current": {"id": id('a'), "ends": NOW.seconds() + days * DAY}});
    for (field, value) in more.as_object().into_iter().flatten() {
        known[field] = value.clone();
    }
    world.engine.put(
        "devices",
        &json!({"id": name, "enabled": true, "sensors": [], "version": 1, "settings_version": 1, "delivered": 1,
            "listed": "enabled", "rotation": known.to_string(), "expiring": expiring(&device(name)), "renew_at": NOW.seconds()}),
    );
}

fn row(world: &World, name: &str) -> Value {
    world.engine.rows("devices").into_iter().find(|row| row["id"] == name).unwrap()
}

fn known(world: &World, name: &str) -> Value {
    serde_json::from_str(row(world, name)["rotation"].as_str().unwrap()).unwrap()
}

async fn sweep(world: &World) -> Value {
    world.certificate().answer(event("certificate", "sweep")).await.unwrap()
}

fn asked(world: &World, name: &str) -> usize {
    world.cloud.published(&format!("{name}/certificate/request")).len()
}

#[tokio::test]
async fn a_device_is_asked_from_thirty_days_before_the_end_on_once_a_day() {
    let world = World::new().await;
    ending(&world, "b", 40, &json!({}));
    assert_eq!(sweep(&world).await, json!({"looked": 1, "asked": 0, "left": false}));
    assert_eq!(row(&world, "b")["renew_at"], NOW.seconds() + 10 * DAY);
    world.later(9 * DAY);
    assert_eq!(sweep(&world).await["looked"], 0, "not before");
    world.later(DAY);
    assert_eq!(sweep(&world).await, json!({"looked": 1, "asked": 1, "left": false}));
    let message = world.cloud.published("b/certificate/request");
    assert_eq!(message[0]["certificate"], id('a'));
    assert_eq!(sweep(&world).await["looked"], 0, "once a day");
    for days in 1..=3 {
        world.later(DAY);
        assert_eq!(sweep(&world).await["asked"], 1, "day {days}");
    }
    assert_eq!((asked(&world, "b"), world.engine.rows("events").len()), (4, 4));
    // It has been away for a month: it is asked when it is back, because the message is retained.
    world.later(30 * DAY);
    assert_eq!(sweep(&world).await["asked"], 1);
    let told: BTreeSet<_> = world.engine.rows("events").iter().map(|row| row["detail"].to_string()).collect();
    assert!(told.iter().any(|detail| detail.contains("has ended")), "{told:?}");
}

#[tokio::test]
async fn a_disabled_device_is_not_asked_and_a_deleted_one_not_looked_at() {
    let world = World::new().await;
    ending(&world, "off", 5, &json!({}));
    let mut off = row(&world, "off");
    off["enabled"] = false.into();
    world.engine.put("devices", &off);
    assert_eq!(sweep(&world).await, json!({"looked": 1, "asked": 0, "left": false}));
    assert_eq!(row(&world, "off")["renew_at"], NOW.seconds() + DAY);
    ending(&world, "b", 5, &json!({}));
    world.remove("b").await;
    assert!(row(&world, "b").get("expiring").is_none(), "a deleted device leaves the index");
}

#[tokio::test]
async fn two_thousand_that_are_due_on_one_day_are_asked_by_sweeps_of_a_hundred_at_most() {
    const DEVICES: usize = 2_000;
    let world = World::new().await;
    for number in 0..DEVICES {
        ending(&world, &format!("b-{number}"), 20, &json!({}));
    }
    let (mut sweeps, mut total) = (0, 0);
    loop {
        let done = sweep(&world).await;
        let looked = done["looked"].as_u64().unwrap();
        assert!(looked <= 100 && done["asked"] == done["looked"], "{done}");
        total += usize::try_from(looked).unwrap();
        sweeps += 1;
        if done["left"] == false {
            break;
        }
        world.later(300);
    }
    assert_eq!(total, DEVICES);
    // The index has partitions, and the last page of each may be short. Ten thousand took 109 sweeps, which is nine hours.
    assert!((20..=30).contains(&sweeps), "{sweeps}");
    let topics = world.cloud.topics();
    let asked: BTreeSet<_> = topics.iter().filter(|topic| topic.ends_with("/certificate/request")).collect();
    assert_eq!((asked.len(), topics.len()), (DEVICES, DEVICES), "each once, and nothing else is published");
}

#[tokio::test]
async fn one_that_cannot_be_asked_keeps_none_of_the_others_and_is_asked_an_hour_later() {
    let world = World::new().await;
    for name in ["b-1", "b-2", "b-3"] {
        ending(&world, name, 20, &json!({}));
    }
    world.cloud.next("Publish", Fate::Refused(503));
    assert_eq!(sweep(&world).await, json!({"looked": 3, "asked": 2, "left": false}));
    assert_eq!(
        sweep(&world).await,
        json!({"looked": 0, "asked": 0, "left": false}),
        "it is not the first of every sweep"
    );
    world.later(3_600);
    assert_eq!(sweep(&world).await, json!({"looked": 1, "asked": 1, "left": false}));
}

#[tokio::test]
async fn a_device_is_asked_to_renew_no_certificate_that_a_person_has_removed() {
    let world = World::new().await;
    ending(&world, "b", 20, &json!({"next": {"id": id('b'), "ends": NOW.seconds() + 800 * DAY}}));
    let (devices, removed) = (world.devices(), id('a').parse().unwrap());
    let Registration::Device(stored) = devices.find(&device("b")).await.unwrap() else { panic!("no device") };
    let remove = async || {
        devices.doom_certificate(&device("b"), &removed, &stored.rotation, NOW, WithEvents::NONE).await.unwrap()
    };
    assert_eq!(remove().await, WriteOutcome::Done);
    assert_eq!((&known(&world, "b")["current"], &known(&world, "b")["next"]["id"]), (&Value::Null, &json!(id('b'))));
    assert_eq!(row(&world, "b")["doomed"], json!([id('a')]));
    assert_eq!(remove().await, WriteOutcome::Overtaken, "what was read of the row is no longer true");
    assert_eq!(sweep(&world).await, json!({"looked": 1, "asked": 0, "left": false}));
    assert_eq!(asked(&world, "b"), 0);
}

#[tokio::test]
async fn a_sweep_that_is_killed_anywhere_is_made_good_by_the_next_one() {
    let mut broken = 0;
    for how in Break::ALL {
        for at in 0..20 {
            let world = World::new().await;
            ending(&world, "b", 20, &json!({}));
            let wire = Breaking::new(at, how);
            let function = world.certificate_by(world.engine.client_once(wire.clone()));
            let _ = wire.run(function.answer(event("certificate", "sweep"))).await;
            sweep(&world).await;
            // Where something was refused, it is looked at again in an hour.
            let put_off = row(&world, "b")["renew_at"] == NOW.seconds() + 3_600;
            let waited = if put_off { 3_600 } else { 0 };
            world.later(waited);
            sweep(&world).await;
            let here = format!("{how:?} of request {at} ({})", wire.what());
            assert!((1..=2).contains(&asked(&world, "b")), "{here}");
            assert_eq!(world.engine.rows("events").len(), 1, "{here}");
            assert_eq!(row(&world, "b")["renew_at"], NOW.seconds() + waited + DAY, "{here}");
            if !wire.broke() {
                break;
            }
            broken += 1;
        }
    }
    assert!(broken > 10, "only {broken}");
}

/// A function before whose requests to AWS IoT this attribute of the row of `b` gets this value.
fn overtaken(world: &World, attribute: &'static str, value: AttributeValue) -> Certificate {
    let (client, table) = (world.engine.client(), world.engine.name("devices"));
    let iot = world.cloud.iot_with(Arc::new(move |_| {
        let change = client.update_item().table_name(&table).key("id", AttributeValue::S("b".to_owned()));
        let change =
            change.update_expression("SET #changed = :value").expression_attribute_names("#changed", attribute);
        let change = change.expression_attribute_values(":value", value.clone());
        Box::pin(async move { drop(change.send().await.unwrap()) })
    }));
    world.certificate_with(world.engine.client(), iot)
}

#[tokio::test]
async fn a_request_that_was_published_while_the_device_went_or_connected_anew_is_taken_back() {
    for (what, taken_back) in [("deleted", true), ("replaced", true), ("next", false)] {
        let world = World::new().await;
        ending(&world, "b", 20, &json!({}));
        let new = json!({"id": id('c'), "ends": NOW.seconds() + 800 * DAY});
        let rotation = match what {
            "replaced" => json!({"current": new}),
            _ => json!({"current": known(&world, "b")["current"], "next": new}),
        };
        let (attribute, value) = match what {
            "deleted" => ("deleted_at", AttributeValue::N(NOW.millis().to_string())),
            _ => ("rotation", AttributeValue::S(rotation.to_string())),
        };
        let done = overtaken(&world, attribute, value).answer(event("certificate", "sweep")).await.unwrap();
        assert_eq!(done["asked"], 0, "{what}");
        let messages = world.cloud.published("b/certificate/request");
        assert_eq!(messages.len(), if taken_back { 2 } else { 1 }, "{what}: {messages:?}");
        assert_eq!(messages.last() == Some(&Value::Null), taken_back, "{what}: {messages:?}");
    }
}

/// AWS IoT tells that the device has connected with this certificate.
async fn connected(functions: &Functions, name: &str, with: char, version: u64) {
    let told = crate::twin::connected_with(name, &id(with), version, NOW.millis());
    functions.twin.answer(told).await.unwrap();
}

#[tokio::test]
async fn the_old_certificate_is_doomed_when_the_device_has_connected_with_the_new_one_and_not_before() {
    let world = World::new().await;
    ending(
        &world,
        "b",
        20,
        &json!({"next": {"id": id('c'), "ends": NOW.seconds() + 800 * DAY, "key": "k"}, "asked_at": 1}),
    );
    let functions = Functions::over(&world.engine);
    connected(&functions, "b", 'a', 1).await;
    assert!(
        row(&world, "b").get("doomed").is_none() && known(&world, "b")["next"]["id"] == id('c'),
        "it goes on with the old one"
    );
    connected(&functions, "b", 'c', 2).await;
    let after = row(&world, "b");
    assert_eq!((&after["doomed"], &known(&world, "b")["current"]["id"]), (&json!([id('a')]), &json!(id('c'))));
    assert!(after["certificates"].is_string() && after["pending"].is_string(), "the sweep of `device` removes it");
    // With the old one once more, before it is gone: it stays doomed.
    connected(&functions, "b", 'a', 3).await;
    connected(&functions, "b", 'c', 2).await;
    assert_eq!(
        (row(&world, "b")["doomed"].clone(), known(&world, "b")["current"]["id"].clone()),
        (json!([id('a')]), json!(id('c')))
    );
    let replaced = world.engine.rows("events").into_iter().filter(|row| row["kind"] == "certificate").count();
    assert_eq!(replaced, 1);
}

#[tokio::test]
async fn a_connection_that_is_told_in_pieces_ends_right_wherever_twin_is_killed() {
    for how in Break::ALL {
        for at in 0..20 {
            let world = World::new().await;
            ending(&world, "b", 20, &json!({"next": {"id": id('c'), "ends": NOW.seconds() + 800 * DAY}}));
            let wire: Arc<Breaking> = Breaking::new(at, how);
            let broken = Functions::by(&world.engine, &world.engine.client_once(wire.clone()), &Settings::default());
            let told = crate::twin::connected_with("b", &id('c'), 1, NOW.millis());
            let _ = wire.run(broken.twin.answer(told)).await;
            connected(&Functions::over(&world.engine), "b", 'c', 1).await;
            let here = format!("{how:?} of request {at} ({})", wire.what());
            assert_eq!(
                (&row(&world, "b")["doomed"], &known(&world, "b")["current"]["id"]),
                (&json!([id('a')]), &json!(id('c'))),
                "{here}"
            );
            let events = world.engine.rows("events").into_iter().filter(|row| row["kind"] == "certificate").count();
            assert_eq!(events, 1, "{here}");
            if !wire.broke() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_disabled_device_that_connects_all_the_same_has_its_certificates_looked_at() {
    let world = World::new().await;
    ending(&world, "off", 20, &json!({}));
    let mut off = row(&world, "off");
    off["enabled"] = false.into();
    world.engine.put("devices", &off);
    connected(&Functions::over(&world.engine), "off", 'a', 1).await;
    assert!(row(&world, "off")["certificates"].is_string());
}
