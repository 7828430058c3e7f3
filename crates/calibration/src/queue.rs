//! A batch from SQS: each message's body is what a rule would have sent.

use serde_json::{Value, json};
use weir_core::wire::Envelope;

use super::Calibration;

/// A message of the batch: its id, and the event in its body.
pub(super) type Queued = (String, Value);

/// The messages of an SQS event; `None` when the event is none.
pub(super) fn messages(event: &Value) -> Option<Vec<Queued>> {
    let records = event.get("Records")?.as_array()?;
    let queued = |record: &Value| {
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        // A body that is no JSON becomes a text, which is set aside like any payload that cannot be read.
        let event = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        Some((record.get("messageId")?.as_str()?.to_owned(), event))
    };
    records.iter().map(queued).collect()
}

impl Calibration {
    /// Delivers a batch and answers with the messages that SQS has to deliver again. One message's failure does not
    /// concern the others.
    pub(super) async fn handle_queue(&self, messages: Vec<Queued>) -> Value {
        let now = self.clock.now();
        let envelopes = messages.iter().map(|(_, event)| Envelope::open(event, now)).collect();
        let outcomes = self.deliver(envelopes).await;
        let mut failures = Vec::new();
        for ((id, _), outcome) in messages.iter().zip(outcomes) {
            if let Err(again) = outcome {
                tracing::warn!(message = id, error = %again, "message goes back to the queue");
                failures.push(json!({"itemIdentifier": id}));
            }
        }
        json!({"batchItemFailures": failures})
    }
}
