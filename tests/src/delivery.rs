//! Delivers messages to the functions like AWS: at least once, in any order, again when a function fails or is killed. After too many
//! failures a message waits in a queue for a redrive.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::{LocalBoxFuture, join_all};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::functions::NOW;
use crate::lives::{Lives, Which};
use crate::root;
use crate::template::Template;

/// The route of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From a rule directly to `calibration`.
    Reading,
    /// From a rule directly to `organizer`.
    Level,
    /// From the ingest queue to `calibration`, in batches.
    Queue,
}

/// A message on its way to a function.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its route.
    pub way: Way,
    /// The event of the rule, or the message that the rule sends to the queue.
    pub event: Value,
}

/// Maximum calls before AWS gives up, from the template.
#[derive(Debug, Clone, Copy)]
struct Calls {
    calibration: u64,
    organizer: u64,
    queued: u64,
}

static CALLS: LazyLock<Calls> = LazyLock::new(|| {
    let template = Template::read(&root());
    let resource = |id: &str| &template.section("Resources")[id]["Properties"];
    let asynchronous =
        |id: &str| 1 + resource(id)["EventInvokeConfig"]["MaximumRetryAttempts"].as_u64().expect("retries");
    let queued = resource("IngestQueue")["RedrivePolicy"]["maxReceiveCount"].as_u64().expect("a count");
    Calls { calibration: asynchronous("CalibrationFunction"), organizer: asynchronous("OrganizerFunction"), queued }
});

/// All messages are sent within this time, in ms.
const MINUTES: u64 = 10 * 60_000;

/// Delivers messages, which are numbered by their index.
pub struct Delivery<'a> {
    lives: &'a Lives<'a>,
    messages: &'a [Message],
    rng: RefCell<Rng>,
    taken: RefCell<BTreeSet<usize>>,
    given_up: RefCell<BTreeSet<usize>>,
    twice: RefCell<usize>,
}

impl<'a> Delivery<'a> {
    /// Delivers to these instances.
    pub fn to(lives: &'a Lives<'a>, messages: &'a [Message], seed: u64) -> Self {
        let rng = RefCell::new(Rng::with_seed(seed));
        Self {
            lives,
            messages,
            rng,
            taken: RefCell::default(),
            given_up: RefCell::default(),
            twice: RefCell::default(),
        }
    }

    /// The messages that no call has accepted, and that AWS has given up.
    pub fn on_failure(&self) -> BTreeSet<usize> {
        &*self.given_up.borrow() - &*self.taken.borrow()
    }

    /// Number of duplicate deliveries, after or during a successful call.
    pub fn twice(&self) -> usize {
        *self.twice.borrow()
    }

    /// Delivers all messages: one after another; or, with faults, at random times, some twice, and several concurrently.
    pub async fn deliver(&self) {
        let all = || 0..self.messages.len();
        let of = |way: Way| move |number: &usize| self.way(*number) == way;
        let queued: Vec<usize> = all().filter(of(Way::Queue)).collect();
        if !self.lives.wild() {
            for number in all().filter(|number| self.way(*number) != Way::Queue) {
                self.one(number).await;
            }
            return self.queue(queued).await;
        }
        let mut under_way: Vec<LocalBoxFuture<'_, ()>> = vec![Box::pin(self.queue(queued))];
        for number in all().filter(|number| self.way(*number) != Way::Queue) {
            let times = if self.chance(30) { 2 } else { 1 };
            *self.twice.borrow_mut() += times - 1;
            for _ in 0..times {
                let after = self.within(MINUTES);
                under_way.push(Box::pin(async move {
                    sleep(after).await;
                    self.one(number).await;
                }));
            }
        }
        join_all(under_way).await;
    }

    /// Delivers again the messages that were given up, including those that another delivery had succeeded with.
    pub async fn redrive(&self) {
        let given_up = self.given_up.take();
        for number in given_up {
            match self.way(number) {
                Way::Queue => self.queue(vec![number]).await,
                Way::Reading | Way::Level => self.one(number).await,
            }
        }
    }

    fn way(&self, number: usize) -> Way {
        self.messages[number].way
    }

    fn chance(&self, percent: u8) -> bool {
        self.rng.borrow_mut().u8(..100) < percent
    }

    fn within(&self, millis: u64) -> Duration {
        Duration::from_millis(self.rng.borrow_mut().u64(..millis))
    }

    /// Delivers a message of a rule, with as many attempts as AWS makes, and pauses between them.
    async fn one(&self, number: usize) {
        let (which, calls) = match self.way(number) {
            Way::Level => (Which::Organizer, CALLS.organizer),
            Way::Reading | Way::Queue => (Which::Calibration, CALLS.calibration),
        };
        for call in 0..calls {
            if call > 0 {
                sleep(self.within(180_000)).await;
            }
            if self.lives.call(which, self.messages[number].event.clone()).await.is_ok() {
                self.taken.borrow_mut().insert(number);
                return;
            }
        }
        self.given_up.borrow_mut().insert(number);
    }

    /// The queue: delivers visible messages in batches, makes failed ones visible again, and gives up those that were received too often.
    async fn queue(&self, numbers: Vec<usize>) {
        let mut visible: Vec<(usize, u64)> = numbers.into_iter().map(|number| (number, 0)).collect();
        while !visible.is_empty() {
            let mut batch = std::mem::take(&mut visible);
            if self.lives.wild() {
                sleep(self.within(120_000)).await;
                self.rng.borrow_mut().shuffle(&mut batch);
                visible = batch.split_off(self.rng.borrow_mut().usize(1..=batch.len()));
            }
            // An error means that all messages have failed.
            let answer = self.lives.call(Which::Calibration, self.records(&batch)).await.ok();
            let failed = |number: usize| {
                let failures = answer.as_ref().map(|answer| answer["batchItemFailures"].as_array().expect("failures"));
                failures.is_none_or(|all| all.iter().any(|one| one["itemIdentifier"] == number.to_string().as_str()))
            };
            for (number, received) in batch {
                let again = if failed(number) {
                    received + 1
                } else {
                    self.taken.borrow_mut().insert(number);
                    if !(self.lives.wild() && self.chance(10)) {
                        continue;
                    }
                    // A queue may deliver a deleted message again.
                    *self.twice.borrow_mut() += 1;
                    received
                };
                if again < CALLS.queued {
                    visible.push((number, again));
                } else {
                    self.given_up.borrow_mut().insert(number);
                }
            }
        }
    }

    fn records(&self, batch: &[(usize, u64)]) -> Value {
        let record = |(number, _): &(usize, u64)| {
            json!({"messageId": number.to_string(), "eventSource": "aws:sqs", "body": self.messages[*number].event.to_string(),
                "attributes": {"SentTimestamp": NOW.millis().to_string()}})
        };
        json!({"Records": batch.iter().map(record).collect::<Vec<_>>()})
    }
}
