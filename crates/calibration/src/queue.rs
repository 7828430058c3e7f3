//! A batch from SQS: each message's body is what a rule would have sent.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use weir_core::clock::Until;
use weir_core::domain::Timestamp;
use weir_core::wire::Envelope;

use super::{Calibration, CallAgain, Count};

/// So many messages are delivered together: as many as a batch of statements takes rows.
const GROUP: usize = 25;
/// So many groups are under way at once.
const AT_ONCE: usize = 4;

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
    /// concern the others, and when the time is over whatever has no outcome yet goes back: a second delivery changes
    /// nothing of what the first one did.
    pub(super) async fn handle_queue(&self, messages: &[Queued], until: Until) -> Value {
        let groups: Vec<_> = messages.chunks(GROUP).map(|group| self.handle_until(until, group)).collect();
        let failures: Vec<Value> = stream::iter(groups).buffered(AT_ONCE).concat().await;
        json!({"batchItemFailures": failures})
    }

    async fn handle_until(&self, until: Until, group: &[Queued]) -> Vec<Value> {
        let outcomes = until.finish(self.handle_group(group)).await;
        outcomes.unwrap_or_else(|| group.iter().map(unfinished).collect())
    }

    /// Delivers some messages of the batch with one call of the store, and tells which have to come again.
    async fn handle_group(&self, group: &[Queued]) -> Vec<Value> {
        let now = self.clock.now();
        let envelopes = group.iter().map(|message| Envelope::open(&message.event, message.sent.unwrap_or(now)));
        let outcomes = self.deliver(envelopes.collect()).await;
        let again = |(message, outcome): (&Queued, Result<Count, CallAgain>)| {
            let error = outcome.err()?;
            tracing::warn!(message = message.id, %error, "message goes back to the queue");
            Some(failure(message))
        };
        group.iter().zip(outcomes).filter_map(again).collect()
    }
}

fn unfinished(message: &Queued) -> Value {
    tracing::warn!(message = message.id, "out of time: message goes back to the queue");
    failure(message)
}

fn failure(message: &Queued) -> Value {
    json!({"itemIdentifier": message.id})
}
