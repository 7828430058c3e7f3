//! Concurrent replays, and kills: nothing is lost, nothing counts twice, and no removed entry returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::functions::NOW;
use weir_tests::wire::{Interlude, Outage};

use super::World;
use crate::http::ask::{Ask, status};

const TOPIC: &str = "buoy-99/reading/sensor/ph";

fn event(id: &str) -> Value {
    Ask::new("POST", &format!("/quarantine/{id}/replay")).admin().event()
}

#[tokio::test]
async fn two_replays_at_once_are_as_one() {
    let world = World::new().await;
    world.publish(TOPIC, &json!({"value": 7}), NOW).await;
    world.register("buoy-99", &["ph"]);
    let id = world.id();
    let (one, other) = (world.function(), world.function());
    let (one, other) = tokio::join!(one.answer(event(&id)), other.answer(event(&id)));
    // The slower one may find nothing left.
    let mut codes = [status(&one.unwrap()), status(&other.unwrap())];
    codes.sort_unstable();
    assert!(matches!(codes, [200, 200 | 404]), "{codes:?}");
    assert!(world.ids().is_empty());
    assert_eq!(world.engine.rows("readings").len(), 1);
}

/// The slow replay has read the entry; before its function is called, the device is registered and a quick replay accepted, or
/// a person deletes the entry. Then the slow one is refused, as of before.
async fn overtaken(by: &'static str) -> World {
    let world = World::new().await;
    world.publish(TOPIC, &json!({"value": 7}), NOW).await;
    let (id, times) = (world.id(), Arc::new(AtomicUsize::new(0)));
    let quick = Arc::new(world.function());
    let path = if by == "POST" { format!("/quarantine/{id}/replay") } else { format!("/quarantine/{id}") };
    if by == "POST" {
        world.register("buoy-99", &["ph"]);
    }
    let meanwhile = move || -> futures_util::future::BoxFuture<'static, ()> {
        let (quick, event) = (quick.clone(), Ask::new(by, &path).admin().event());
        let first = times.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            if first {
                let answer = quick.answer(event).await.unwrap();
                assert!(status(&answer) < 300, "{answer}");
            }
        })
    };
    let slow = world.function_by(world.engine.client(), &world.lambda.with(meanwhile));
    let answer = slow.answer(event(&id)).await.unwrap();
    let expected = if by == "POST" { 200 } else { 404 };
    assert_eq!(status(&answer), expected, "{answer}");
    world
}

#[tokio::test]
async fn what_another_replay_has_accepted_is_accepted_and_does_not_come_back() {
    let world = overtaken("POST").await;
    assert!(world.ids().is_empty());
    assert_eq!(world.engine.rows("readings").len(), 1);
}

#[tokio::test]
async fn what_a_person_deletes_during_a_replay_that_is_refused_does_not_come_back() {
    let world = overtaken("DELETE").await;
    assert!(world.ids().is_empty(), "{:?}", world.engine.rows("quarantine"));
    assert!(world.engine.rows("readings").is_empty());
}

#[tokio::test]
async fn killed_between_the_answer_and_the_deletion_the_entry_stands_and_the_next_replay_ends_it() {
    let world = World::new().await;
    world.publish(TOPIC, &json!({"value": 7}), NOW).await;
    world.register("buoy-99", &["ph"]);
    let id = world.id();
    let outage = Outage::of("TransactWriteItems", "quarantine");
    let killed = world.function_by(world.engine.client_over(outage.clone()), &world.lambda);
    assert_eq!(status(&killed.answer(event(&id)).await.unwrap()), 503);
    assert_eq!((world.ids(), world.engine.rows("readings").len()), (vec![id.clone()], 1));
    outage.end();
    let before = world.engine.rows("readings");
    assert_eq!(status(&killed.answer(event(&id)).await.unwrap()), 200);
    assert_eq!((world.ids(), world.engine.rows("readings")), (vec![], before));
}

#[tokio::test]
async fn an_entry_deleted_before_its_refusal_is_noted_stays_deleted() {
    let world = World::new().await;
    world.publish(TOPIC, &json!({"value": 7}), NOW).await;
    let (id, other) = (world.id(), Arc::new(world.function()));
    let (path, deleting) = (format!("/quarantine/{id}"), other);
    let act = move || -> futures_util::future::BoxFuture<'static, ()> {
        let (deleting, event) = (deleting.clone(), Ask::new("DELETE", &path).admin().event());
        Box::pin(async move {
            deleting.answer(event).await.unwrap();
        })
    };
    let wire = Arc::new(Interlude::new("TransactWriteItems", 1, act));
    let slow = world.function_by(world.engine.client_over(wire.clone()), &world.lambda);
    assert_eq!(status(&slow.answer(event(&id)).await.unwrap()), 404);
    assert_eq!(wire.left(), 0);
    assert!(world.ids().is_empty());
}
