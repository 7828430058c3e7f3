//! Asking for the removal of a certificate of a device.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::super::event::WithEvents;
use super::super::row::{Item, s};
use super::super::transaction::transact;
use super::super::{AwsError, WriteOutcome};
use super::DeviceTable;
use super::write::{CERTIFICATES_DUE, certificates_due};
use weir_core::domain::Timestamp;
use weir_core::id::{CertificateId, DeviceId};

impl DeviceTable {
    /// Asks for the removal of a certificate of a registered device, with the event. Overtaken when the device is not
    /// registered, or another request is changing its row at this moment.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn doom_certificate(
        &self,
        id: &DeviceId,
        certificate: &CertificateId,
        now: Timestamp,
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let mut values = Item::from(certificates_due(now.millis()).map(|(place, value)| (place.to_owned(), value)));
        values.insert(":doomed".to_owned(), AttributeValue::Ss(vec![certificate.to_string()]));
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression(format!("SET {CERTIFICATES_DUE} ADD doomed :doomed"))
            .condition_expression("attribute_exists(version) AND attribute_not_exists(deleted_at)")
            .set_expression_attribute_values(Some(values))
            .build()
            .map_err(|error| AwsError::request("TransactWriteItems devices", error))?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        items.extend(events.items()?);
        transact(&self.client, "TransactWriteItems devices", items).await
    }
}
