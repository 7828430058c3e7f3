//! Interruptions at each await of the function and at each of its requests, before and after its effect. In the end every transition was
//! sent at least once, and exactly once to a receiver that checks the ids.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::poll_fn;
use serde_json::{Value, json};
use weir_core::id::SubscriptionId;
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::events::event;
use weir_tests::pump::stream_record;
use weir_tests::receiver::Hook;

use super::{ANN, Over, World, function};

/// The subscriptions of every run, so that their ids are alike.
fn ids() -> [SubscriptionId; 2] {
    ["1", "2"].map(|digit| digit.repeat(32).parse().unwrap())
}

/// What happens in every run: the problem opens and ends twice, and the batch of each change is delivered.
const VALUES: [f64; 4] = [3.0, 9.0, 3.0, 9.0];

async fn world() -> World {
    let world = World::new().await;
    for id in ids() {
        world.subscribe_as(ANN, id, &world.hook()).await;
    }
    world
}

fn batch() -> Value {
    let record = stream_record("1", json!({"problem_id": {"S": "buoy-01:do:low-oxygen"}}));
    json!({"Records": [record]})
}

/// Each transition of each subscription, in the order in which a receiver sees it for the first time.
fn seen(hooks: &[Hook]) -> BTreeMap<String, Vec<(String, String)>> {
    let (mut ids, mut seen) = (BTreeSet::new(), BTreeMap::<String, Vec<(String, String)>>::new());
    for hook in hooks {
        let subscription = hook.body["data"]["subscription"].as_str().unwrap().to_owned();
        for (id, transition, _) in hook.notices() {
            if ids.insert(id.clone()) {
                seen.entry(subscription.clone()).or_default().push((transition, id));
            }
        }
    }
    seen
}

/// Lets everything that waits be sent.
async fn settled(world: &World) -> Vec<Hook> {
    let mut hooks = world.receiver.take();
    for _ in 0..4 {
        world.later(1_800);
        world.swept().await;
        hooks.extend(world.receiver.take());
    }
    hooks
}

/// What is told when nothing goes wrong.
async fn expected() -> BTreeMap<String, Vec<(String, String)>> {
    let mut world = world().await;
    for value in VALUES {
        world.later(60);
        world.judged(value).await;
        world.notify.answer(batch()).await.unwrap();
    }
    let seen = seen(&settled(&world).await);
    let transitions: Vec<Vec<_>> =
        seen.values().map(|told| told.iter().map(|(transition, _)| transition.as_str()).collect()).collect();
    assert_eq!(transitions, [["opened", "resolved", "opened", "resolved"]; 2]);
    seen
}

/// The work up to its nth await; whether it was done before.
async fn up_to<T>(awaits: usize, work: impl Future<Output = T>) -> bool {
    let (mut work, mut left) = (pin!(work), awaits);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => {
            left = left.saturating_sub(1);
            if left == 0 { Poll::Ready(false) } else { Poll::Pending }
        }
    })
    .await
}

#[tokio::test]
async fn killed_at_any_await_everything_is_told_and_in_order() {
    let expected = expected().await;
    let (mut awaits, mut killed) = (1, 0);
    loop {
        let mut world = world().await;
        let mut done = true;
        for value in VALUES {
            world.later(60);
            world.judged(value).await;
            let over = over(&world, None);
            let notify = function(&over, world.alert.functions.clock.clone());
            if !up_to(awaits, notify.answer(batch())).await {
                (done, killed) = (false, killed + 1);
                // The mapping delivers it again.
                world.notify.answer(batch()).await.unwrap();
            }
        }
        // So may the schedule be.
        world.later(61);
        up_to(awaits, world.notify.answer(event("notify", "sweep"))).await;
        assert_eq!(seen(&settled(&world).await), expected, "killed at await {awaits}");
        if done {
            assert!(killed > 60, "killed {killed} times");
            return;
        }
        awaits += 1 + awaits / 12;
    }
}

fn over<'a>(world: &'a World, wire: Option<&Arc<Breaking>>) -> Over<'a> {
    let engine = &world.alert.engine;
    let client = wire.map_or_else(|| engine.client(), |wire| engine.client_once(wire.clone()));
    Over {
        engine,
        client,
        pool: world.people.pool(),
        mailbox: &world.mailbox,
        mail_wire: None,
        lookup: ::notify::system_lookup(),
        loopback: true,
    }
}

#[tokio::test]
async fn whichever_request_fails_before_or_after_its_effect_everything_is_told_and_in_order() {
    let expected = expected().await;
    let mut broken = BTreeMap::<String, usize>::new();
    for how in Break::ALL {
        for at in 0.. {
            let mut world = world().await;
            let mut broke = false;
            for (number, value) in VALUES.into_iter().enumerate() {
                world.later(60);
                world.judged(value).await;
                // One change of the four meets the fault: another one for each request.
                if number != at % VALUES.len() {
                    world.notify.answer(batch()).await.unwrap();
                    continue;
                }
                let wire = Breaking::new(at, how);
                let over = over(&world, Some(&wire));
                let notify = function(&over, world.alert.functions.clock.clone());
                let answer = wire.run(notify.answer(batch())).await;
                broke = wire.broke();
                *broken.entry(wire.what()).or_default() += usize::from(broke);
                // Unless it said that all is well, the mapping delivers it again.
                if !answer.is_some_and(|answer| answer.is_ok_and(|answer| answer == json!({"batchItemFailures": []}))) {
                    world.notify.answer(batch()).await.unwrap();
                }
            }
            assert_eq!(seen(&settled(&world).await), expected, "{how:?} at request {at}");
            if !broke {
                break;
            }
        }
    }
    let operations: Vec<_> = broken.keys().map(String::as_str).filter(|what| !what.is_empty()).collect();
    assert_eq!(operations, ["GetItem", "Query", "TransactWriteItems"], "{broken:?}");
    assert!(broken.values().sum::<usize>() > 60, "{broken:?}");
}

#[tokio::test]
async fn a_mail_that_was_sent_before_its_answer_was_lost_comes_again_and_nothing_is_lost() {
    for how in [Break::LostBefore, Break::LostAfter, Break::KilledBefore, Break::KilledAfter] {
        let mut world = World::new().await;
        world.subscribe(ANN, &json!({"channel": {"email": {}}})).await;
        world.later(60);
        world.judged(3.0).await;
        let wire = Breaking::new(0, how);
        let over = Over { mail_wire: Some(wire.clone()), ..over(&world, None) };
        let notify = function(&over, world.alert.functions.clock.clone());
        let _ = wire.run(notify.answer(batch())).await;
        assert!(wire.broke());
        world.later(61);
        world.swept().await;
        let mails = world.mailbox.take().len();
        let sent = usize::from(matches!(how, Break::LostAfter | Break::KilledAfter));
        assert_eq!(mails, 1 + sent, "{how:?}");
    }
}
