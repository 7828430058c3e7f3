//! The part of a command's delivery that the queue's row records: what is pending, and who holds the lease.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update as UpdateItem};
use serde::Deserialize;

use super::super::AwsError;
use super::super::due::{DueIndex, Rest};
use super::super::keys::{COMMANDS, queue as part_of};
use super::super::lease::{LeaseToken, Update, update_if};
use super::super::row::{Item, n, s};
use super::row::{places_of, queue_of};
use super::{CommandTable, DeliveryChange, OPERATION, QUEUE, QueueChange, StoredQueue, TABLE, key, watch};
use weir_core::domain::Timestamp;
use weir_core::id::{BadId, DeviceId};

/// The index, and its range key.
const WATCHED: &str = "watched";

/// The answer to a request for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueLease {
    /// The caller has it, and this is the queue.
    Acquired(StoredQueue),
    /// Another attempt has it: it is under way, or its outcome is unknown and its time is not over.
    HeldByOther,
    /// Nothing is pending.
    NothingPending,
}

/// A page of the queues that have to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct DueQueues {
    /// Their devices.
    pub devices: Vec<DeviceId>,
    next: Vec<Rest>,
}

impl DueQueues {
    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next.is_empty()
    }
}

impl CommandTable {
    /// The next page after `after` of the devices whose queue has to be looked at: at most 100, of each partition of the index
    /// the longest due ones. Each partition is one query of half a read unit.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn due(&self, now: Timestamp, after: Option<DueQueues>) -> Result<DueQueues, AwsError> {
        #[derive(Deserialize)]
        struct WatchedRow {
            device: String,
        }
        let index = DueIndex {
            client: &self.client,
            table: &self.name,
            index: WATCHED,
            partition: "part",
            sort: "watch",
            list: COMMANDS,
            operation: "Query commands watched",
        };
        let (items, next) = index.page(now, after.map(|after| after.next)).await?;
        let device = |item: Item| {
            let row: WatchedRow =
                serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, WATCHED, error))?;
            row.device.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, WATCHED, error))
        };
        Ok(DueQueues { devices: items.into_iter().map(device).collect::<Result<_, _>>()?, next })
    }

    /// Acquires the lease until `until`, or extends it if the caller already has it.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn lease(
        &self,
        device: &DeviceId,
        token: &LeaseToken,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<QueueLease, AwsError> {
        let values = [
            (":token", s(token.as_str())),
            (":now", n(now.millis())),
            (":until", n(until.millis())),
            (":watch", n(until.seconds())),
        ];
        let condition = "attribute_exists(pending) AND (attribute_not_exists(lease) OR due <= :now OR lease = :token)";
        let change = "SET lease = :token, due = :until, watch = :watch";
        match self.update(device, change, condition, values).await? {
            Update::Done(item) => queue_of(device, item).map(QueueLease::Acquired),
            Update::Refused(item) if item.contains_key("pending") => Ok(QueueLease::HeldByOther),
            Update::Refused(_) => Ok(QueueLease::NothingPending),
        }
    }

    /// Releases the lease; the next attempt is due at `due`.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn postpone(&self, device: &DeviceId, token: &LeaseToken, due: Timestamp) -> Result<(), AwsError> {
        let values = [(":token", s(token.as_str())), (":due", n(due.millis())), (":watch", n(due.seconds()))];
        // A lease that another attempt holds by now stays.
        self.update(device, "SET due = :due, watch = :watch REMOVE lease", "lease = :token", values).await.map(drop)
    }

    async fn update(
        &self,
        device: &DeviceId,
        change: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'static str, aws_sdk_dynamodb::types::AttributeValue)>,
    ) -> Result<Update, AwsError> {
        let operation = "UpdateItem commands";
        update_if(&self.client, &self.name, operation, key(device, QUEUE), change, condition, values).await
    }

    /// The part of a transaction that writes the queue.
    pub(super) fn queue_update(&self, change: &QueueChange<'_>) -> Result<TransactWriteItem, AwsError> {
        let QueueChange { device, before, queue, delivery, now, .. } = change;
        let pending = match delivery {
            DeliveryChange::Keep => before.pending,
            DeliveryChange::Ask => true,
            DeliveryChange::Done(_) => false,
        };
        let (mut set, mut remove) = (vec!["revision = :next", "places = :places"], Vec::new());
        let mut condition = "revision = :revision".to_owned();
        if before.revision == 0 {
            condition = "attribute_not_exists(revision)".to_owned();
        }
        let mut update = UpdateItem::builder()
            .table_name(&self.name)
            .set_key(Some(key(device, QUEUE)))
            .expression_attribute_values(":next", n(before.revision + 1))
            .expression_attribute_values(":places", places_of(queue));
        if before.revision > 0 {
            update = update.expression_attribute_values(":revision", n(before.revision));
        }
        if let Some(last) = &queue.last {
            set.push("#last = :last");
            update = update
                .expression_attribute_names("#last", "last")
                .expression_attribute_values(":last", s(last.as_str()));
        }
        match delivery {
            DeliveryChange::Keep => {}
            DeliveryChange::Ask => {
                set.extend(["pending = :yes", "due = if_not_exists(due, :now)"]);
                let yes = aws_sdk_dynamodb::types::AttributeValue::Bool(true);
                update = update
                    .expression_attribute_values(":yes", yes)
                    .expression_attribute_values(":now", n(now.millis()));
            }
            DeliveryChange::Done(token) => {
                remove.extend(["pending", "due", "lease"]);
                condition.push_str(" AND lease = :token");
                update = update.expression_attribute_values(":token", s(token.as_str()));
            }
        }
        match watch(queue, pending, *now) {
            Some(watch) => {
                set.extend(["part = :part", "watch = :watch"]);
                update = update
                    .expression_attribute_values(":part", s(part_of(device)))
                    .expression_attribute_values(":watch", n(watch));
            }
            None => remove.extend(["part", "watch"]),
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        let update = update.update_expression(expression).condition_expression(condition).build();
        let update = update.map_err(|error| AwsError::request(OPERATION, error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
