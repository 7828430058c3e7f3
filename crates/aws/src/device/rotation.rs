//! The certificates of a device in its row: the attribute `rotation` is JSON as text, and each change of it is conditional on its old
//! value. Devices whose certificate has to be checked are in the index `expiring`, in several partitions, sorted by `renew_at`.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;

use super::super::due::{DueIndex, Rest};
use super::super::event::WithEvents;
use super::super::keys::{self, EXPIRING};
use super::super::row::{Item, n, s};
use super::super::serial::Provisioned;
use super::super::transaction::transact;
use super::super::{AwsError, WriteOutcome};
use super::write::{CERTIFICATES_DUE, Deliver, certificates_due, token};
use super::{ClaimChange, ClaimHash, DeviceTable, TABLE};
use weir_core::domain::Timestamp;
use weir_core::domain::device::Device;
use weir_core::domain::rotation::Rotation;
use weir_core::id::{BadId, CertificateId, DeviceId};

const OPERATION: &str = "TransactWriteItems devices";

/// The rotation of a device as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRotation {
    /// Its content.
    pub rotation: Rotation,
    /// The stored text; `None` if there is none.
    pub(super) text: Option<String>,
}

impl StoredRotation {
    pub(super) fn of(text: Option<String>) -> Result<Self, String> {
        let rotation = text.as_deref().map(serde_json::from_str).transpose();
        let rotation = rotation.map_err(|error| format!("rotation: {error}"))?.unwrap_or_default();
        Ok(Self { rotation, text })
    }
}

/// A change of the certificates in a device's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationChange {
    /// The content afterwards.
    pub rotation: Rotation,
    /// When to check next; `None` leaves that as it is.
    pub look: Option<NextLook>,
    /// Whether the certificates in AWS IoT have to be brought up to date.
    pub settle: bool,
    /// A certificate that is to be removed.
    pub doomed: Option<CertificateId>,
}

/// When to check a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextLook {
    /// Never.
    Never,
    /// At this time, in seconds since the epoch.
    At(i64),
}

/// A page of the devices whose certificates are to be checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpiringDevices {
    /// The devices.
    pub devices: Vec<DeviceId>,
    next: Vec<Rest>,
}

impl ExpiringDevices {
    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next.is_empty()
    }
}

