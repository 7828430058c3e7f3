//! Changes of a device's row. Each is conditional on the version that was read, so none overwrites another.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem, Update};

use super::super::event::{EventTable, WithEvents};
use super::super::keys::PENDING;
use super::super::row::{Item, n, s};
use super::super::transaction::transact;
use super::super::{AwsError, CalibrationTable, WriteOutcome, size};
use super::claim::ClaimChange;
use super::row::attributes;
use super::{DeviceTable, TABLE, watch};
use weir_core::domain::calibration::CalibrationEntry;
use weir_core::domain::device::{Author, Device, Versions};
use weir_core::domain::event::Event;
use weir_core::domain::reading::Series;
use weir_core::id::DeviceId;

/// Attributes that not every device has.
const OPTIONAL: [&str; 9] = [
    "history_from",
    "level_id",
    "followed_by",
    "level_format",
    "report_every",
    "link",
    "location",
    "tube",
    "deleted_at",
];
/// Attributes that are written separately from the device, and removed when it is deleted.
const OF_OTHERS: [&str; 3] = ["firmware", "firmware_version", "claim"];
/// Attributes that remain when a device is deleted, besides those of the delivery.
const TOMBSTONE: [&str; 5] = ["version", "settings_version", "updated_at", "updated_by", "deleted_at"];
/// Room for the attributes of the delivery, in bytes: pending, due, lease, delivered, written, and some hundred ids of
/// certificates.
const DELIVERY_BYTES: usize = 16 * 1024;

/// What has to be done after a write: what to deliver to AWS IoT, and whether to judge problems again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deliver {
    /// The settings.
    pub settings: bool,
    /// The status of the certificates.
    pub certificates: bool,
    /// Whether open problems may have to be ended, or the device has to be watched for silence.
    pub problems: bool,
}

impl Deliver {
    /// Nothing.
    pub const NOTHING: Self = Self { settings: false, certificates: false, problems: false };
    /// The settings alone.
    pub const SETTINGS: Self = Self { settings: true, ..Self::NOTHING };
    /// Everything that can be delivered.
    pub const EVERYTHING: Self = Self { settings: true, certificates: true, ..Self::NOTHING };

    /// Whether something has to be delivered to AWS IoT.
    pub fn tells_iot(self) -> bool {
        self.settings || self.certificates
    }
}

/// A token that is unique to this call. It is written with a change, so that the change is recognised if its answer is
/// lost and the SDK repeats it.
pub fn token() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(1), RandomState::new().hash_one(2))
}

/// Makes the certificates of a device due in an update: now, unless an attempt is under way or was postponed. With the values of
/// [`certificates_due`].
pub(super) const CERTIFICATES_DUE: &str =
    "certificates = :certificates, pending = :pending, due = if_not_exists(due, :now)";

