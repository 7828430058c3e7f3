//! Receivers that are slow, broken, gone, redirecting, or at internal addresses.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::notify::{Lookup, Notify};
use serde_json::json;
use weir_aws::event::WithEvents;
use weir_core::domain::notice::Disabled;
use weir_core::wire::notice::NoticeStatus;
use weir_runtime::Function as _;
use weir_tests::receiver::Mood;

use super::{ANN, Over, World, function};

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_with_the_same_id_until_it_takes_it() {
    for mood in [Mood::Status(500), Mood::Status(404), Mood::Closes, Mood::Redirects] {
        let mut world = World::new().await;
        world.subscribe(ANN, &world.hook()).await;
        world.receiver.set(mood);
        world.later(60);
        world.measured(3.0).await;
        let first = world.receiver.take();
        assert_eq!(first.len(), 1, "{mood:?}");
        world.later(10);
        world.measured(9.0).await;
        world.swept().await;
        assert_eq!(world.receiver.take().len(), 0, "{mood:?}: not before its time, and nothing else before it");
        world.later(20);
        world.swept().await;
        let again = world.receiver.take();
        assert_eq!(again.len(), 1, "{mood:?}");
        assert_eq!((&again[0].id, &again[0].body), (&first[0].id, &first[0].body), "{mood:?}");
        assert_eq!(again[0].timestamp, world.now().seconds(), "{mood:?}: signed anew");
        world.receiver.set(Mood::Status(204));
        world.later(60);
        world.swept().await;
        assert_eq!(world.told(), ["opened", "resolved"], "{mood:?}");
    }
}

