//! The function `notify` on a real engine: problems that open and end, their stream, outboxes, e-mails and a receiver of webhooks.

mod cost;
mod events;
mod faults;
mod held;
mod https;
mod levels;
mod mails;
mod pace;
mod receivers;
mod scope;
mod told;

use std::sync::Arc;

use ::notify::{Lookup, Notify, Parts, Webhooks, system_lookup};
use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_aws::event::WithEvents;
use weir_aws::level::LevelTable;
use weir_aws::notice::NoticeTable;
use weir_aws::people::Pool;
use weir_aws::problem::ProblemTable;
use weir_aws::profile::ProfileTable;
use weir_aws::subscription::{Added, Secret, StoredSubscription, SubscriptionTable, draw_id};
use weir_aws::time_series::ReadingTable;
use weir_core::domain::Timestamp;
use weir_core::id::{Sub, SubscriptionId};
use weir_core::wire::subscription::SubscriptionBody;
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::mailbox::Mailbox;
use weir_tests::pool::{Recorded, person};
use weir_tests::pump::Pump;
use weir_tests::receiver::{Hook, Receiver};
use weir_tests::wire::Wire;

use crate::alert;

/// The person of most tests, by the number of the recorded pool.
pub const ANN: u32 = 1;

/// Where pages are shown.
pub const PAGE: &str = "https://app.example.org";

/// `buoy-01` with an alert of its oxygen, people, and what they are sent.
pub struct World {
    pub alert: alert::World,
    pub people: Arc<Recorded>,
    pub mailbox: Mailbox,
    pub receiver: Receiver,
    pub notify: Notify,
    pump: Pump,
}

/// What the parts of a function are made of.
pub struct Over<'a> {
    pub engine: &'a Engine,
    pub client: Client,
    pub pool: Pool,
    pub mailbox: &'a Mailbox,
    pub mail_wire: Option<Arc<dyn Wire>>,
    pub lookup: Lookup,
    pub loopback: bool,
}

/// The id of a person of the recorded pool.
pub fn sub(number: u32) -> Sub {
    format!("5f1e0000-0000-4000-8000-{number:012}").parse().unwrap()
}

impl World {
    pub async fn new() -> Self {
        Self::of(&alert::buoy(&json!([alert::low_oxygen()]))).await
    }

    /// With these sensors of `buoy-01`.
    pub async fn of(body: &Value) -> Self {
        let alert = alert::World::of(body).await;
        let people = Recorded::of(vec![person(ANN, "ann", &["user"], "buoy-01"), person(2, "ada", &["admin"], "")]);
        let (mailbox, receiver) = (Mailbox::default(), Receiver::start().await);
        let over = Over {
            engine: &alert.engine,
            client: alert.engine.client(),
            pool: people.pool(),
            mailbox: &mailbox,
            mail_wire: None,
            lookup: system_lookup(),
            loopback: true,
        };
        let notify = function(&over, alert.functions.clock.clone());
        let pump = Pump::through(&alert.engine, "NotifyProblemsMapping", "problems");
        Self { alert, people, mailbox, receiver, notify, pump }
    }

    /// What another function of this world is made of.
    pub fn over(&self) -> Over<'_> {
        Over {
            engine: &self.alert.engine,
            client: self.alert.engine.client(),
            pool: self.people.pool(),
            mailbox: &self.mailbox,
            mail_wire: None,
            lookup: system_lookup(),
            loopback: true,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.alert.functions.clock.now()
    }

    /// Lets time pass for the functions.
    pub fn later(&self, seconds: i64) {
        self.alert.functions.clock.set(self.now().plus_seconds(seconds));
    }

    pub fn subscriptions(&self) -> SubscriptionTable {
        SubscriptionTable::new(self.alert.engine.client(), self.alert.engine.name("subscriptions"))
    }

    pub fn notices(&self) -> NoticeTable {
        NoticeTable::new(self.alert.engine.client(), self.alert.engine.name("notices"))
    }

