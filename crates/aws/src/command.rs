//! The table `commands`: the commands of devices.
//!
//! | `device` | `id` | |
//! |---|---|---|
//! | device id | 13 digits | a command; expires by TTL after 90 days |
//! | device id | `queue` | the open commands in their order, and the delivery of the first one |
//! | device id | `key#…` | which command an `Idempotency-Key` stands for; expires by TTL after a day |
//!
//! Every change of a command is a transaction with the queue's row, on condition of the `revision` that was read. So changes of
//! a device's commands are serialised, and their events are written with them.
//!
//! The queue's row is the outbox of the delivery, as the row of a device is for its settings: `pending` is set while the shadow
//! is not known to contain exactly the first command, `due` is when the next attempt may begin, and `lease` is the token of
//! the attempt under way. `part` and `watch` are the keys of the sparse index `watched`: when to look at the queue next.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::event::WithEvents;
use super::lease::LeaseToken;
use super::row::{Item, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::command::{Command, Queue};
use weir_core::id::{CommandId, DeviceId};

mod delivery;
mod key;
mod row;

pub use delivery::{DueQueues, QueueLease};
pub(super) use key::KEPT as KEY_KEPT;
pub use key::{KeyedCommand, RequestKey};
pub use row::of_image;

use row::{command_of, item_of, queue_of};

const TABLE: &str = "commands";
/// The sort key of the queue's row. It comes after all commands, which begin with a digit.
const QUEUE: &str = "queue";
const OPERATION: &str = "TransactWriteItems commands";

/// The table `commands`.
#[derive(Debug, Clone)]
pub struct CommandTable {
    client: Client,
    name: String,
}

/// The queue of a device as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredQueue {
    /// The open commands.
    pub queue: Queue,
    /// Whether the shadow may not be up to date.
    pub pending: bool,
    /// Counts the changes; 0 while there is no row.
    revision: u64,
}

/// A command before and after a change; a new one was not there before.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandChange {
    /// Before.
    pub before: Option<Command>,
    /// After.
    pub after: Command,
}

/// The effect of a change on the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryChange<'a> {
    /// Nothing.
    Keep,
    /// The shadow has to be written.
    Ask,
    /// The shadow is written, and this lease is released.
    Done(&'a LeaseToken),
}

impl CommandTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection to DynamoDB by reading the queue of a device that does not exist.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.queue(&nobody).await;
        }
    }

    /// The open commands of a device.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn queue(&self, device: &DeviceId) -> Result<StoredQueue, AwsError> {
        self.row(device, QUEUE).await?.map_or_else(|| Ok(StoredQueue::default()), |item| queue_of(device, item))
    }

    /// A command; `None` when the device has none with this id.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn get(&self, device: &DeviceId, id: &CommandId) -> Result<Option<Command>, AwsError> {
        self.row(device, id.as_str()).await?.map(command_of).transpose()
    }

    async fn row(&self, device: &DeviceId, id: &str) -> Result<Option<Item>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(device, id)));
        let answer = request.consistent_read(true).send().await;
        Ok(answer.map_err(|error| AwsError::call("GetItem commands", error))?.item)
    }

    /// At most `limit` commands of a device before `after`, newest first, and the last of them when there are more.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        device: &DeviceId,
        limit: usize,
        after: Option<CommandId>,
    ) -> Result<(Vec<Command>, Option<CommandId>), AwsError> {
        // One more than asked for tells whether there is a next page.
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("device = :device AND id < :end")
            .expression_attribute_values(":device", s(device.as_str()))
            // Comes after all digits.
            .expression_attribute_values(":end", s(":"))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|after| key(device, after.as_str())))
            .send()
            .await
            .map_err(|error| AwsError::call("Query commands", error))?;
        let items = page.items.unwrap_or_default().into_iter();
        let mut commands = items.map(command_of).collect::<Result<Vec<_>, _>>()?;
        // A page may also end because it is large.
        let more = commands.len() > limit || page.last_evaluated_key.is_some();
        commands.truncate(limit);
        let next = commands.last().filter(|_| more).map(|last| last.id.clone());
        Ok((commands, next))
    }

    /// Writes the queue after a change, the changed commands, their events, and the key of the request if it had one, in one
    /// transaction. Overtaken when the queue has changed since `before` was read, when the key stands for a
    /// command already, or when the lease is lost.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change(&self, change: &QueueChange<'_>) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![self.queue_update(change)?];
        for changed in change.commands {
            items.push(self.put(item_of(&changed.after)?, changed.before.as_ref())?);
        }
        if let Some((key, command)) = change.key {
            items.push(self.put(key::item_of(change.device, key, command, change.now), None)?);
        }
        items.extend(change.events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    /// Puts a new row, or replaces a command that still has the state that was read.
    fn put(&self, item: Item, before: Option<&Command>) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(id)"),
            Some(before) => put
                .condition_expression("#state = :state")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", s(before.state.code())),
        };
        let put = put.build().map_err(|error: BuildError| AwsError::request(OPERATION, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// A change of the commands of a device.
#[derive(Debug)]
pub struct QueueChange<'a> {
    /// The device.
    pub device: &'a DeviceId,
    /// The queue that was read.
    pub before: &'a StoredQueue,
    /// The queue after the change.
    pub queue: &'a Queue,
    /// What happens to the delivery.
    pub delivery: DeliveryChange<'a>,
    /// The commands that change.
    pub commands: &'a [CommandChange],
    /// The key of the request, and the command that it stands for from now on.
    pub key: Option<(&'a RequestKey, &'a CommandId)>,
    /// The events of the change.
    pub events: WithEvents<'a>,
    /// When it happens.
    pub now: Timestamp,
}

fn key(device: &DeviceId, id: &str) -> Item {
    Item::from([("device".to_owned(), s(device.as_str())), ("id".to_owned(), s(id))])
}

/// When the sweep has to look at a queue, in seconds since the epoch: now while its delivery is pending, else when the first of its
/// commands has expired.
fn watch(queue: &Queue, pending: bool, now: Timestamp) -> Option<i64> {
    // The first second after it: the sweep compares whole seconds.
    let expiry = queue.next_expiry().map(|at| at.seconds() + 1);
    if pending { Some(now.seconds()) } else { expiry }
}
