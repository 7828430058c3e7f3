//! Changes of a device's row: each is for one version of it, so none is ever written over another.

use std::hash::{BuildHasher, RandomState};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem, Update};

use super::super::row::{Item, n, s};
use super::super::{AwsError, CalibrationTable, size};
use super::record::attributes;
use super::{DeviceTable, TABLE};
use weir_core::domain::device_record::{Author, Entry, Record, Versions};
use weir_core::domain::reading::Series;
use weir_core::id::DeviceId;

/// What a record may have or not.
const OPTIONAL: [&str; 6] = ["level_id", "followed_by", "link", "location", "tube", "deleted_at"];
/// What is kept of a device that was deleted, beside the delivery's attributes: who, when, and the counters.
const KEPT: [&str; 5] = ["version", "settings_version", "updated_at", "updated_by", "deleted_at"];
/// What the delivery of settings writes beside the record: pending, due, lease, delivered, written.
const DELIVERY: usize = 1024;
/// The partition of the index over devices whose settings are to be delivered.
pub(super) const PENDING: &str = "settings";

const TRANSACTION: &str = "TransactWriteItems devices";
/// Why DynamoDB cancels a transaction that somebody else was ahead of, and one that it has no room for now (API reference of
/// `TransactWriteItems`, cancellation reasons).
const OVERTAKEN: [&str; 2] = ["ConditionalCheckFailed", "TransactionConflict"];
const BUSY: [&str; 2] = ["ProvisionedThroughputExceeded", "ThrottlingError"];

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// It is written.
    Done,
    /// The row was changed by somebody else before; nothing is written.
    Overtaken,
}

/// A word that no other process and no other call has, so that a change that AWS took without saying so is known when
/// the SDK sends it again.
pub fn token() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(1), RandomState::new().hash_one(2))
}

/// An expression that sets and removes attributes, whatever they are called.
#[derive(Default)]
struct Change {
    set: Vec<String>,
    remove: Vec<String>,
    names: Vec<(String, String)>,
    values: Item,
}

impl Change {
    fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{}", self.names.len());
        self.names.push((placeholder.clone(), attribute.to_owned()));
        placeholder
    }

    fn set(&mut self, attributes: Item) {
        for (attribute, value) in attributes {
            let (name, place) = (self.name(&attribute), format!(":{}", self.names.len()));
            self.set.push(format!("{name} = {place}"));
            self.values.insert(place, value);
        }
    }

    fn remove<'a>(&mut self, attributes: impl IntoIterator<Item = &'a str>) {
        for attribute in attributes {
            let name = self.name(attribute);
            self.remove.push(name);
        }
    }

    /// The row is to be delivered: now, unless an attempt is under way or was put off.
    fn deliver(&mut self, now: i64) {
        self.values.extend([(":pending".to_owned(), s(PENDING)), (":now".to_owned(), n(now))]);
        self.set.extend(["pending = :pending".to_owned(), "due = if_not_exists(due, :now)".to_owned()]);
    }

    /// The update of the row that has the version before `version`.
    fn of(mut self, table: &str, id: &DeviceId, version: u64, token: &str) -> Result<Update, AwsError> {
        self.set(Item::from([("written".to_owned(), s(token))]));
        let condition = match version.saturating_sub(1) {
            0 => "attribute_not_exists(version)",
            before => {
                self.values.insert(":before".to_owned(), n(before));
                "version = :before"
            }
        };
        let removed =
            if self.remove.is_empty() { String::new() } else { format!(" REMOVE {}", self.remove.join(", ")) };
        Update::builder()
            .table_name(table)
            .key("id", s(id.as_str()))
            .update_expression(format!("SET {}{removed}", self.set.join(", ")))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(self.names.into_iter().collect()))
            .set_expression_attribute_values(Some(self.values))
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|error| AwsError::request("UpdateItem devices", error))
    }
}

fn is_of(cancelled: &TransactionCanceledException, codes: [&str; 2]) -> bool {
    cancelled.cancellation_reasons().iter().any(|reason| reason.code().is_some_and(|code| codes.contains(&code)))
}

