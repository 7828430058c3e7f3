//! Faults: a function that is killed at any await, a table that throttles, and leftover rows.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{BoxFuture, poll_fn};
use serde_json::{Value, json};
use weir_core::domain::live::{Session, Visible};
use weir_runtime::Function as _;
use weir_tests::sockets::Mood;
use weir_tests::wire::{Answer, Request, Wire, refusal};

use super::{Pumps, USER, Who, World, errors, event, of_type};

/// Does the work up to its nth await; whether it was done before.
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

/// A message of a client, cut off at its nth await; whether it was done before.
async fn cut(world: &World, awaits: usize, route: &str, more: Value) -> bool {
    up_to(awaits, world.live().answer(event(route, "c1", more))).await
}

fn subscribe(topics: &[&str]) -> Value {
    json!({"body": json!({"action": "subscribe", "topics": topics}).to_string()})
}

/// Most awaits that are cut, and in which steps.
const MOST: usize = 400;

#[tokio::test(start_paused = true)]
async fn a_subscription_killed_anywhere_is_made_good_by_saying_it_again() {
    let mut awaits = 1;
    loop {
        let world = World::new().await;
        world.open("c1", USER).await;
        let done = cut(&world, awaits, "$default", subscribe(&["device/buoy-01", "tube/2"])).await;
        let told = world.subscribe("c1", &["device/buoy-01", "tube/2"]).await;
        assert_eq!(of_type(&told, "snapshot").len(), 2, "cut at await {awaits}: {told:?}");
        let (mut pumps, push) = (Pumps::of(&world), world.push());
        world.publish("buoy-01", "ph", 700.0, world.now()).await;
        pumps.run(&push).await;
        assert_eq!(world.gateway.messages("c1").len(), 1, "cut at await {awaits}");
        if done {
            assert!(awaits > 5, "nothing was cut");
            return;
        }
        assert!(awaits < MOST, "does not end");
        awaits += 1 + awaits / 8;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_killed_while_it_opens_or_closes_leaves_nothing_that_is_sent_to_or_counts_for_ever() {
    let mut awaits = 1;
    loop {
        let world = World::new().await;
        let ticket = world.ticket(USER).await;
        world.gateway.set("c1", Mood::Open);
        let opened = cut(&world, awaits, "$connect", json!({"queryStringParameters": {"ticket": ticket}})).await;
        // The ticket may be spent; another one opens the next connection.
        world.open("c2", USER).await;
        world.subscribe("c2", &["device/buoy-01"]).await;
        world.gateway.set("c2", Mood::Gone);
        let closed = up_to(awaits, world.live().answer(event("$disconnect", "c2", json!({})))).await;
        let (mut pumps, push) = (Pumps::of(&world), world.push());
        world.publish("buoy-01", "ph", 700.0, world.now()).await;
        pumps.run(&push).await;
        world.later(1_000);
        world.gateway.load();
        world.publish("buoy-01", "ph", 701.0, world.now()).await;
        pumps.run(&push).await;
        assert_eq!(world.gateway.load().0, 0, "still sent to, cut at await {awaits}");
        if opened && closed {
            return;
        }
        assert!(awaits < MOST, "does not end");
        awaits += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_killed_anywhere_shows_nothing_that_was_taken_away_and_is_made_good_by_another_ticket() {
    let narrower = Who { devices: "kloaka-west", age: 0, ..USER };
    let mut awaits = 1;
    loop {
        let world = World::new().await;
        world.open("c1", USER).await;
        world.subscribe("c1", &["device/buoy-01", "tube/2"]).await;
        let renew = json!({"action": "renew", "ticket": world.ticket(narrower).await});
        let done = cut(&world, awaits, "$default", json!({"body": renew.to_string()})).await;
        let renew = json!({"action": "renew", "ticket": world.ticket(narrower).await});
        let told = world.say("c1", &renew).await;
        assert_eq!(of_type(&told, "renewed").len(), 1, "cut at await {awaits}: {told:?}");
        let (mut pumps, push) = (Pumps::of(&world), world.push());
        world.publish("buoy-01", "ph", 700.0, world.now()).await;
        world.report("22", 20, -1).await;
        pumps.run(&push).await;
        let told = world.gateway.messages("c1");
        let types: Vec<_> = told.iter().map(|message| &message["type"]).collect();
        assert_eq!(types, ["level"], "cut at await {awaits}: {told:?}");
        if done {
            assert!(awaits > 5, "nothing was cut");
            return;
        }
        assert!(awaits < MOST, "does not end");
        awaits += 1 + awaits / 8;
    }
}

#[tokio::test(start_paused = true)]
async fn leaving_a_topic_killed_anywhere_is_made_good_by_saying_it_again() {
    let leave = json!({"action": "unsubscribe", "topics": ["device/buoy-01"]});
    let mut awaits = 1;
    loop {
        let world = World::new().await;
        world.open("c1", USER).await;
        world.subscribe("c1", &["device/buoy-01", "tube/2"]).await;
        let done = cut(&world, awaits, "$default", json!({"body": leave.to_string()})).await;
        let told = world.say("c1", &leave).await;
        assert_eq!(told, [json!({"type": "unsubscribed", "topics": ["device/buoy-01"]})], "cut at await {awaits}");
        let (mut pumps, push) = (Pumps::of(&world), world.push());
        world.publish("buoy-01", "ph", 700.0, world.now()).await;
        world.report("21", 20, -1).await;
        pumps.run(&push).await;
        let told = world.gateway.messages("c1");
        let types: Vec<_> = told.iter().map(|message| &message["type"]).collect();
        assert_eq!(types, ["level"], "cut at await {awaits}: {told:?}");
        if done {
            assert!(awaits > 2, "nothing was cut");
            return;
        }
        assert!(awaits < MOST, "does not end");
        awaits += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_killed_anywhere_is_delivered_again_and_everybody_is_told() {
    let mut awaits = 1;
    loop {
        let world = World::new().await;
        for id in ["c1", "c2", "c3"] {
            world.open(id, USER).await;
            world.subscribe(id, &["device/buoy-01"]).await;
        }
        world.gateway.set("c2", Mood::Gone);
        world.gateway.frames();
        world.publish("buoy-01", "ph", 700.0, world.now()).await;
        let mut pumps = Pumps::of(&world);
        let mut done = false;
        let calls = std::cell::Cell::new(0);
        for pump in &mut pumps.0 {
            let killed = &mut done;
            let killed = std::cell::RefCell::new(killed);
            pump.run(async |event| {
                calls.set(calls.get() + 1);
                let push = world.push();
                if calls.get() > 1 {
                    return push.answer(event).await.map_err(|error| error.to_string());
                }
                let mut answer = None;
                let ended = up_to(awaits, async { answer = Some(push.answer(event).await) }).await;
                **killed.borrow_mut() = ended;
                answer.unwrap_or_else(|| Err(weir_runtime::Retry::new("killed"))).map_err(|error| error.to_string())
            })
            .await;
        }
        let told: Vec<_> = world.gateway.frames().into_iter().map(|(id, _)| id).collect();
        for id in ["c1", "c3"] {
            assert!(told.iter().any(|to| to == id), "{id}, cut at await {awaits}: {told:?}");
        }
        if done {
            return;
        }
        assert!(awaits < MOST, "does not end");
        awaits += 1 + awaits / 8;
    }
}

/// Refuses every request of an operation.
#[derive(Debug)]
struct Refusing(&'static str);

impl Wire for Refusing {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if request.operation() != self.0 {
            return Box::pin(request.deliver());
        }
        Box::pin(async { refusal(400, "ProvisionedThroughputExceededException", "slow down") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_cannot_tell_who_watches_has_the_batch_delivered_again_and_one_that_cannot_note_a_gap_does_not() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.subscribe("c1", &["device/buoy-01"]).await;
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    let push = world.push_by(&world.engine.client_over(Arc::new(Refusing("Query"))));
    let mut pump = weir_tests::pump::Pump::through(&world.engine, "LivePushReadingsMapping", "readings");
    pump.run(async |event| push.answer(event).await).await;
    assert_eq!((pump.calls.len(), pump.on_failure.len()), (3, 1), "two retries, then the on-failure queue");
    // A post that fails, and a gap that cannot be noted: the connection is closed, so that it reads again.
    world.gateway.set("c1", Mood::Throttled);
    let push = world.push_by(&world.engine.client_over(Arc::new(Refusing("UpdateItem"))));
    let mut pumps = Pumps::of(&world);
    assert_eq!(pumps.run(&push).await, 1);
    let rows = world.engine.rows("live");
    assert!(rows.iter().all(|row| row["row"] != "c1"), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn a_table_that_throttles_is_told_to_the_client() {
    let world = World::new().await;
    world.open("c1", USER).await;
    let live = world.live_by(&world.engine.client_over(Arc::new(Refusing("UpdateItem"))));
    world.gateway.frames();
    let answer = live.answer(event("$default", "c1", subscribe(&["device/buoy-01"]))).await.unwrap();
    assert_eq!(answer, json!({"statusCode": 200}));
    assert_eq!(errors(&world.gateway.messages("c1")), [("unavailable".to_owned(), vec![])]);
    let ticket = world.ticket(USER).await;
    let live = world.live_by(&world.engine.client_over(Arc::new(Refusing("DeleteItem"))));
    let connect = event("$connect", "c2", json!({"queryStringParameters": {"ticket": ticket}}));
    assert_eq!(live.answer(connect).await.unwrap(), json!({"statusCode": 503}));
}

#[tokio::test(start_paused = true)]
async fn watchers_that_were_left_behind_go_when_something_is_sent_to_them() {
    let world = World::new().await;
    let session = Session {
        sub: "gone".into(),
        role: weir_core::domain::access::Role::User,
        devices: "buoy-01".into(),
        issued_at: world.now(),
        expires_at: world.now().plus_seconds(900),
    };
    let topic = "device/buoy-01".parse().unwrap();
    world.table().watch(&topic, "ghost", &session, &Visible::All).await.unwrap();
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    assert_eq!(pumps.run(&push).await, 1);
    assert!(world.engine.rows("live").iter().all(|row| row["row"] != "ghost"));
}
