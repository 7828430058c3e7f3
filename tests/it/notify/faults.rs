//! Interruptions at each await of the function and at each of its requests, before and after its effect, while it tells, retries, sends
//! digests, reminds and ends a subscription. In the end every transition was sent at least once, and exactly once to a receiver that
//! checks the ids.
//!
//! Each scene is played again and again in one world, each time with the next interruption.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use ::notify::{Notify, Webhooks};
use futures_util::future::poll_fn;
use rustls::RootCertStore;
use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::event::WithEvents;
use weir_aws::subscription::StoredSubscription;
use weir_core::domain::notice::{Disabled, Subscription};
use weir_runtime::Function as _;
use weir_tests::breaking::{Break, Breaking};
use weir_tests::events::event;
use weir_tests::pump::stream_record;
use weir_tests::receiver::Mood;

use super::{ANN, Over, World, function, sending};

/// What is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// A batch, which tells that the problem has opened or ended.
    Told,
    /// The same, and the receiver fails.
    Failing,
    /// The schedule, which tries again what could not be delivered.
    Again,
    /// The schedule, which closes digests and sends them.
    Digest,
    /// The schedule, which reminds.
    Reminder,
    /// A batch, whose receivers answer that they are gone.
    Gone,
}

/// How it is interrupted.
#[derive(Debug, Clone, Copy)]
enum Interruption {
    /// This request fails in this way.
    Request(usize, Break),
    /// The function is killed at this await.
    Await(usize),
}

fn batch() -> Value {
    let record = stream_record("1", json!({"problem_id": {"S": "buoy-01:do:low-oxygen"}}));
    json!({"Records": [record]})
}

/// The work up to its nth await; what it answered, if it was done before.
async fn up_to<T>(awaits: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), awaits);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => {
            left = left.saturating_sub(1);
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

fn over<'a>(world: &'a World, wire: Option<&Arc<Breaking>>) -> Over<'a> {
    let Some(wire) = wire else { return world.over() };
    Over {
        client: world.alert.engine.client_once(wire.clone()),
        pool: world.people.pool_over(wire.clone()),
        ..world.over()
    }
}

/// The function. Reading the certificates of this machine takes longer than all the rest, and its receiver has none.
fn notify(over: &Over<'_>, world: &World) -> Notify {
    let webhooks = Webhooks::new(Arc::clone(&over.lookup), true).trusting(RootCertStore::empty());
    sending(over, webhooks, world.alert.functions.clock.clone())
}

/// A scene, and what has been seen while it was played.
struct Stage {
    scene: Scene,
    world: World,
    stored: StoredSubscription,
    open: bool,
    /// The notices of every message.
    messages: BTreeMap<String, Vec<String>>,
    ids: BTreeSet<String>,
    /// The operations that were interrupted, and how often.
    broken: BTreeMap<String, usize>,
}

impl Stage {
    async fn new(scene: Scene) -> Self {
        let world = World::new().await;
        let mut body = world.hook();
        match scene {
            Scene::Digest => body["digest_minutes"] = 10.into(),
            Scene::Reminder => body["remind_hours"] = 1.into(),
            Scene::Told | Scene::Failing | Scene::Again | Scene::Gone => {}
        }
        let stored = world.subscribe(ANN, &body).await;
        let (messages, ids, broken) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { scene, world, stored, open: false, messages, ids, broken }
    }

