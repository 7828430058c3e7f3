//! The table `serials`: which boards may become devices.
//!
//! | `serial` | |
//! |---|---|
//! | serial number | a listed number; the index `states` has these by state, in eight partitions each, and number |
//! | `device#<id>` | which number has this device: two numbers never have the same |
//! | `certificate#<id>` | for which number a certificate was provisioned: it is never used for another one |

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};

use super::batch;
use super::event::WithEvents;
use super::keys::{listed_serial, partitions, serial_of_certificate, serial_of_device};
use super::list::{List, Span};
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::device::Author;
use weir_core::domain::serial::{ListedSerial, SerialState};
use weir_core::id::{BadId, CertificateId, Serial};
use weir_core::wire::serial::{template_json, template_of};

const TABLE: &str = "serials";
const TRANSACTION: &str = "TransactWriteItems serials";
/// Numbers that one transaction adds: each takes two rows, and with the event there may be 100 items.
pub const CHUNK: usize = 49;

/// The table.
#[derive(Debug, Clone)]
pub struct SerialTable {
    client: Client,
    name: String,
}

/// Whether a number can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It can be added.
    Free,
    /// The number is listed already.
    Listed,
    /// Another number has its device.
    DeviceTaken,
}

/// The parts of a transaction that mark a number as provisioned.
#[derive(Debug)]
pub struct Provisioned(Vec<TransactWriteItem>);

impl Provisioned {
    pub(super) fn items(self) -> Vec<TransactWriteItem> {
        self.0
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct SerialRow {
    serial: String,
    device_id: String,
    state: String,
    /// The key of the index `states`.
    listed: String,
    /// JSON as text.
    template: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// Epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provisioned_at: Option<i64>,
    /// The SHA-256 of the claim code, until the device has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim_code: Option<String>,
    version: u64,
    /// Epoch milliseconds.
    created_at: i64,
    created_by: String,
    /// Epoch milliseconds.
    updated_at: i64,
    updated_by: String,
}

/// A row that names a serial number.
#[derive(Debug, Deserialize)]
struct OwnerRow {
    owner: String,
}

impl SerialTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection by reading a row that does not exist.
    pub async fn warm_up(&self) {
        let _ = self.item("-").await;
    }

    /// The listed number, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn find(&self, serial: &Serial) -> Result<Option<ListedSerial>, AwsError> {
        self.item(serial.as_str()).await?.map(listed_of).transpose()
    }

