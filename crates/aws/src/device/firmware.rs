//! The firmware that a device reports. It is an attribute of the device's row that is written separately: a report does not create a
//! new version of the device.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use super::super::row::{n, s};
use super::super::{AwsError, WriteOutcome};
use super::DeviceTable;
use weir_core::domain::firmware::FirmwareReport;
use weir_core::id::DeviceId;

impl DeviceTable {
    /// Writes what a device reports as its firmware; `None` when it no longer reports one. Overtaken when a later report is known, and
    /// when there is no such device.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn report_firmware(&self, id: &DeviceId, report: &FirmwareReport) -> Result<WriteOutcome, AwsError> {
        let update = self.client.update_item().table_name(&self.name).key("id", s(id.as_str()));
        let update = match &report.firmware {
            Some(firmware) => update
                .update_expression("SET firmware = :firmware, firmware_version = :version")
                .expression_attribute_values(":firmware", s(firmware)),
            None => update.update_expression("SET firmware_version = :version REMOVE firmware"),
        };
        let sent = update
            .condition_expression(
                "attribute_exists(version) AND attribute_not_exists(deleted_at) \
                 AND (attribute_not_exists(firmware_version) OR firmware_version < :version)",
            )
            .expression_attribute_values(":version", n(report.shadow_version))
            .send()
            .await;
        let Err(error) = sent else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(WriteOutcome::Overtaken),
            _ => Err(AwsError::call("UpdateItem devices", error)),
        }
    }
}