#[tokio::test]
async fn a_slow_receiver_has_five_seconds_and_an_endless_answer_is_not_read() {
    let mut world = World::new().await;
    world.subscribe(ANN, &world.hook()).await;
    world.receiver.set(Mood::Slow(Duration::from_secs(20)));
    world.later(60);
    let began = Instant::now();
    world.measured(3.0).await;
    let took = began.elapsed();
    assert!((5..8).contains(&took.as_secs()), "{took:?}");
    assert_eq!(world.told(), ["opened"]);
    world.receiver.set(Mood::Endless);
    world.later(30);
    let began = Instant::now();
    world.swept().await;
    assert!(began.elapsed().as_secs() < 3);
    assert_eq!(world.told(), ["opened"]);
    assert_eq!(world.notices().list(NoticeStatus::Sent, 9, None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_receiver_that_is_gone_ends_the_subscription() {
    let mut world = World::new().await;
    let stored = world.subscribe(ANN, &world.hook()).await;
    world.receiver.set(Mood::Status(410));
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
    let stored = world.subscriptions().find(&stored.owner, &stored.id).await.unwrap().unwrap();
    assert_eq!((stored.subscription.disabled, stored.version), (Some(Disabled::Gone), 2));
    world.later(60);
    world.measured(9.0).await;
    assert_eq!(world.told(), [""; 0]);
}

#[tokio::test]
async fn after_a_day_a_notice_has_failed_and_the_next_one_is_tried() {
    let mut world = World::new().await;
    world.subscribe(ANN, &world.hook()).await;
    world.receiver.set(Mood::Status(503));
    world.later(60);
    world.measured(3.0).await;
    world.later(7_200);
    world.measured(9.0).await;
    let mut tries = Vec::new();
    for _ in 0..30 {
        tries.extend(world.told());
        world.later(3_600);
        world.swept().await;
    }
    let opened = tries.iter().filter(|told| *told == "opened").count();
    assert!((20..30).contains(&opened), "{tries:?}");
    assert!(tries.is_sorted() && tries.last().is_some_and(|last| last == "resolved"), "{tries:?}");
    let failed = world.notices().list(NoticeStatus::Failed, 9, None).await.unwrap().0;
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0].detail.as_deref(), Some("the receiver has answered 503"));
}

/// A function that resolves every name to these addresses, and may not reach this machine.
fn outside(world: &World, addresses: &[&str], loopback: bool) -> (Notify, Lookup) {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let lookup: Lookup = Arc::new(move |_| {
        let addresses = addresses.clone();
        Box::pin(async move { Ok(addresses) })
    });
    let over = Over { lookup: Arc::clone(&lookup), loopback, ..world.over() };
    (function(&over, world.alert.functions.clock.clone()), lookup)
}

#[tokio::test]
async fn an_address_that_only_the_inside_can_see_is_never_connected_to() {
    let world = World::new().await;
    let port = world.receiver.url.rsplit(':').next().unwrap().to_owned();
    let test = async |notify: &Notify, stored: &weir_aws::subscription::StoredSubscription| {
        notify.answer(json!({"test": {"owner": stored.owner, "id": stored.id}})).await.unwrap()
    };
    let named = json!({"channel": {"webhook": {"url": format!("https://hooks.example.org:{port}/")}}});
    for addresses in [
        ["127.0.0.1"].as_slice(),
        &["169.254.169.254"],
        &["::1"],
        &["fd00::1"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1"],
        // One of several is enough, in whichever place.
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
    ] {
        let (notify, _) = outside(&world, addresses, false);
        let stored = world.subscribe(ANN, &named).await;
        let answer = test(&notify, &stored).await;
        assert_eq!(answer["outcome"], "failed", "{addresses:?}: {answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains("not public"), "{addresses:?}: {detail}");
        world.subscriptions().remove(&stored, WithEvents::NONE).await.unwrap();
    }
    // In a local environment the same machine is allowed, and nothing else that is inside.
    let (notify, _) = outside(&world, &["192.168.0.1"], true);
    let stored = world.subscribe(ANN, &named).await;
    assert!(test(&notify, &stored).await["detail"].as_str().unwrap().contains("not public"));
    world.subscriptions().remove(&stored, WithEvents::NONE).await.unwrap();
    // What was subscribed when it was allowed is refused where it is not.
    let (notify, _) = outside(&world, &["127.0.0.1"], false);
    let stored = world.subscribe(ANN, &world.hook()).await;
    let answer = test(&notify, &stored).await;
    assert!(answer["detail"].as_str().unwrap().contains("must begin with https://"), "{answer}");
    assert_eq!(world.receiver.take(), []);
    // And the same name reaches the receiver where it may, so it was not something else that was in the way.
    let stored = world.subscribe(ANN, &world.hook()).await;
    assert_eq!(test(&world.notify, &stored).await, json!({"outcome": "sent"}));
    let hooks = world.receiver.take();
    assert_eq!((hooks.len(), &hooks[0].body["type"]), (1, &json!("test")));
    assert!(hooks[0].is_signed_with(stored.secret.as_ref().unwrap().text()));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    let stored = world.subscribe(ANN, &world.hook()).await;
    world.receiver.set(Mood::Redirects);
    let answer = world.notify.answer(json!({"test": {"owner": stored.owner, "id": stored.id}})).await.unwrap();
    assert!(answer["detail"].as_str().unwrap().contains("redirects are not followed"), "{answer}");
    let paths: Vec<_> = world.receiver.take().into_iter().map(|hook| hook.path).collect();
    assert_eq!(paths, ["/hook"]);
}

#[tokio::test]
async fn tests_count_among_the_notices_of_an_hour() {
    let world = World::new().await;
    let stored = world.subscribe(ANN, &world.hook()).await;
    let test = json!({"test": {"owner": stored.owner, "id": stored.id}});
    for _ in 0..20 {
        assert_eq!(world.notify.answer(test.clone()).await.unwrap()["outcome"], "sent");
    }
    assert_eq!(world.notify.answer(test.clone()).await.unwrap()["outcome"], "too_many");
    world.later(3_600);
    assert_eq!(world.notify.answer(test).await.unwrap()["outcome"], "sent");
    assert_eq!(world.receiver.take().len(), 21);
}
