//! The index `watched`: when each device has to be checked, because its alerts or its silence may have to be judged again.
//!
//! It contains only devices with `report_every`, and those whose alerts were changed. A change by a person sets `watch` to that moment;
//! the sweep sets it to the time at which the device may be silent, or removes it.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use serde::Deserialize;

use super::super::due::{DueIndex, Rest};
use super::super::keys::{self, DEVICES};
use super::super::row::{Item, n, s};
use super::super::{AwsError, WriteOutcome};
use super::{DeviceTable, TABLE};
use weir_core::domain::Timestamp;
use weir_core::id::{BadId, DeviceId};

/// The index.
const WATCHED: &str = "watched";

/// A page of the devices that are due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueDevices {
    /// The devices, and when they were due, in seconds since the epoch.
    pub devices: Vec<(DeviceId, i64)>,
    next: Vec<Rest>,
}

impl DueDevices {
    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next.is_empty()
    }
}

/// When to check a device next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// At the time that was read, in seconds since the epoch.
    pub known: i64,
    /// At this new time; `None`: not before somebody changes the device.
    pub next: Option<i64>,
}

/// A device that a problem depends on: its row must have the version that was read when the problem is written.
#[derive(Debug, Clone, Copy)]
pub struct DeviceDependency<'a> {
    /// The registry.
    pub devices: &'a DeviceTable,
    /// The device.
    pub id: &'a DeviceId,
    /// Its version as it was read.
    pub version: u64,
    /// Whether `watch` changes in the same write.
    pub watch: Option<Watch>,
}

impl DeviceDependency<'_> {
    /// The part of a transaction that checks the version, and sets `watch`.
    pub(in super::super) fn item(&self) -> Result<TransactWriteItem, BuildError> {
        let Some(watch) = self.watch else {
            let check = ConditionCheck::builder()
                .table_name(&self.devices.name)
                .key("id", s(self.id.as_str()))
                .condition_expression("version = :v")
                .expression_attribute_values(":v", n(self.version));
            return Ok(TransactWriteItem::builder().condition_check(check.build()?).build());
        };
        let change = change_of(self.id, watch);
        let update = Update::builder()
            .table_name(&self.devices.name)
            .key("id", s(self.id.as_str()))
            .update_expression(change.text)
            .condition_expression(UNCHANGED)
            .set_expression_attribute_values(Some(change.values(self.version)));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

/// The condition that neither the device nor its `watch` has changed.
const UNCHANGED: &str = "version = :v AND watch = :k";

/// An update of `watch`.
struct WatchChange {
    text: &'static str,
    values: Item,
}

impl WatchChange {
    fn values(mut self, version: u64) -> Item {
        self.values.insert(":v".to_owned(), n(version));
        self.values
    }
}

fn change_of(id: &DeviceId, watch: Watch) -> WatchChange {
    let mut values = Item::from([(":k".to_owned(), n(watch.known))]);
    let Some(next) = watch.next else { return WatchChange { text: "REMOVE watch, watched", values } };
    values.extend([(":w".to_owned(), n(next)), (":p".to_owned(), s(keys::watched_device(id)))]);
    WatchChange { text: "SET watch = :w, watched = :p", values }
}

/// The attributes of a device that is due at `at`, in seconds since the epoch.
pub(super) fn attributes(id: &DeviceId, at: i64) -> [(String, AttributeValue); 2] {
    [("watched".to_owned(), s(keys::watched_device(id))), ("watch".to_owned(), n(at))]
}

impl DeviceTable {
    /// The next page after `after` of the devices that are due at `now`: at most 100.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn due_for_look(&self, now: Timestamp, after: Option<DueDevices>) -> Result<DueDevices, AwsError> {
        #[derive(Deserialize)]
        struct WatchedRow {
            id: String,
            watch: i64,
        }
        let index = DueIndex {
            client: &self.client,
            table: &self.name,
            index: WATCHED,
            partition: "watched",
            sort: "watch",
            list: DEVICES,
            operation: "Query devices watched",
        };
        let (items, next) = index.page(now, after.map(|after| after.next)).await?;
        let device = |item: Item| {
            let row: WatchedRow =
                serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, WATCHED, error))?;
            let id = row.id.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, WATCHED, error))?;
            Ok((id, row.watch))
        };
        Ok(DueDevices { devices: items.into_iter().map(device).collect::<Result<_, AwsError>>()?, next })
    }

    /// Sets or removes `watch`, if neither it nor the device has changed since they were read.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn watch(&self, id: &DeviceId, version: u64, watch: Watch) -> Result<WriteOutcome, AwsError> {
        let change = change_of(id, watch);
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(change.text)
            .condition_expression(UNCHANGED)
            .set_expression_attribute_values(Some(change.values(version)));
        let Err(error) = update.send().await else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(
                UpdateItemError::ConditionalCheckFailedException(_) | UpdateItemError::TransactionConflictException(_),
            ) => Ok(WriteOutcome::Overtaken),
            _ => Err(AwsError::call("UpdateItem devices", error)),
        }
    }
}
