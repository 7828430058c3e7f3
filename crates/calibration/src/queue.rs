//! Batches from SQS. The body of each message is an event as an IoT rule sends it.

use aws_lambda_events::sqs::SqsMessage;
use futures_util::{StreamExt, stream};
use weir_core::domain::Timestamp;
use weir_core::wire::Envelope;
use weir_runtime::event::Record;
use weir_runtime::{Response, Until};

use super::{Calibration, Counts, DeliveryError};

/// Messages that are delivered together: as many as a batch of statements has rows.
const GROUP: usize = 25;
/// Maximum concurrent groups.
const AT_ONCE: usize = 4;

/// A message of the batch.
struct Queued {
    id: String,
    /// The text of the event, as an IoT rule sends it.
    body: String,
    /// When it was sent to the queue, which is the same for every delivery: the time of reception if the event has none.
    sent: Option<Timestamp>,
}

fn queued(Record { id, decoded }: Record<SqsMessage>) -> Queued {
    let message = decoded.unwrap_or_default();
    let body = message.body.unwrap_or_default();
    let sent = message.attributes.get("SentTimestamp").and_then(|millis| millis.parse().ok());
    Queued { id, body, sent: sent.map(Timestamp::from_millis) }
}

impl Calibration {
    /// Delivers a batch and returns the messages that SQS has to deliver again. The failure of one message does not affect the
    /// others. When time is up, every message without an outcome is returned: a second delivery changes nothing that the first
    /// one did.
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

    /// Delivers a group of messages together, and returns those to deliver again.
    async fn handle_group(&self, group: &[Queued]) -> Vec<String> {
        let now = self.clock.now();
        let envelopes = group.iter().map(|message| Envelope::read(&message.body, message.sent.unwrap_or(now)));
        let outcomes = self.deliver(envelopes.collect()).await;
        let again = |(message, outcome): (&Queued, Result<Counts, DeliveryError>)| {
            let error = outcome.err()?;
            tracing::warn!(message = message.id, %error, "message goes back to the queue");
            Some(message.id.clone())
        };
        group.iter().zip(outcomes).filter_map(again).collect()
    }
}
