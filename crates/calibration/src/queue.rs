//! A batch from SQS: each message's body is what a rule would have sent.

use aws_lambda_events::sqs::SqsMessage;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use weir_core::domain::Timestamp;
use weir_core::wire::Envelope;
use weir_runtime::event::Record;
use weir_runtime::{Response, Until};

use super::{Calibration, Count, Failed};

/// Messages that are delivered together: as many as a batch of statements takes rows.
const GROUP: usize = 25;
/// Groups that are under way at once.
const AT_ONCE: usize = 4;

/// A message of the batch.
struct Queued {
    id: String,
    /// What a rule would have sent.
    event: Value,
    /// When it was put into the queue: the same at every delivery, so it stands in where the event does not say when
    /// it was received.
    sent: Option<Timestamp>,
}

/// Reads the message. A body that is not JSON becomes text, which goes to the quarantine like any payload that cannot be
/// read.
fn queued(Record { id, decoded }: Record<SqsMessage>) -> Queued {
    let message = decoded.unwrap_or_default();
    let body = message.body.unwrap_or_default();
    let sent = message.attributes.get("SentTimestamp").and_then(|millis| millis.parse().ok());
    let event = serde_json::from_str(&body).unwrap_or(Value::String(body));
    Queued { id, event, sent: sent.map(Timestamp::from_millis) }
}

impl Calibration {
    /// Delivers a batch and answers with the messages that SQS has to deliver again. One message's failure does not
    /// concern the others, and when the time is over every message without an outcome goes back: a second delivery
    /// changes nothing of what the first one did.
    pub(super) async fn handle_queue(&self, messages: Vec<Record<SqsMessage>>, until: Until) -> Response {
        let messages: Vec<_> = messages.into_iter().map(queued).collect();
        let groups: Vec<_> = messages.chunks(GROUP).map(|group| self.handle_until(until, group)).collect();
        Response::failed_messages(stream::iter(groups).buffered(AT_ONCE).concat().await)
    }

    async fn handle_until(&self, until: Until, group: &[Queued]) -> Vec<String> {
        let unfinished = |message: &Queued| {
            tracing::warn!(message = message.id, "out of time: message goes back to the queue");
            message.id.clone()
        };
        let outcomes = until.finish(self.handle_group(group)).await;
        outcomes.unwrap_or_else(|| group.iter().map(unfinished).collect())
    }

    /// Delivers some messages of the batch with one call of the store, and names those to deliver again.
    async fn handle_group(&self, group: &[Queued]) -> Vec<String> {
        let now = self.clock.now();
        let envelopes = group.iter().map(|message| Envelope::open(&message.event, message.sent.unwrap_or(now)));
        let outcomes = self.deliver(envelopes.collect()).await;
        let again = |(message, outcome): (&Queued, Result<Count, Failed>)| {
            let error = outcome.err()?;
            tracing::warn!(message = message.id, %error, "message goes back to the queue");
            Some(message.id.clone())
        };
        group.iter().zip(outcomes).filter_map(again).collect()
    }
}
