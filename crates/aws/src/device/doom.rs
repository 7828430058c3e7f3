//! Requests the removal of a certificate of a registered device, and checks that a device is registered.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};

use super::super::event::WithEvents;
use super::super::row::{Item, s};
use super::super::transaction::transact;
use super::super::{AwsError, WriteOutcome};
use super::DeviceTable;
use super::rotation::{StoredRotation, text_of};
use super::write::{CERTIFICATES_DUE, certificates_due};
use weir_core::domain::Timestamp;
use weir_core::id::{CertificateId, DeviceId};

/// The condition that the row is that of a registered device.
const REGISTERED: &str = "attribute_exists(version) AND attribute_not_exists(deleted_at)";

impl DeviceTable {
    /// The part of a transaction that checks that the device is registered.
    pub(in super::super) fn is_registered(&self, id: &DeviceId) -> Result<TransactWriteItem, AwsError> {
        let check = ConditionCheck::builder().table_name(&self.name).key("id", s(id.as_str()));
        let check = check.condition_expression(REGISTERED).build();
        let check = check.map_err(|error| AwsError::request("TransactWriteItems devices", error))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Requests the removal of a certificate of a registered device, with the event, and removes everything else about it from the row.
    /// Overtaken when the device is not registered, when the rotation has changed since it was read, and when another request is
    /// changing the row at this moment.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn doom_certificate(
        &self,
        id: &DeviceId,
        certificate: &CertificateId,
        before: &StoredRotation,
        now: Timestamp,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut values = Item::from(certificates_due(now.millis()).map(|(place, value)| (place.to_owned(), value)));
        values.insert(":doomed".to_owned(), AttributeValue::Ss(vec![certificate.to_string()]));
        let after = before.rotation.without(certificate);
        let (set, unchanged) = match &before.text {
            Some(text) if after != before.rotation => {
                values.extend([(":before".to_owned(), s(text)), (":rotation".to_owned(), s(text_of(id, &after)?))]);
                (", rotation = :rotation", " AND rotation = :before")
            }
            _ => ("", ""),
        };
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(format!("SET {CERTIFICATES_DUE}{set} ADD doomed :doomed"))
            .condition_expression(format!("{REGISTERED}{unchanged}"))
            .set_expression_attribute_values(Some(values))
            .build()
            .map_err(|error| AwsError::request("TransactWriteItems devices", error))?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        items.extend(events.items()?);
        transact(&self.client, "TransactWriteItems devices", items).await
    }
}