    /// What the receiver sees for the first time.
    fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        for hook in self.world.receiver.take() {
            let ids: Vec<_> = hook.notices().into_iter().map(|(id, ..)| id).collect();
            let before = self.messages.entry(hook.id.clone()).or_insert_with(|| ids.clone());
            assert_eq!(*before, ids, "a message has changed");
            let first = |(id, transition, _): (String, String, String)| self.ids.insert(id).then_some(transition);
            news.extend(hook.notices().into_iter().filter_map(first));
        }
        news
    }

    /// Lets the schedule send what is left to do.
    async fn settled(&self) {
        for _ in 0..4 {
            let queue = self.world.notices().queue(&self.stored.id).await.unwrap().value;
            if queue.due().is_none() {
                return;
            }
            self.world.later(121);
            self.world.swept().await;
        }
        panic!("something is left to do");
    }

    /// The problem opens or ends.
    async fn turned(&mut self) -> &'static str {
        self.open = !self.open;
        self.world.judged(if self.open { 3.0 } else { 9.0 }).await;
        if self.open { "opened" } else { "resolved" }
    }

    /// Plays the scene once. Whether it was interrupted.
    async fn play(&mut self, how: Interruption) -> bool {
        self.world.later(7_200);
        let mut told = self.turned().await;
        let mut event = batch();
        match self.scene {
            Scene::Told => {}
            Scene::Failing => self.world.receiver.set(Mood::Status(500)),
            Scene::Gone => self.world.receiver.set(Mood::Status(410)),
            Scene::Again => {
                self.world.receiver.set(Mood::Status(500));
                self.world.notify.answer(batch()).await.unwrap();
                self.world.receiver.set(Mood::Status(200));
                self.world.later(30);
                event = sweep();
            }
            Scene::Digest => {
                self.world.notify.answer(batch()).await.unwrap();
                self.world.later(600);
                event = sweep();
            }
            Scene::Reminder => {
                self.world.notify.answer(batch()).await.unwrap();
                assert_eq!(self.news(), [told]);
                self.world.later(3_600);
                (told, event) = ("reminder", sweep());
            }
        }
        let interrupted = self.interrupt(event, how).await;
        if self.scene == Scene::Failing {
            self.world.receiver.set(Mood::Status(200));
        }
        self.settled().await;
        if self.scene == Scene::Reminder {
            // The reminder itself may not have been written.
            self.world.swept().await;
        }
        assert_eq!(self.news(), [told], "{:?} {how:?}", self.scene);
        match self.scene {
            Scene::Gone => self.enable().await,
            Scene::Reminder => {
                self.turned().await;
                self.world.notify.answer(batch()).await.unwrap();
                self.settled().await;
                assert_eq!(self.news(), ["resolved"]);
            }
            Scene::Told | Scene::Failing | Scene::Again | Scene::Digest => {}
        }
        interrupted
    }

    /// Hands the event to a function that is interrupted, and as AWS would once more unless it answered that all is well.
    async fn interrupt(&mut self, event: Value, how: Interruption) -> bool {
        let (answer, interrupted) = match how {
            Interruption::Request(at, how) => {
                let wire = Breaking::new(at, how);
                let notify = notify(&over(&self.world, Some(&wire)), &self.world);
                let answer = wire.run(notify.answer(event.clone())).await;
                *self.broken.entry(wire.what()).or_default() += usize::from(wire.broke());
                (answer, wire.broke())
            }
            Interruption::Await(awaits) => {
                let notify = notify(&over(&self.world, None), &self.world);
                let answer = up_to(awaits, notify.answer(event.clone())).await;
                let killed = answer.is_none();
                (answer, killed)
            }
        };
        let well = answer.is_some_and(|answer| answer.is_ok_and(|answer| answer == json!({"batchItemFailures": []})));
        if !well && event == batch() {
            self.world.notify.answer(event).await.unwrap();
        }
        interrupted
    }

    /// The subscription was ended, and is enabled again.
    async fn enable(&mut self) {
        self.world.receiver.set(Mood::Status(200));
        let table = self.world.subscriptions();
        let stored = table.find(&self.stored.owner, &self.stored.id).await.unwrap().unwrap();
        assert_eq!(stored.subscription.disabled, Some(Disabled::Gone));
        let subscription = Subscription { disabled: None, ..stored.subscription.clone() };
        let again = StoredSubscription { subscription, version: stored.version + 1, ..stored };
        assert_eq!(table.change(&again, WithEvents::NONE).await.unwrap(), WriteOutcome::Done);
    }

    /// Breaks each request, with `WEIR_FAULTS=all` in each of the seven ways, otherwise in two or three of them: different ones for each
    /// request. Returns the operations that were broken.
    async fn with_each_request_broken(mut self) -> Vec<String> {
        let all = std::env::var("WEIR_FAULTS").is_ok_and(|which| which == "all");
        for at in 0.. {
            let ways = Break::ALL.into_iter().enumerate().filter(|(number, _)| all || (number + at) % 3 == 0);
            let mut broke = false;
            for (_, how) in ways {
                broke |= self.play(Interruption::Request(at, how)).await;
            }
            if !broke {
                break;
            }
        }
        self.broken.retain(|what, _| !what.is_empty());
        assert!(self.broken.values().sum::<usize>() > 28, "{:?} {:?}", self.scene, self.broken);
        self.broken.into_keys().collect()
    }

    /// Kills the function at each await. How many awaits there were.
    async fn killed_at_each_await(mut self) -> usize {
        let (mut awaits, mut done) = (0, 0);
        // How long a request takes differs, so the number of awaits does too.
        while done < 3 {
            awaits += 1;
            done = if self.play(Interruption::Await(awaits)).await { 0 } else { done + 1 };
        }
        awaits
    }
}

fn sweep() -> Value {
    event("notify", "sweep")
}

const TOLD: [&str; 5] = ["AdminGetUser", "AdminListGroupsForUser", "GetItem", "Query", "TransactWriteItems"];

#[tokio::test]
async fn whichever_request_of_a_batch_fails_everything_is_told_once() {
    for scene in [Scene::Told, Scene::Failing] {
        assert_eq!(Stage::new(scene).await.with_each_request_broken().await, TOLD, "{scene:?}");
    }
}

#[tokio::test]
async fn whichever_request_of_the_schedule_fails_everything_is_told_once() {
    for scene in [Scene::Again, Scene::Digest, Scene::Reminder] {
        assert_eq!(Stage::new(scene).await.with_each_request_broken().await, TOLD, "{scene:?}");
    }
}

#[tokio::test]
async fn whichever_request_fails_while_receivers_are_gone_their_subscriptions_end() {
    assert_eq!(Stage::new(Scene::Gone).await.with_each_request_broken().await, TOLD);
}

#[tokio::test]
async fn killed_at_any_await_of_a_batch_everything_is_told_once() {
    for scene in [Scene::Told, Scene::Failing, Scene::Gone] {
        let awaits = Stage::new(scene).await.killed_at_each_await().await;
        assert!(awaits > 30, "{scene:?}: {awaits} awaits");
    }
}

#[tokio::test]
async fn killed_at_any_await_of_the_schedule_everything_is_told_once() {
    for scene in [Scene::Again, Scene::Digest, Scene::Reminder] {
        let awaits = Stage::new(scene).await.killed_at_each_await().await;
        assert!(awaits > 20, "{scene:?}: {awaits} awaits");
    }
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