    /// A person subscribes; the secret is the id's of the subscription, so that the runs of a test are alike.
    pub async fn subscribe(&self, number: u32, body: &Value) -> StoredSubscription {
        self.subscribe_as(number, draw_id().unwrap(), body).await
    }

    pub async fn subscribe_as(&self, number: u32, id: SubscriptionId, body: &Value) -> StoredSubscription {
        let body: SubscriptionBody = serde_json::from_value(body.clone()).unwrap();
        let now = self.now();
        let new = StoredSubscription {
            owner: sub(number),
            id,
            subscription: body.subscription(true).unwrap(),
            version: 1,
            created_at: now,
            updated_at: now,
            secret: Some(Secret::draw().unwrap()),
        };
        assert_eq!(self.subscriptions().add(&new, WithEvents::NONE).await.unwrap(), Added::Done);
        new
    }

    /// The body of a subscription whose webhooks go to the receiver.
    pub fn hook(&self) -> Value {
        json!({"channel": {"webhook": {"url": format!("{}/hook", self.receiver.url)}}})
    }

    /// Oxygen is measured now, judged, and told.
    pub async fn measured(&mut self, value: f64) {
        self.judged(value).await;
        self.streamed().await;
    }

    /// This sensor of `buoy-01` measures something now, it is judged, and told.
    pub async fn sensed(&mut self, code: &str, value: f64) {
        let seconds = self.now().seconds() - weir_tests::functions::NOW.seconds();
        crate::alert::store(&self.alert.functions, code, value, seconds).await;
        self.alert.streamed().await;
        self.streamed().await;
    }

    /// Oxygen is measured now and judged, and nobody is told yet.
    pub async fn judged(&mut self, value: f64) {
        let seconds = self.now().seconds() - weir_tests::functions::NOW.seconds();
        self.alert.turned(value, seconds).await;
    }

    /// The stream of problems is handed to the function.
    pub async fn streamed(&mut self) {
        let notify = &self.notify;
        self.pump.run(async |event| notify.answer(event).await).await;
        assert!(self.pump.on_failure.is_empty(), "{:?}", self.pump.on_failure);
    }

    /// The schedule calls the function.
    pub async fn swept(&self) -> Value {
        self.notify.answer(event("notify", "sweep")).await.unwrap()
    }

    /// The transitions of the webhooks since the last time, with what came in a digest in brackets.
    pub fn told(&self) -> Vec<String> {
        told(&self.receiver.take())
    }
}

/// The transitions in webhooks: `opened`, or `[opened resolved]` of a digest.
pub fn told(hooks: &[Hook]) -> Vec<String> {
    let one = |hook: &Hook| {
        let all: Vec<_> = hook.notices().into_iter().map(|(_, transition, _)| transition).collect();
        if hook.body["type"] == "digest" { format!("[{}]", all.join(" ")) } else { all.join(" ") }
    };
    hooks.iter().map(one).collect()
}

/// The function.
pub fn function(over: &Over<'_>, clock: Arc<weir_runtime::clock::SetClock>) -> Notify {
    sending(over, Webhooks::new(Arc::clone(&over.lookup), over.loopback), clock)
}

/// The function, which sends its webhooks so.
pub fn sending(over: &Over<'_>, webhooks: Webhooks, clock: Arc<weir_runtime::clock::SetClock>) -> Notify {
    let (name, client) = (|noun: &str| over.engine.name(noun), &over.client);
    Notify::new(Parts {
        subscriptions: SubscriptionTable::new(client.clone(), name("subscriptions")),
        notices: NoticeTable::new(client.clone(), name("notices")),
        problems: ProblemTable::new(client.clone(), name("problems"), LevelTable::new(client.clone(), "")),
        devices: DeviceTable::new(client.clone(), name("devices")),
        readings: ReadingTable::new(client.clone(), name("readings"), "", 0),
        profiles: ProfileTable::new(client.clone(), name("users")),
        pool: over.pool.clone(),
        mailer: Some(over.mailbox.mailer(over.mail_wire.clone())),
        webhooks,
        api_url: "https://api.example.org".to_owned(),
        page_url: Some(PAGE.to_owned()),
        clock,
    })
}