impl DeviceTable {
    /// Writes the record over the version before it, or where nothing stands when it is the first; `deliver` when its
    /// settings are to be delivered.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn write(&self, record: &Record, deliver: bool) -> Result<Write, AwsError> {
        let token = token();
        self.send(self.update(record, deliver, &token)?, &token).await
    }

    /// Writes the record together with the version of a calibration that was added to it.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn write_calibrated(
        &self,
        record: &Record,
        history: &CalibrationTable,
        of: &Series,
        entry: &Entry,
    ) -> Result<Write, AwsError> {
        let update = TransactWriteItem::builder().update(self.update(record, false, &token())?).build();
        // The SDK gives the transaction a token of its own, by which DynamoDB knows it when it is sent again.
        let sent = self
            .client
            .transact_write_items()
            .transact_items(update)
            .transact_items(history.put_in_transaction(of, entry)?)
            .send()
            .await;
        let Err(error) = sent else { return Ok(Write::Done) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) if is_of(cancelled, OVERTAKEN) => {
                Ok(Write::Overtaken)
            }
            // The exception is the same whatever the reason, and the SDK does not send it again.
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) if is_of(cancelled, BUSY) => {
                Err(AwsError::unavailable(TRANSACTION, error))
            }
            _ => Err(AwsError::call(TRANSACTION, error)),
        }
    }

    /// Deletes the device in its present version. Its counters stay, and its retained message and shadow are cleared as
    /// any other newest version is delivered.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn remove(&self, record: &Record, Author { by, at }: Author) -> Result<Write, AwsError> {
        let Versions { record: version, settings } = record.versions;
        let mut change = Change::default();
        change.set(Item::from([
            ("version".to_owned(), n(version + 1)),
            ("settings_version".to_owned(), n(settings + 1)),
            ("updated_at".to_owned(), n(at.millis())),
            ("updated_by".to_owned(), s(by)),
            ("deleted_at".to_owned(), n(at.millis())),
        ]));
        change.deliver(at.millis());
        let attributes = attributes(record)?;
        let gone = attributes.keys().map(String::as_str).chain(OPTIONAL);
        let gone: std::collections::BTreeSet<_> = gone.filter(|name| *name != "id" && !KEPT.contains(name)).collect();
        change.remove(gone);
        let token = token();
        self.send(change.of(&self.name, &record.id, version + 1, &token)?, &token).await
    }

    fn update(&self, record: &Record, deliver: bool, token: &str) -> Result<Update, AwsError> {
        let mut attributes = attributes(record)?;
        let bytes = size::of(&attributes) + DELIVERY;
        if bytes > size::LARGEST {
            return Err(AwsError::TooLarge { table: TABLE, key: record.id.to_string(), bytes });
        }
        attributes.remove("id");
        let mut change = Change::default();
        change.remove(OPTIONAL.into_iter().filter(|name| !attributes.contains_key(*name)));
        change.set(attributes);
        if deliver {
            change.deliver(record.updated_at.millis());
        }
        change.of(&self.name, &record.id, record.versions.record, token)
    }

    async fn send(&self, update: Update, token: &str) -> Result<Write, AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(update.table_name())
            .set_key(Some(update.key().clone()))
            .update_expression(update.update_expression())
            .set_condition_expression(update.condition_expression().map(ToOwned::to_owned))
            .set_expression_attribute_names(update.expression_attribute_names().cloned())
            .set_expression_attribute_values(update.expression_attribute_values().cloned())
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(Write::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                // Taken the first time without saying so, and found there when it was sent again.
                let ours = failed.item().and_then(|item| item.get("written")) == Some(&s(token));
                Ok(if ours { Write::Done } else { Write::Overtaken })
            }
            Some(UpdateItemError::TransactionConflictException(_)) => Ok(Write::Overtaken),
            _ => Err(AwsError::call("UpdateItem devices", error)),
        }
    }
}
