//! How AWS hands messages to the functions: an error means "call again", and who has failed too often waits in a queue for
//! somebody to drive it through again.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::functions::{Functions, NOW};
use crate::root;
use crate::template::Template;

/// A message on its way to a function.
#[derive(Debug, Clone)]
pub enum Message {
    /// From a rule to `calibration`.
    Reading(Value),
    /// From a rule to `organizer`.
    Level(Value),
    /// Several from the queue to `calibration`.
    Queued(Vec<Value>),
}

/// How often AWS calls before it gives up, as the template says.
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

/// Delivers messages to one instance of each function.
pub struct Delivery<'a> {
    functions: &'a Functions,
    /// What AWS has given up on.
    pub on_failure: Vec<Message>,
}

impl<'a> Delivery<'a> {
    /// To these functions.
    pub fn to(functions: &'a Functions) -> Self {
        Self { functions, on_failure: Vec::new() }
    }

    /// Delivers a message as often as AWS does.
    pub async fn deliver(&mut self, message: Message) {
        let taken = match &message {
            Message::Reading(event) => self.reading(event).await,
            Message::Level(event) => self.level(event).await,
            Message::Queued(bodies) => return self.queued(bodies.clone()).await,
        };
        if !taken {
            self.on_failure.push(message);
        }
    }

    /// Delivers again what was given up.
    pub async fn redrive(&mut self) {
        for message in std::mem::take(&mut self.on_failure) {
            self.deliver(message).await;
        }
    }

    async fn reading(&self, event: &Value) -> bool {
        for _ in 0..CALLS.calibration {
            if self.functions.calibration.handle(event.clone()).await.is_ok() {
                return true;
            }
        }
        false
    }

    async fn level(&self, event: &Value) -> bool {
        for _ in 0..CALLS.organizer {
            if self.functions.organizer.handle(event.clone()).await.is_ok() {
                return true;
            }
        }
        false
    }

    async fn queued(&mut self, mut bodies: Vec<Value>) {
        for _ in 0..CALLS.queued {
            let record = |(place, body): (usize, &Value)| {
                json!({"messageId": place.to_string(), "eventSource": "aws:sqs", "body": body.to_string(),
                    "attributes": {"SentTimestamp": NOW.millis().to_string()}})
            };
            let event = json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()});
            // An error is as good as every message named.
            if let Ok(answer) = self.functions.calibration.handle(event).await {
                let failed = answer["batchItemFailures"].as_array().expect("failures");
                let named: Vec<_> = failed.iter().filter_map(|one| one["itemIdentifier"].as_str()).collect();
                let mut places = 0_usize..;
                bodies.retain(|_| named.contains(&places.next().unwrap_or_default().to_string().as_str()));
            }
            if bodies.is_empty() {
                return;
            }
        }
        self.on_failure.push(Message::Queued(bodies));
    }
}
