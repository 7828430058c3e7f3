//! A batch from SQS: each message's body is what a rule would have sent.

use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_core::wire::Envelope;

use super::Calibration;

/// A message of the batch.
pub(super) struct Queued {
    id: String,
    /// What a rule would have sent.
    event: Value,
    /// When it was put into the queue: the same at every delivery, so it stands in where the event does not say when
    /// it was received.
    sent: Option<Timestamp>,
}

/// The messages of an SQS event; `None` when the event is none.
pub(super) fn messages(event: &Value) -> Option<Vec<Queued>> {
    let records = event.get("Records")?.as_array()?;
    let queued = |record: &Value| {
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        // A body that is no JSON becomes a text, which is set aside like any payload that cannot be read.
        let event = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        let sent = record.get("attributes").and_then(|attributes| attributes.get("SentTimestamp"));
        let sent = sent.and_then(Value::as_str).and_then(|millis| millis.parse().ok()).map(Timestamp::from_millis);
        Some(Queued { id: record.get("messageId")?.as_str()?.to_owned(), event, sent })
    };
    records.iter().map(queued).collect()
}

impl Calibration {
    /// Delivers a batch and answers with the messages that SQS has to deliver again. One message's failure does not
    /// concern the others.
    pub(super) async fn handle_queue(&self, messages: Vec<Queued>) -> Value {
        let now = self.clock.now();
        let envelopes =
            messages.iter().map(|message| Envelope::open(&message.event, message.sent.unwrap_or(now))).collect();
        let outcomes = self.deliver(envelopes).await;
        let mut failures = Vec::new();
        for (Queued { id, .. }, outcome) in messages.iter().zip(outcomes) {
            if let Err(again) = outcome {
                tracing::warn!(message = id, error = %again, "message goes back to the queue");
                failures.push(json!({"itemIdentifier": id}));
            }
        }
        json!({"batchItemFailures": failures})
    }
}
