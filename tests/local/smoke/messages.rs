//! Messages on their real ways, through the rules and the queue: each ends as one entry of the quarantine, however often it is sent.
//!
//! They are messages of nobody for an instant that is over, so that each is the same message in every run and has one id. Sent through a
//! rule by its name (Basic Ingest), they reach this stack alone, also where another environment in the account listens to the same topics.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_tests::deployed::Deployed;
use weir_tests::local::until;
use weir_tests::probe::NOBODY;

/// The instant that the messages are for, as they say it and as the quarantine shows it.
const AT: i64 = 1_767_225_600_000;
const SHOWN: &str = "2026-01-01T00:00:00.000Z";
/// How much later a message may be handled than one that was sent with it.
const SECOND: Duration = Duration::from_secs(2);
/// A flow sensor that nobody has.
const NO_LEVEL: &str = "w999999999";

/// A message, and what is to become of it.
struct Message {
    topic: String,
    payload: Value,
    /// Whom the quarantine lists it under.
    device: &'static str,
    /// The function that quarantines it.
    function: &'static str,
    reason: &'static str,
}

impl Message {
    /// A reading of a device that is not registered.
    fn of_nobody(topic: String, payload: Value) -> Self {
        Self { topic, payload, device: NOBODY, function: "calibration", reason: "unknown_device" }
    }

    /// What `organizer` finds no level in.
    fn without_a_level(topic: String, payload: Value, device: &'static str) -> Self {
        Self { topic, payload, device, function: "organizer", reason: "bad_value" }
    }

    /// The entries of it in the quarantine. Nothing else says the same topic, device and instant.
    async fn entries(&self, stack: &Deployed) -> Vec<Value> {
        let query = format!("device={}&limit=200", self.device);
        let (status, page) = stack.quarantine("GET", "/quarantine", &query).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().expect("a page has items").iter();
        items.filter(|item| item["topic"] == self.topic.as_str() && item["at"] == SHOWN).cloned().collect()
    }

    /// Takes away what an earlier run has left: otherwise nobody could tell this run's message from that one's.
    async fn forget(&self, stack: &Deployed) {
        for entry in self.entries(stack).await {
            let path = format!("/quarantine/{}", entry["id"].as_str().expect("an entry has an id"));
            let (status, problem) = stack.quarantine("DELETE", &path, "").await;
            assert!(status == 204 || status == 404, "DELETE {path}: {status} {problem}");
        }
        until("the entry of an earlier run is gone", async || self.entries(stack).await.is_empty().then_some(())).await;
    }

    /// Sends it twice, and sees it end as one entry that holds what was sent.
    async fn ends_as_one_entry(&self, stack: &Deployed, send: impl AsyncFn()) {
        self.forget(stack).await;
        send().await;
        send().await;
        let arrived = async || self.entries(stack).await.pop();
        let entry = until(&format!("{} in the quarantine", self.topic), arrived).await;
        assert_eq!((&entry["function"], &entry["reason"]), (&self.function.into(), &self.reason.into()), "{entry}");
        let path = format!("/quarantine/{}", entry["id"].as_str().expect("an entry has an id"));
        let (_, whole) = stack.quarantine("GET", &path, "").await;
        assert_eq!(whole["payload"]["json"], self.payload, "{whole}");
        // The second may still be on its way.
        tokio::time::sleep(SECOND).await;
        let all = self.entries(stack).await;
        assert_eq!(all.len(), 1, "one message is more than one entry: {all:?}");
    }

    /// The same, through the rule that an output names.
    async fn through(&self, stack: &Deployed, rule: &str) {
        let topic = format!("$aws/rules/{}/{}", stack.output(rule), self.topic);
        let ask = json!({"topic": topic, "qos": 1, "payload": self.payload.to_string()});
        self.ends_as_one_entry(stack, async || drop(stack.ask("iot-data", "publish", ask.clone()).await)).await;
    }
}

#[tokio::test]
async fn a_reading_goes_through_its_rule() {
    let stack = Deployed::find().await;
    let message = Message::of_nobody(format!("{NOBODY}/reading/sensor/tmp"), json!({"ts": AT, "value": 1}));
    message.through(stack, "ReadingRuleName").await;
}

#[tokio::test]
async fn several_readings_go_through_their_rule() {
    let stack = Deployed::find().await;
    let message = Message::of_nobody(format!("{NOBODY}/readings"), json!({"ts": AT, "values": {"ph": 7, "tmp": 12.5}}));
    message.through(stack, "ReadingsRuleName").await;
}

#[tokio::test]
async fn a_level_report_goes_through_its_rule() {
    let stack = Deployed::find().await;
    let payload = json!({"id": NO_LEVEL, "filling": "no number", "ts": AT});
    let message = Message::without_a_level(stack.parameter("LevelTopic").to_owned(), payload, NO_LEVEL);
    message.through(stack, "LevelRuleName").await;
}

#[tokio::test]
async fn an_uplink_goes_through_its_rule() {
    let stack = Deployed::find().await;
    let payload = json!({"end_device_ids": {"device_id": NOBODY}, "uplink_message": {"received_at": SHOWN}});
    let topic = stack.parameter("UplinkTopicFilter").replace(['+', '#'], NOBODY);
    let message = Message::without_a_level(topic, payload, NOBODY);
    message.through(stack, "UplinkRuleName").await;
}

#[tokio::test]
async fn a_message_of_the_queue_is_taken_from_it() {
    let stack = Deployed::find().await;
    let message = Message::of_nobody(format!("{NOBODY}/reading/sensor/ec"), json!({"ts": AT, "value": 1}));
    let payload = STANDARD.encode(message.payload.to_string());
    let body = json!({"topic": message.topic, "payload": payload, "device_id": NOBODY, "received_at": AT}).to_string();
    let ask = json!({"QueueUrl": stack.output("IngestQueueUrl"), "MessageBody": body});
    message.ends_as_one_entry(stack, async || drop(stack.ask("sqs", "send_message", ask.clone()).await)).await;
}