impl DeviceTable {
    /// Changes the certificates in the row of an enabled device, with the events. Overtaken when they have changed since they were
    /// read, and when the device is no longer registered or enabled.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn rotate(
        &self,
        id: &DeviceId,
        before: &StoredRotation,
        change: &RotationChange,
        now: Timestamp,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![self.rotation_update(id, before, change, now)?];
        items.extend(events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    /// Gives an enabled device another certificate, together with its serial number, and with the events.
    ///
    /// # Errors
    /// As [`DeviceTable::rotate`].
    pub async fn rotate_provisioned(
        &self,
        id: &DeviceId,
        before: &StoredRotation,
        change: &RotationChange,
        serial: Provisioned,
        now: Timestamp,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut items = vec![self.rotation_update(id, before, change, now)?];
        items.extend(serial.items());
        items.extend(events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    /// Writes a device that is registered because its board is provisioned: as [`DeviceTable::write_with`], with its certificate,
    /// together with its serial number, and with a claim code if it has one.
    ///
    /// # Errors
    /// As [`DeviceTable::write_with`].
    pub async fn write_provisioned(
        &self,
        device: &Device,
        deliver: Deliver,
        rotation: &Rotation,
        serial: Provisioned,
        claim: Option<&ClaimHash>,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut attributes = look_attributes(&device.id, device.updated_at.seconds());
        attributes.insert("rotation".to_owned(), s(text_of(&device.id, rotation)?));
        let mut claimable = Vec::new();
        if let Some(new) = claim {
            attributes.insert("claim".to_owned(), s(new.as_str()));
            claimable = self.claim_items(device, ClaimChange { new, old: None })?;
        }
        let update = self.update_with(device, deliver, &token(), attributes)?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        items.extend(claimable);
        items.extend(serial.items());
        items.extend(events.items()?);
        transact(&self.client, OPERATION, items).await
    }

    fn rotation_update(
        &self,
        id: &DeviceId,
        before: &StoredRotation,
        change: &RotationChange,
        now: Timestamp,
    ) -> Result<TransactWriteItem, AwsError> {
        let mut set = vec!["rotation = :rotation".to_owned()];
        let (mut rest, mut values) = (String::new(), Item::new());
        values.insert(":rotation".to_owned(), s(text_of(id, &change.rotation)?));
        values.insert(":yes".to_owned(), AttributeValue::Bool(true));
        match change.look {
            None => {}
            Some(NextLook::Never) => rest.push_str(" REMOVE expiring, renew_at"),
            Some(NextLook::At(at)) => {
                set.push("expiring = :expiring, renew_at = :at".to_owned());
                values.extend([(":expiring".to_owned(), s(keys::expiring(id))), (":at".to_owned(), n(at))]);
            }
        }
        if change.settle || change.doomed.is_some() {
            set.push(CERTIFICATES_DUE.to_owned());
            values.extend(certificates_due(now.millis()).map(|(place, value)| (place.to_owned(), value)));
        }
        if let Some(doomed) = &change.doomed {
            rest.push_str(" ADD doomed :doomed");
            values.insert(":doomed".to_owned(), AttributeValue::Ss(vec![doomed.to_string()]));
        }
        let unchanged = match &before.text {
            Some(text) => {
                values.insert(":before".to_owned(), s(text));
                "rotation = :before"
            }
            None => "attribute_not_exists(rotation)",
        };
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(format!("SET {}{rest}", set.join(", ")))
            .condition_expression(format!(
                "attribute_exists(version) AND attribute_not_exists(deleted_at) AND enabled = :yes AND {unchanged}"
            ))
            .set_expression_attribute_values(Some(values))
            .build()
            .map_err(|error| AwsError::request(OPERATION, error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Sets when to check the certificate, unconditionally; nothing happens when the device is deleted.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn look_again(&self, id: &DeviceId, at: Option<i64>) -> Result<(), AwsError> {
        let registered = "attribute_exists(version) AND attribute_not_exists(deleted_at)";
        match at {
            Some(at) => {
                let values = [(":expiring", s(keys::expiring(id))), (":at", n(at))];
                self.change(id, "SET expiring = :expiring, renew_at = :at", registered, values).await.map(drop)
            }
            // DynamoDB takes no empty list of values.
            None => {
                let values = [(":never", n(-1))];
                self.change(id, "REMOVE expiring, renew_at", "renew_at > :never", values).await.map(drop)
            }
        }
    }

    /// Postpones the check of the certificate to `at`, in seconds since the epoch, if it is still due at `now`.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn look_later(&self, id: &DeviceId, now: Timestamp, at: i64) -> Result<(), AwsError> {
        let values = [(":at", n(at)), (":now", n(now.seconds()))];
        self.change(id, "SET renew_at = :at", "renew_at <= :now", values).await.map(drop)
    }

    /// Makes the certificates of a disabled device due, because it has connected nevertheless.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn settle_disabled(&self, id: &DeviceId, now: Timestamp) -> Result<(), AwsError> {
        let values = certificates_due(now.millis()).into_iter().chain([(":no", AttributeValue::Bool(false))]);
        let condition = "attribute_exists(version) AND attribute_not_exists(deleted_at) AND enabled = :no";
        self.change(id, &format!("SET {CERTIFICATES_DUE}"), condition, values).await.map(drop)
    }

    /// The next page after `after` of the devices whose certificates are to be checked at `now`: at most 100.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn expiring(&self, now: Timestamp, after: Option<ExpiringDevices>) -> Result<ExpiringDevices, AwsError> {
        #[derive(Deserialize)]
        struct ExpiringRow {
            id: String,
        }
        let index = DueIndex {
            client: &self.client,
            table: &self.name,
            index: EXPIRING,
            partition: "expiring",
            sort: "renew_at",
            list: EXPIRING,
            operation: "Query devices expiring",
        };
        let (items, next) = index.page(now, after.map(|after| after.next)).await?;
        let device = |item: Item| {
            let row: ExpiringRow =
                serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, EXPIRING, error))?;
            row.id.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, EXPIRING, error))
        };
        Ok(ExpiringDevices { devices: items.into_iter().map(device).collect::<Result<_, AwsError>>()?, next })
    }
}

fn look_attributes(id: &DeviceId, at: i64) -> Item {
    Item::from([("expiring".to_owned(), s(keys::expiring(id))), ("renew_at".to_owned(), n(at))])
}

pub(super) fn text_of(id: &DeviceId, rotation: &Rotation) -> Result<String, AwsError> {
    serde_json::to_string(rotation).map_err(|error| AwsError::corrupt(TABLE, id, error))
}