/// The values of [`CERTIFICATES_DUE`], at `now` in milliseconds since the epoch.
pub(super) fn certificates_due(now: i64) -> [(&'static str, AttributeValue); 3] {
    [(":certificates", s(token())), (":pending", s(PENDING)), (":now", n(now))]
}

/// An update expression. Names are always placeholders, because an attribute may be a reserved word.
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

    /// Marks the delivery as pending: due now, unless an attempt is under way or was postponed.
    fn deliver(&mut self, deliver: Deliver, now: i64) {
        if !deliver.tells_iot() {
            return;
        }
        if deliver.certificates {
            self.values.extend(certificates_due(now).map(|(place, value)| (place.to_owned(), value)));
            self.set.push(CERTIFICATES_DUE.to_owned());
            return;
        }
        self.values.extend([(":pending".to_owned(), s(PENDING)), (":now".to_owned(), n(now))]);
        self.set.push("pending = :pending, due = if_not_exists(due, :now)".to_owned());
    }

    /// The update to `version`, conditional on the version before it.
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

impl DeviceTable {
    /// Replaces the previous version of the device; the first version is written only if there is no row. `deliver` is marked as
    /// pending.
    ///
    /// # Errors
    /// When DynamoDB does not take it, and when the row would be too large.
    pub async fn write(&self, device: &Device, deliver: Deliver) -> Result<WriteOutcome, AwsError> {
        self.write_with(device, deliver, WithEvents::NONE).await
    }

    /// As [`DeviceTable::write`], with the events of the change.
    ///
    /// # Errors
    /// As [`DeviceTable::write`].
    pub async fn write_with(
        &self,
        device: &Device,
        deliver: Deliver,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let token = token();
        let update = self.update(device, deliver, &token)?;
        if events.is_empty() { self.send(update, &token).await } else { self.transact(update, events.items()?).await }
    }

    /// Writes the device together with the entry that was added to the calibrations of one of its sensors, and with the event.
    ///
    /// # Errors
    /// When DynamoDB does not take it, and when the row would be too large.
    pub async fn write_calibrated(
        &self,
        device: &Device,
        history: &CalibrationTable,
        of: &Series,
        entry: &CalibrationEntry,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut others = events.items()?;
        others.push(history.put_in_transaction(of, entry)?);
        self.transact(self.update(device, Deliver::NOTHING, &token())?, others).await
    }

    /// As [`DeviceTable::write_with`], with a new claim code in place of the one that the device had.
    ///
    /// # Errors
    /// As [`DeviceTable::write`].
    pub async fn write_claimable(
        &self,
        device: &Device,
        deliver: Deliver,
        events: WithEvents<'_>,
        code: ClaimChange<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut others = events.items()?;
        others.extend(self.claim_items(device, code)?);
        let token = token();
        let mut change = self.written(device, deliver)?;
        change.set(Item::from([("claim".to_owned(), s(code.new.as_str()))]));
        self.transact(change.of(&self.name, &device.id, device.versions.device, &token)?, others).await
    }

    async fn transact(&self, update: Update, others: Vec<TransactWriteItem>) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        items.extend(others);
        transact(&self.client, "TransactWriteItems devices", items).await
    }

    /// Deletes the device and its connection in the table `events`, with the event. Its versions stay. Removing its retained message,
    /// its shadow, its certificates and its thing is part of the delivery, like new settings.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn remove(
        &self,
        device: &Device,
        Author { by, at }: Author,
        events: &EventTable,
        event: &Event,
    ) -> Result<WriteOutcome, AwsError> {
        let Versions { device: version, settings } = device.versions;
        let mut change = Change::default();
        change.set(Item::from([
            ("version".to_owned(), n(version + 1)),
            ("settings_version".to_owned(), n(settings + 1)),
            ("updated_at".to_owned(), n(at.millis())),
            ("updated_by".to_owned(), s(by)),
            ("deleted_at".to_owned(), n(at.millis())),
        ]));
        change.deliver(Deliver::EVERYTHING, at.millis());
        if device.details.may_have_problems() {
            change.set(watch::attributes(&device.id, at.seconds()).into());
        }
        let attributes = attributes(device)?;
        let removed = attributes.keys().map(String::as_str).chain(OPTIONAL).chain(OF_OTHERS);
        let removed: BTreeSet<_> = removed.filter(|name| *name != "id" && !TOMBSTONE.contains(name)).collect();
        change.remove(removed);
        // `rotation` stays until the certificates are removed: it may name one that no thing has.
        change.remove(["expiring", "renew_at"]);
        let mut others = events.with(std::slice::from_ref(event)).items()?;
        others.push(events.forget_connection(&device.id)?);
        self.transact(change.of(&self.name, &device.id, version + 1, &token())?, others).await
    }

    fn update(&self, device: &Device, deliver: Deliver, token: &str) -> Result<Update, AwsError> {
        self.update_with(device, deliver, token, Item::new())
    }

    /// The update, with attributes that are not the device's own.
    pub(super) fn update_with(
        &self,
        device: &Device,
        deliver: Deliver,
        token: &str,
        others: Item,
    ) -> Result<Update, AwsError> {
        let mut change = self.written(device, deliver)?;
        change.set(others);
        change.of(&self.name, &device.id, device.versions.device, token)
    }

    fn written(&self, device: &Device, deliver: Deliver) -> Result<Change, AwsError> {
        let mut attributes = attributes(device)?;
        let bytes = size::of(&attributes) + DELIVERY_BYTES;
        if bytes > size::LARGEST {
            return Err(AwsError::TooLarge { table: TABLE, key: device.id.to_string(), bytes });
        }
        attributes.remove("id");
        let mut change = Change::default();
        change.remove(OPTIONAL.into_iter().filter(|name| !attributes.contains_key(*name)));
        change.set(attributes);
        change.deliver(deliver, device.updated_at.millis());
        if deliver.problems {
            change.set(watch::attributes(&device.id, device.updated_at.seconds()).into());
        }
        Ok(change)
    }

    async fn send(&self, update: Update, token: &str) -> Result<WriteOutcome, AwsError> {
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
        let Err(error) = sent else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                // DynamoDB had executed it, and the SDK repeated it because the answer was lost.
                let ours = failed.item().and_then(|item| item.get("written")) == Some(&s(token));
                Ok(if ours { WriteOutcome::Done } else { WriteOutcome::Overtaken })
            }
            Some(UpdateItemError::TransactionConflictException(_)) => Ok(WriteOutcome::Overtaken),
            _ => Err(AwsError::call("UpdateItem devices", error)),
        }
    }
}
