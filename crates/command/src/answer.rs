//! Answers of devices to commands: an IoT rule delivers each accepted update of a shadow that reports a command.
//!
//! `update/accepted` has exactly what the device sent in this message. In the document of the shadow it would be merged with the
//! answer to an earlier command.

use serde_json::Value;
use weir_aws::command::{CommandChange, DeliveryChange};
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::command::{Answer, Effect, Ignored, ignored, unreadable};
use weir_core::domain::event::Event;
use weir_core::id::DeviceId;
use weir_core::wire::Envelope;
use weir_core::wire::command::{Reported, reported};
use weir_runtime::Retry;

use super::Parts;
use super::expire::attempts;

impl Parts {
    /// Handles an event of the rule; returns what came of it. An update without a command costs no request.
    ///
    /// # Errors
    /// When it has to be delivered again: the tables do not answer, or the event is not one of the rule.
    pub(super) async fn answer(&self, event: &Value) -> Result<&'static str, Retry> {
        let envelope = Envelope::open(event, self.clock.now());
        let device = device_of(&envelope.topic)
            .ok_or_else(|| Retry::new("the event is neither a request, nor a schedule's, nor an update of a shadow"))?;
        match reported(&envelope.payload, envelope.received_at) {
            Reported::Nothing => Ok("nothing"),
            Reported::Unreadable(why) => {
                tracing::warn!(%device, why, "an answer cannot be read");
                self.tell(&device, &unreadable(&device, &why, envelope.received_at)).await?;
                Ok("unreadable")
            }
            Reported::Answer(answer) => Ok(self.apply(&device, &answer).await?),
        }
    }

    /// Writes an event, unless the answer came from a thing that is no device.
    async fn tell(&self, device: &DeviceId, event: &Event) -> Result<(), AwsError> {
        if self.registered(device).await?.is_some() {
            self.events.put(event).await?;
        }
        Ok(())
    }

    async fn apply(&self, device: &DeviceId, answer: &Answer) -> Result<&'static str, AwsError> {
        let mut attempts = attempts(device);
        loop {
            attempts.next().await?;
            let stored = self.commands.queue(device).await?;
            let in_flight = stored.queue.is_first(&answer.id);
            let before = self.commands.get(device, &answer.id).await?;
            let effect = before.as_ref().map(|before| before.answer(answer, in_flight));
            match effect.unwrap_or(Effect::Ignored(Ignored::Unknown)) {
                Effect::Changed(after) => {
                    let ended = !after.state.is_open();
                    let (queue, delivery) = if ended {
                        (stored.queue.without(&[&answer.id]), DeliveryChange::Ask)
                    } else {
                        (stored.queue.clone(), DeliveryChange::Keep)
                    };
                    let changes = [CommandChange { before, after: *after }];
                    let now = self.clock.now();
                    let written = self.write(device, &stored, &queue, delivery, &changes, None, now).await?;
                    if written == WriteOutcome::Done {
                        if ended {
                            self.deliver(device).await;
                        }
                        return Ok("changed");
                    }
                }
                Effect::Redelivered => {
                    // What was killed before may have left the delivery undone.
                    if stored.pending {
                        self.deliver(device).await;
                    }
                    return Ok("redelivered");
                }
                Effect::Ignored(why) => {
                    tracing::info!(%device, command = %answer.id, why = why.code(), "an answer is ignored");
                    self.tell(device, &ignored(device, answer, why)).await?;
                    if why == Ignored::Expired && in_flight {
                        self.settled(device, self.clock.now().max(answer.at)).await?;
                        self.deliver(device).await;
                    }
                    return Ok("ignored");
                }
            }
        }
    }
}

/// The device of `$aws/things/<device>/shadow/update/accepted`.
fn device_of(topic: &str) -> Option<DeviceId> {
    topic.strip_prefix("$aws/things/")?.strip_suffix("/shadow/update/accepted")?.parse().ok()
}
