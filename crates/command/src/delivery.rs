//! Writes the command in flight to the shadow of its device: `desired.command` is that command, or absent.
//!
//! This works like the delivery of settings: an attempt holds the lease in the row of the queue, so attempts do not overlap. It reads
//! the queue together with the lease, writes the shadow, and records that only if the queue is still the same; otherwise it
//! starts again. An attempt without an answer from AWS IoT leaves its lease to expire.

use serde_json::{Map, Value};
use weir_aws::AwsError;
use weir_aws::WriteOutcome;
use weir_aws::command::{CommandChange, DeliveryChange, QueueLease, StoredQueue};
use weir_aws::iot::{DesiredOutcome, IotError};
use weir_aws::lease::{LEASE_SECONDS, LeaseToken, MAX_ROUNDS, RETRY_SECONDS};
use weir_core::domain::Timestamp;
use weir_core::domain::command::{ANSWER_ROOM, Command, MOST_SHADOW, State};
use weir_core::id::DeviceId;
use weir_core::wire::command::desired;

use super::Parts;

/// The name in the desired state.
const COMMAND: &str = "command";

impl Parts {
    /// Tries to deliver now what is pending for the device; returns whether nothing is pending any more. Errors are only logged:
    /// what is pending is stored, and the sweep delivers it.
    pub(super) async fn deliver(&self, device: &DeviceId) -> bool {
        self.attempt(device).await.unwrap_or_else(|error| {
            tracing::warn!(%device, %error, "the command is not delivered yet");
            false
        })
    }

    async fn attempt(&self, device: &DeviceId) -> Result<bool, AwsError> {
        let token = LeaseToken::random();
        for _ in 0..MAX_ROUNDS {
            let now = self.clock.now();
            let stored = match self.commands.lease(device, &token, now, now.plus_seconds(LEASE_SECONDS)).await? {
                QueueLease::Acquired(stored) => stored,
                QueueLease::HeldByOther => return Ok(false),
                QueueLease::NothingPending => return Ok(true),
            };
            let registered = if stored.queue.places.is_empty() { None } else { self.registered(device).await? };
            if !stored.queue.expired(now).is_empty() || !stored.queue.orphaned(registered).is_empty() {
                self.settled(device, now).await?;
                continue;
            }
            let first = match stored.queue.first() {
                None => None,
                Some(id) => match self.commands.get(device, id).await? {
                    Some(command) if command.state.is_open() => Some(command),
                    // It has ended meanwhile, and the queue has changed with it.
                    _ => continue,
                },
            };
            let wanted = Map::from_iter([(COMMAND.to_owned(), first.as_ref().map_or(Value::Null, desired))]);
            match self.iot.write_desired(device, &wanted, MOST_SHADOW - ANSWER_ROOM).await {
                Ok(DesiredOutcome::Done) => {}
                Ok(DesiredOutcome::NoRoom { bytes }) => {
                    self.fail(device, &stored, bytes, now).await?;
                    continue;
                }
                Err(IotError::Refused(error)) => {
                    self.commands.postpone(device, &token, self.clock.now().plus_seconds(RETRY_SECONDS)).await?;
                    return Err(error);
                }
                Err(IotError::Unknown(error)) => return Err(error),
            }
            if self.record(device, &stored, first, &token).await? == WriteOutcome::Done {
                return Ok(true);
            }
        }
        // It changes faster than it can be delivered.
        self.commands.postpone(device, &token, self.clock.now()).await?;
        Ok(false)
    }

    /// Records that the shadow matches the queue, and releases the lease.
    async fn record(
        &self,
        device: &DeviceId,
        stored: &StoredQueue,
        first: Option<Command>,
        token: &LeaseToken,
    ) -> Result<WriteOutcome, AwsError> {
        let now = self.clock.now();
        let sent = first.and_then(|before| {
            let after = before.sent(now)?;
            Some(CommandChange { before: Some(before), after })
        });
        let changes: Vec<_> = sent.into_iter().collect();
        self.write(device, stored, &stored.queue, DeliveryChange::Done(token), &changes, None, now).await
    }

    /// Ends the command in flight, which does not fit into the shadow.
    async fn fail(
        &self,
        device: &DeviceId,
        stored: &StoredQueue,
        bytes: usize,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let why = format!(
            "does not fit into the shadow of the device: with it and room for an answer it would have {} bytes, and AWS IoT \
             takes {MOST_SHADOW}; fewer settings make room",
            bytes + ANSWER_ROOM
        );
        let first: Vec<_> = stored.queue.first().cloned().into_iter().collect();
        let end = |command: &Command| Some(command.unsent(State::Failed, &why, now));
        self.end(device, stored, &first, end, now).await.map(drop)
    }
}
