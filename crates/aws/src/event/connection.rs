//! Whether devices are connected: one row of the table for each device that ever connected.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::super::device::DeviceTable;
use super::super::keys::{OFFLINE, partitions};
use super::super::list::{List, Span};
use super::super::row::{Item, n, s};
use super::super::transaction::transact;
use super::super::{AwsError, WriteOutcome, batch};
use super::row::{CONNECTION, connection_item, connection_of};
use super::{ABSENT, EventTable, TABLE};
use weir_core::domain::presence::Connection;
use weir_core::id::{BadId, DeviceId};

impl EventTable {
    /// Whether the device is connected; `None` when it never was.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn connection(&self, device: &DeviceId) -> Result<Option<Connection>, AwsError> {
        let key = self.key(device.as_str(), CONNECTION);
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key)).consistent_read(true);
        let item = request.send().await.map_err(|error| AwsError::call("GetItem events", error))?.item;
        item.map(|item| connection_of(item).map(|(_, connection)| connection)).transpose()
    }

    /// Whether these devices are connected, without those that never were.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn connections(
        &self,
        devices: impl IntoIterator<Item = &DeviceId>,
    ) -> Result<HashMap<DeviceId, Connection>, AwsError> {
        let keys: Vec<Item> = devices.into_iter().map(|device| self.key(device.as_str(), CONNECTION)).collect();
        let mut found = HashMap::new();
        for keys in keys.chunks(batch::MOST_KEYS) {
            let wanted = HashMap::from([(self.name.clone(), keys.to_vec())]);
            let rows = batch::of_tables(&self.client, wanted, "BatchGetItem events").await?;
            for item in rows.into_values().flatten() {
                let (device, connection) = connection_of(item)?;
                found.insert(device, connection);
            }
        }
        Ok(found)
    }

    /// Records whether the device is connected, if what is stored is still `known`: it is deleted with the device.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn set_connection(
        &self,
        device: &DeviceId,
        known: &Connection,
        connection: &Connection,
    ) -> Result<WriteOutcome, AwsError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(connection_item(device, connection)?));
        let put = put
            .condition_expression("version = :version AND #state = :state AND since = :since")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", n(known.version))
            .expression_attribute_values(":state", s(known.state.code()))
            .expression_attribute_values(":since", n(known.since.millis()));
        let Err(error) = put.send().await else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_)) => {
                Ok(WriteOutcome::Overtaken)
            }
            _ => Err(AwsError::call("PutItem events", error)),
        }
    }

    /// Records whether the device is connected, if nothing is stored and the device is registered. A device may be deleted while its
    /// connection is on its way, and the row would then be that of the next device with this id.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn set_first_connection(
        &self,
        devices: &DeviceTable,
        device: &DeviceId,
        connection: &Connection,
    ) -> Result<WriteOutcome, AwsError> {
        const OPERATION: &str = "TransactWriteItems events";
        let put = Put::builder().table_name(&self.name).set_item(Some(connection_item(device, connection)?));
        let put = put.condition_expression(ABSENT).build().map_err(|error| AwsError::request(OPERATION, error))?;
        let items = vec![TransactWriteItem::builder().put(put).build(), devices.is_registered(device)?];
        transact(&self.client, OPERATION, items).await
    }

    /// The part of a transaction that deletes the connection of a device.
    pub(in super::super) fn forget_connection(&self, device: &DeviceId) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder().table_name(&self.name).set_key(Some(self.key(device.as_str(), CONNECTION)));
        let delete = delete.build().map_err(|error| AwsError::request("TransactWriteItems events", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// At most `limit` devices that are not connected, with ids greater than `after`, ascending, and the last of them when there
    /// are more. The index lags a little behind the table.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn offline(
        &self,
        limit: usize,
        after: Option<DeviceId>,
    ) -> Result<(Vec<DeviceId>, Option<DeviceId>), AwsError> {
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "offline",
            partition: "offline",
            sort: "device",
            descending: false,
            operation: "Query events offline",
        };
        let after = after.map(|after| after.to_string());
        let span = Span { from: Span::FIRST.to_owned(), to: Span::LAST.to_owned(), after };
        let rows = list.first(&partitions(OFFLINE), &span, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        let id = |(id, _): (String, Item)| id.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, &id, error));
        let ids: Vec<DeviceId> = rows.into_iter().take(limit).map(id).collect::<Result<_, _>>()?;
        let next = ids.last().filter(|_| more).cloned();
        Ok((ids, next))
    }
}
