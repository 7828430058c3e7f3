//! The table `events`: what happened to devices and people, and which devices are connected.
//!
//! | `device` | `row` | |
//! |---|---|---|
//! | device id | `<instant>#<event id>` | an event of the device |
//! | `-` | `<instant>#<event id>` | an event that concerns people, or no single device |
//! | device id | `connection` | whether the device is connected |
//!
//! An event is written once: its key is derived from what happened, and an existing event is left as it is. It costs one write unit
//! per KB, and the same again for the index `listed`. Events expire by TTL.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::AwsError;
use super::keys::{event_row, events_of};
use super::row::{Item, s};
use weir_core::domain::event::Event;

mod connection;
mod list;
mod row;
mod settings;

pub use list::{EventFilter, EventPosition};
pub use row::{EventImage, of_image};
pub use settings::EventSettings;

const TABLE: &str = "events";
/// An existing event is left as it is.
const ABSENT: &str = "attribute_not_exists(device)";

/// The table `events`.
#[derive(Debug, Clone)]
pub struct EventTable {
    client: Client,
    name: String,
    keep_days: i64,
}

/// Events that are written with a change, in one transaction: either both are there or neither.
#[derive(Debug, Clone, Copy, Default)]
pub struct WithEvents<'a>(Option<(&'a EventTable, &'a [Event])>);

impl EventTable {
    /// The table called `name`, whose events are kept for `keep_days`.
    pub fn new(client: Client, name: impl Into<String>, keep_days: i64) -> Self {
        Self { client, name: name.into(), keep_days }
    }

    /// The table of these settings.
    pub fn open(client: Client, settings: EventSettings) -> Self {
        Self::new(client, settings.table, settings.keep_days)
    }

    /// Opens the connection to DynamoDB by reading a row that does not exist.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.connection(&nobody).await;
        }
    }

    /// Opens the connection by a query that finds nothing, for a role that may read no single row.
    pub async fn warm_up_query(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.of_device(Some(&nobody), &EventFilter::default(), 1, None).await;
        }
    }

    /// Writes an event on its own; false when it exists already. Repeating this is harmless, so after a function was killed everything is
    /// simply done again.
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
        WithEvents(Some((self, events)))
    }

    fn item(&self, event: &Event) -> Result<Item, AwsError> {
        row::item_of(event, self.keep_days)
    }
}

impl WithEvents<'_> {
    /// No events: for changes that no person makes.
    pub const NONE: Self = Self(None);

    /// Whether there is no event, so that the change needs no transaction.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none_or(|(_, events)| events.is_empty())
    }

    /// The parts of the transaction. A transaction whose events exist already is cancelled as overtaken: then the change was
    /// written with them before.
    pub(super) fn items(&self) -> Result<Vec<TransactWriteItem>, AwsError> {
        let Some((table, events)) = self.0 else { return Ok(Vec::new()) };
        events.iter().map(|event| table.in_transaction(event)).collect()
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

    /// The part of a transaction that deletes an event, because its change is undone.
    pub(super) fn retract(&self, event: &Event) -> Result<TransactWriteItem, AwsError> {
        let key = self.key(events_of(event.device.as_ref()), &event_row(event.at, &event.id));
        let delete = Delete::builder().table_name(&self.name).set_key(Some(key)).build();
        let delete = delete.map_err(|error| AwsError::request("TransactWriteItems events", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn key(&self, device: &str, row: &str) -> Item {
        Item::from([("device".to_owned(), s(device)), ("row".to_owned(), s(row))])
    }
}
