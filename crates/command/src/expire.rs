//! Commands that are over end: as `EXPIRED` if their time is over, as `CANCELLED` if their device was deleted, even if it is registered
//! again. It happens when the sweep finds them, whenever they are read, and before the next one is entered or delivered.

use weir_aws::command::{CommandChange, DeliveryChange, QueueChange, StoredQueue};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::command::Command;
use weir_core::domain::event::Event;
use weir_core::id::{CommandId, DeviceId};

use super::Parts;

/// Maximum attempts of a change of the commands of a device. Each failed one means that another change succeeded.
pub(super) const MAX_ATTEMPTS: u32 = 20;

/// The attempts to change the commands of a device.
pub(super) fn attempts(device: &DeviceId) -> Attempts<'_, DeviceId> {
    Attempts::new("commands", device, MAX_ATTEMPTS)
}

impl Parts {
    /// When the device was registered; `None` if it is not.
    ///
    /// # Errors
    /// When the table does not answer.
    pub(super) async fn registered(&self, device: &DeviceId) -> Result<Option<Timestamp>, AwsError> {
        Ok(self.devices.get(device).await?.map(|device| device.created_at))
    }

    /// The open commands of a device, after ending those that are over at `now`.
    ///
    /// # Errors
    /// When the tables do not answer, or others change the commands all the time.
    pub(super) async fn settled(&self, device: &DeviceId, now: Timestamp) -> Result<StoredQueue, AwsError> {
        let mut attempts = attempts(device);
        loop {
            attempts.next().await?;
            let stored = self.commands.queue(device).await?;
            if stored.queue.places.is_empty() {
                return Ok(stored);
            }
            let orphaned = self.orphaned(device, &stored).await?;
            let mut over = stored.queue.expired(now);
            over.extend(orphaned.iter().filter(|id| !over.contains(id)).cloned().collect::<Vec<_>>());
            if over.is_empty() {
                return Ok(stored);
            }
            let end = |command: &Command| {
                if orphaned.contains(&command.id) { command.orphaned(now) } else { command.expired(now) }
            };
            if let WriteOutcome::Done = self.end(device, &stored, &over, end, now).await? {
                tracing::info!(%device, commands = over.len(), orphaned = orphaned.len(), "commands are over");
            }
        }
    }

    /// The commands of the queue whose device was deleted.
    async fn orphaned(&self, device: &DeviceId, stored: &StoredQueue) -> Result<Vec<CommandId>, AwsError> {
        let orphaned = stored.queue.orphaned(self.registered(device).await?);
        if orphaned.is_empty() {
            return Ok(orphaned);
        }
        // That read may have been older than the registration, and a command that has ended stays so.
        let device = self.devices.find(device).await?.device();
        Ok(stored.queue.orphaned(device.map(|device| device.created_at)))
    }

    /// Ends these commands of the queue, each as `end` says, in one transaction.
    ///
    /// # Errors
    /// When the tables do not answer, or a command of the queue is not there.
    pub(super) async fn end(
        &self,
        device: &DeviceId,
        stored: &StoredQueue,
        ids: &[CommandId],
        end: impl Fn(&Command) -> Option<Command>,
        now: Timestamp,
    ) -> Result<WriteOutcome, AwsError> {
        let mut changes = Vec::new();
        for id in ids {
            // One that ended meanwhile is in the queue no longer, so that the write will be overtaken.
            let Some(before) = self.commands.get(device, id).await? else { return Ok(WriteOutcome::Overtaken) };
            let Some(after) = end(&before) else { return Ok(WriteOutcome::Overtaken) };
            changes.push(CommandChange { before: Some(before), after });
        }
        let ended: Vec<&CommandId> = ids.iter().collect();
        let queue = stored.queue.without(&ended);
        let delivery = match queue.first() == stored.queue.first() {
            true => DeliveryChange::Keep,
            false => DeliveryChange::Ask,
        };
        self.write(device, stored, &queue, delivery, &changes, None, now).await
    }

    /// Writes a change of the commands of a device, with its events.
    ///
    /// # Errors
    /// When the tables do not answer.
    #[allow(clippy::too_many_arguments, reason = "each is another part of the change")]
    pub(super) async fn write(
        &self,
        device: &DeviceId,
        before: &StoredQueue,
        queue: &weir_core::domain::command::Queue,
        delivery: DeliveryChange<'_>,
        commands: &[CommandChange],
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<WriteOutcome, AwsError> {
        let events = events_of(commands, by);
        let events = self.events.with(&events);
        let change = QueueChange { device, before, queue, delivery, commands, key: None, events, now };
        self.commands.change(&change).await
    }
}

/// The events of these changes.
pub(super) fn events_of(changes: &[CommandChange], by: Option<&str>) -> Vec<Event> {
    changes.iter().map(|change| change.after.event(change.before.as_ref(), by)).collect()
}
