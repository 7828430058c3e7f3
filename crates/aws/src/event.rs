//! The table `events`: what happened to devices and people, and which devices are connected.
//!
//! | `device` | `row` | |
//! |---|---|---|
//! | device id | `<instant>#<event id>` | an event of the device |
//! | `-` | `<instant>#<event id>` | an event that concerns people, or no single device |
//! | device id | `connection` | whether the device is connected |
//!
//! An event is written once: its key follows from what happened, and an event that is there is left as it is. It is one write unit
//! for each KB, and as much again for the index `listed`. Events expire by TTL.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::AwsError;
use super::row::{Item, s};
use weir_core::domain::event::Event;

mod connection;
mod list;
mod row;

pub use list::{EventFilter, EventPosition};
pub use row::{EventImage, of_image};

const TABLE: &str = "events";
/// An event that is there is left as it is.
const ABSENT: &str = "attribute_not_exists(device)";

/// The table `events`.
#[derive(Debug, Clone)]
pub struct EventTable {
    client: Client,
    name: String,
    keep_days: i64,
}

/// Events that are written with a change, in one transaction: either both are there or neither.
#[derive(Debug, Clone, Copy)]
pub struct WithEvents<'a> {
    table: &'a EventTable,
    events: &'a [Event],
}

impl EventTable {
    /// The table called `name`, whose events are kept for `keep_days`.
    pub fn new(client: Client, name: impl Into<String>, keep_days: i64) -> Self {
        Self { client, name: name.into(), keep_days }
    }

    /// Opens the connection to DynamoDB by reading a row that does not exist.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.connection(&nobody).await;
        }
    }

    /// Writes an event on its own; false when it is there already. Repeating it is harmless, so a function that is killed before
    /// makes up for it by doing all of it again.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn put(&self, event: &Event) -> Result<bool, AwsError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(self.item(event)?));
        let Err(error) = put.condition_expression(ABSENT).send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(AwsError::call("PutItem events", error)),
        }
    }

    /// Writes events on their own, each as [`EventTable::put`] does.
    ///
    /// # Errors
    /// When DynamoDB does not take one; those before it are written.
    pub async fn put_all(&self, events: &[Event]) -> Result<(), AwsError> {
        for event in events {
            self.put(event).await?;
        }
        Ok(())
    }

    /// These events, to be written in the transaction of a change.
    pub fn with<'a>(&'a self, events: &'a [Event]) -> WithEvents<'a> {
        WithEvents { table: self, events }
    }

    fn item(&self, event: &Event) -> Result<Item, AwsError> {
        row::item_of(event, self.keep_days)
    }
}

impl WithEvents<'_> {
    /// The parts of the transaction. A transaction whose events are there already is cancelled as overtaken: then the change is
    /// there as well.
    pub(super) fn items(&self) -> Result<Vec<TransactWriteItem>, AwsError> {
        self.events.iter().map(|event| self.table.in_transaction(event)).collect()
    }
}

impl EventTable {
    fn in_transaction(&self, event: &Event) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(self.item(event)?));
        let put = put.condition_expression(ABSENT).build();
        Ok(TransactWriteItem::builder()
            .put(put.map_err(|error| AwsError::request("TransactWriteItems events", error))?)
            .build())
    }

    fn key(&self, device: &str, row: &str) -> Item {
        Item::from([("device".to_owned(), s(device)), ("row".to_owned(), s(row))])
    }
}
