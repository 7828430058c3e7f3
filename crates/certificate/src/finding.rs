//! A finding of AWS IoT Device Defender's audit, as a mitigation action publishes it to a topic of SNS: certificates that expire soon.
//! Their devices are asked for a request at once, independently of the schedule.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_aws::iot::IotError;
use weir_core::id::CertificateId;
use weir_runtime::Retry;

use super::Parts;

/// Maximum certificates of a finding that are checked. The schedule finds the others.
const MOST: usize = 50;

/// The certificates that a message of SNS names; `None` when the event is not a message of SNS.
pub(super) fn of(event: &Value) -> Option<BTreeSet<CertificateId>> {
    let records = event.get("Records")?.as_array()?;
    let messages: Vec<&str> = records.iter().filter_map(|record| record.pointer("/Sns/Message")?.as_str()).collect();
    if messages.is_empty() {
        return None;
    }
    let mut found = BTreeSet::new();
    for message in messages {
        if let Ok(finding) = serde_json::from_str(message) {
            collect(&finding, &mut found);
        }
    }
    Some(found)
}

/// Every `deviceCertificateId`, wherever in the finding it is.
fn collect(value: &Value, found: &mut BTreeSet<CertificateId>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(id) if name == "deviceCertificateId" => found.extend(id.parse().ok()),
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

impl Parts {
    /// Checks the devices that have these certificates. The outcome is `looked`.
    ///
    /// # Errors
    /// When AWS IoT or a table does not answer.
    pub(super) async fn found(&self, certificates: &BTreeSet<CertificateId>) -> Result<&'static str, Retry> {
        for id in certificates.iter().take(MOST) {
            let Some(certificate) = self.certificates.find(id).await.map_err(IotError::into_error)? else { continue };
            for device in self.certificates.things(&certificate).await.map_err(IotError::into_error)? {
                self.look(&device).await?;
            }
        }
        Ok("looked")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn certificates_are_found_wherever_the_finding_names_them() {
        let id = "a".repeat(64);
        let finding = json!({"checkName": "DEVICE_CERTIFICATE_EXPIRING_CHECK", "findings": [
            {"nonCompliantResource": {"resourceIdentifier": {"deviceCertificateId": id}}}, {"deviceCertificateId": "x"}]});
        let event = json!({"Records": [{"Sns": {"Message": finding.to_string()}}, {"Sns": {"Message": "no JSON"}}]});
        assert_eq!(of(&event).unwrap(), BTreeSet::from([id.parse().unwrap()]));
        assert_eq!(of(&json!({"topic": "board-1/certificate/csr"})), None);
        assert_eq!(of(&json!({"Records": [{}]})), None);
    }
}