    /// The number that the certificate was provisioned for, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn of_certificate(&self, certificate: &CertificateId) -> Result<Option<Serial>, AwsError> {
        let key = serial_of_certificate(certificate);
        let Some(item) = self.item(&key).await? else { return Ok(None) };
        let row: OwnerRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, &key, error))?;
        row.owner.parse().map(Some).map_err(|error: BadId| AwsError::corrupt(TABLE, &key, error))
    }

    async fn item(&self, key: &str) -> Result<Option<Item>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("serial", s(key)).consistent_read(true);
        Ok(request.send().await.map_err(|error| AwsError::call("GetItem serials", error))?.item)
    }

    /// At most `limit` listed numbers after `after`, ascending, all or those in one state, and the last one if there are more.
    /// Changes of the last moments may be missing.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        state: Option<SerialState>,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<ListedSerial>, Option<String>), AwsError> {
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "states",
            partition: "listed",
            sort: "serial",
            descending: false,
            operation: "Query serials states",
        };
        let states: Vec<String> = match state {
            Some(state) => partitions(state.code()),
            None => SerialState::all().flat_map(|state| partitions(state.code())).collect(),
        };
        let span = Span { from: Span::FIRST.to_owned(), to: Span::LAST.to_owned(), after };
        let rows = list.first(&states, &span, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        let next = rows.iter().take(limit).next_back().map(|(serial, _)| serial.clone()).filter(|_| more);
        let items = rows.into_iter().take(limit).map(|(_, item)| listed_of(item)).collect::<Result<_, _>>()?;
        Ok((items, next))
    }

    /// Whether these numbers, at most [`CHUNK`], can be added, by consistent reads.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn places(&self, new: &[&ListedSerial]) -> Result<Vec<Place>, AwsError> {
        let keys = |listed: &&ListedSerial| [listed.serial.to_string(), serial_of_device(&listed.device)];
        let keys: Vec<String> = new.iter().flat_map(keys).collect();
        let found = batch::rows(&self.client, &self.name, "serial", &keys).await?;
        let place = |listed: &&ListedSerial| match () {
            () if found.contains_key(listed.serial.as_str()) => Place::Listed,
            () if found.contains_key(&serial_of_device(&listed.device)) => Place::DeviceTaken,
            () => Place::Free,
        };
        Ok(new.iter().map(place).collect())
    }

    /// Adds these numbers, at most [`CHUNK`], all or none, with the event. Overtaken when one of them or of their devices is listed
    /// by now.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn add(&self, new: &[&ListedSerial], events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let mut items = Vec::new();
        for listed in new {
            let item = item_of(listed)?;
            items.push(self.put(item, "attribute_not_exists(serial)")?);
            items.push(
                self.put(owner(&serial_of_device(&listed.device), &listed.serial), "attribute_not_exists(serial)")?,
            );
        }
        items.extend(events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }

    /// Removes the number, with the event. Overtaken when it has changed since it was read.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn remove(&self, listed: &ListedSerial, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let own = Delete::builder()
            .table_name(&self.name)
            .key("serial", s(listed.serial.as_str()))
            .condition_expression("version = :v")
            .expression_attribute_values(":v", n(listed.version));
        let device = Delete::builder().table_name(&self.name).key("serial", s(serial_of_device(&listed.device)));
        let mut items = Vec::new();
        for delete in [own, device] {
            let delete = delete.build().map_err(|error| AwsError::request(TRANSACTION, error))?;
            items.push(TransactWriteItem::builder().delete(delete).build());
        }
        items.extend(events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }

    /// Resets the number, so that its board is expected again, with the event. Overtaken when the number has changed since it was read.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn reset(
        &self,
        listed: &ListedSerial,
        author: &Author,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let change = "SET #s = :s, listed = :listed, version = :next, updated_at = :at, updated_by = :by";
        let update = self.update(listed, change, SerialState::Expected, author)?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        items.extend(events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }

    /// Marks the number as provisioned with this certificate, as part of a transaction that changes the device. From then on the
    /// device has the claim code, so it is removed from the number.
    ///
    /// # Errors
    /// When the request cannot be made.
    pub fn provisioned(
        &self,
        listed: &ListedSerial,
        certificate: &CertificateId,
        at: Timestamp,
    ) -> Result<Provisioned, AwsError> {
        let author = Author { by: String::new(), at };
        let change = "SET #s = :s, listed = :listed, version = :next, updated_at = :at, updated_by = :by, certificate = :c, \
             provisioned_at = :at REMOVE claim_code";
        let mut update = self.update(listed, change, SerialState::Provisioned, &author)?;
        if let Some(values) = &mut update.expression_attribute_values {
            values.insert(":c".to_owned(), s(certificate.as_str()));
        }
        let mark =
            self.put(owner(&serial_of_certificate(certificate), &listed.serial), "attribute_not_exists(serial)")?;
        Ok(Provisioned(vec![TransactWriteItem::builder().update(update).build(), mark]))
    }

    /// The change of a number to a state, if it has not changed since it was read.
    fn update(
        &self,
        listed: &ListedSerial,
        change: &str,
        state: SerialState,
        author: &Author,
    ) -> Result<Update, AwsError> {
        Update::builder()
            .table_name(&self.name)
            .key("serial", s(listed.serial.as_str()))
            .update_expression(change)
            .condition_expression("version = :v")
            .expression_attribute_names("#s", "state")
            .expression_attribute_values(":s", s(state.code()))
            .expression_attribute_values(":listed", s(listed_serial(state, &listed.serial)))
            .expression_attribute_values(":v", n(listed.version))
            .expression_attribute_values(":next", n(listed.version.saturating_add(1)))
            .expression_attribute_values(":at", n(author.at.millis()))
            .expression_attribute_values(":by", s(&author.by))
            .build()
            .map_err(|error| AwsError::request(TRANSACTION, error))
    }

    fn put(&self, item: Item, condition: &str) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item)).condition_expression(condition);
        let put = put.build().map_err(|error| AwsError::request(TRANSACTION, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn owner(key: &str, serial: &Serial) -> Item {
    Item::from([("serial".to_owned(), s(key)), ("owner".to_owned(), s(serial.as_str()))])
}

fn item_of(listed: &ListedSerial) -> Result<Item, AwsError> {
    let row = SerialRow {
        serial: listed.serial.to_string(),
        device_id: listed.device.to_string(),
        state: listed.state.code().to_owned(),
        listed: listed_serial(listed.state, &listed.serial),
        template: template_json(&listed.template).to_string(),
        certificate: listed.certificate.as_ref().map(ToString::to_string),
        provisioned_at: listed.provisioned_at.map(Timestamp::millis),
        claim_code: listed.claim_code.clone(),
        version: listed.version,
        created_at: listed.created_at.millis(),
        created_by: listed.created_by.clone(),
        updated_at: listed.updated_at.millis(),
        updated_by: listed.updated_by.clone(),
    };
    serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, &listed.serial, error))
}

fn listed_of(item: Item) -> Result<ListedSerial, AwsError> {
    let key = item.get("serial").and_then(|key| key.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &key, detail);
    let row: SerialRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let bad = |error: BadId| corrupt(error.to_string());
    let template = serde_json::from_str(&row.template).map_err(|error| corrupt(format!("template: {error}")))?;
    Ok(ListedSerial {
        serial: row.serial.parse().map_err(bad)?,
        device: row.device_id.parse().map_err(bad)?,
        template: template_of(template).map_err(|detail| corrupt(format!("template: {detail}")))?,
        state: SerialState::of(&row.state).ok_or_else(|| corrupt(format!("state {:?} is none", row.state)))?,
        certificate: row.certificate.map(|id| id.parse()).transpose().map_err(bad)?,
        provisioned_at: row.provisioned_at.map(Timestamp::from_millis),
        claim_code: row.claim_code,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        created_by: row.created_by,
        updated_at: Timestamp::from_millis(row.updated_at),
        updated_by: row.updated_by,
    })
}
