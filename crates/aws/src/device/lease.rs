//! The part of the delivery of a device's settings and certificates that its row records: what is pending, and who holds the
//! lease.
//!
//! `pending` is set while the newest settings may not be delivered or the certificates may not have the right status, `due` is when
//! the next attempt may begin, and `lease` is the token of the attempt under way. `certificates` is set while the certificates are
//! due, and names the change that requested it. `deactivated` are the certificates that were deactivated because the device was
//! disabled, `doomed` those to be removed. None of this changes the device's version, so deliveries and people's changes do not
//! conflict.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::AwsError;
use super::super::keys::PENDING;
use super::super::lease::{LeaseToken, Update, update_if};
use super::super::row::{Item, n, s};
use super::{DeviceTable, TABLE, row};
use weir_core::domain::Timestamp;
use weir_core::domain::certificate::Wanted;
use weir_core::domain::rotation::Rotation;
use weir_core::id::{CertificateId, DeviceId};

/// What has to be delivered to AWS IoT for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDelivery {
    /// The version of the newest settings.
    pub version: u64,
    /// The settings as JSON; none when the device was deleted.
    pub settings: Option<String>,
    /// Whether the settings are to be delivered.
    pub settings_due: bool,
    /// What is to be done with the certificates.
    pub certificates: Option<DueCertificates>,
}

/// What is to be done with the certificates of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCertificates {
    /// Identifies the change that requested it.
    pub change: String,
    /// The status that the certificates should have.
    pub wanted: Wanted,
    /// Those that were deactivated or are to be removed.
    pub known: KnownCertificates,
    /// The one that the device connects with, and the next one.
    pub rotation: Rotation,
}

/// Certificates that the row of a device remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownCertificates {
    /// Those that disabling the device has deactivated.
    pub deactivated: BTreeSet<CertificateId>,
    /// Those that are to be removed.
    pub doomed: BTreeSet<CertificateId>,
}

/// The answer to a request for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// The caller has it, and this is to be delivered.
    Acquired(Box<PendingDelivery>),
    /// Another attempt has it: it is under way, or its outcome is unknown and its time is not over.
    HeldByOther,
    /// Nothing is pending.
    NothingPending,
}

/// The outcome of recording a version as delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedDelivery {
    /// It is the newest version, and the row says that it is delivered.
    Delivered,
    /// There is a newer version, or the certificates are due, and the caller still has the lease.
    NewerVersion,
    /// The caller has lost the lease.
    LeaseLost,
}

impl DeviceTable {
    /// Acquires the lease until `until`, or extends it if the caller already has it.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn lease(
        &self,
        id: &DeviceId,
        token: &LeaseToken,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Lease, AwsError> {
        let values = [(":token", s(token.as_str())), (":now", n(now.millis())), (":until", n(until.millis()))];
        let condition = "attribute_exists(pending) AND (attribute_not_exists(lease) OR due <= :now OR lease = :token)";
        match self.change(id, "SET lease = :token, due = :until", condition, values).await? {
            Update::Done(item) => row::pending(item).map(Box::new).map(Lease::Acquired),
            Update::Refused(item) if item.contains_key("pending") => Ok(Lease::HeldByOther),
            Update::Refused(_) => Ok(Lease::NothingPending),
        }
    }

    /// Records that `version` of the settings is delivered, and releases the lease.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn record_delivery(
        &self,
        id: &DeviceId,
        token: &LeaseToken,
        version: u64,
    ) -> Result<RecordedDelivery, AwsError> {
        let values = [(":token", s(token.as_str())), (":version", n(version))];
        let change = "SET delivered = :version REMOVE pending, due, lease";
        let condition = "lease = :token AND settings_version = :version AND attribute_not_exists(certificates)";
        match self.change(id, change, condition, values).await? {
            Update::Done(_) => Ok(RecordedDelivery::Delivered),
            Update::Refused(item) if item.get("lease") == Some(&s(token.as_str())) => {
                Ok(RecordedDelivery::NewerVersion)
            }
            // DynamoDB had executed it, and the SDK repeated it because the answer was lost.
            Update::Refused(item) if item.get("delivered") == Some(&n(version)) && !item.contains_key("pending") => {
                Ok(RecordedDelivery::Delivered)
            }
            Update::Refused(_) => Ok(RecordedDelivery::LeaseLost),
        }
    }

    /// Records that `version` of the settings is delivered, and keeps the lease, because the certificates are still due.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn record_settings(&self, id: &DeviceId, token: &LeaseToken, version: u64) -> Result<(), AwsError> {
        let values = [(":token", s(token.as_str())), (":version", n(version))];
        let condition = "lease = :token AND settings_version = :version";
        self.change(id, "SET delivered = :version", condition, values).await.map(drop)
    }

    /// Records certificates before they are deactivated or removed, so that later attempts find them again. If the caller has lost the
    /// lease, nothing is written and the result is `false`.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn remember_certificates(
        &self,
        id: &DeviceId,
        token: &LeaseToken,
        known: &KnownCertificates,
    ) -> Result<bool, AwsError> {
        let mut additions = Vec::new();
        let mut values = vec![(":token", s(token.as_str()))];
        for (name, place, ids) in
            [("deactivated", ":deactivated", &known.deactivated), ("doomed", ":doomed", &known.doomed)]
        {
            if !ids.is_empty() {
                additions.push(format!("{name} {place}"));
                values.push((place, AttributeValue::Ss(ids.iter().map(ToString::to_string).collect())));
            }
        }
        if additions.is_empty() {
            return Ok(true);
        }
        let change = format!("ADD {}", additions.join(", "));
        Ok(matches!(self.change(id, &change, "lease = :token", values).await?, Update::Done(_)))
    }

    /// Records that the certificates are as the change wanted them, and keeps the lease. A newer change stays due.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn record_certificates(
        &self,
        id: &DeviceId,
        token: &LeaseToken,
        due: &DueCertificates,
    ) -> Result<(), AwsError> {
        let values = [(":token", s(token.as_str())), (":certificates", s(&due.change))];
        let change = match due.wanted {
            // They are still deactivated.
            Wanted::Inactive => "REMOVE certificates, doomed",
            Wanted::Active => "REMOVE certificates, doomed, deactivated",
            Wanted::Gone => "REMOVE certificates, doomed, deactivated, rotation",
        };
        let condition = "lease = :token AND certificates = :certificates";
        self.change(id, change, condition, values).await.map(drop)
    }

    /// Releases the lease; the next attempt is due at `due`.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn postpone(&self, id: &DeviceId, token: &LeaseToken, due: Timestamp) -> Result<(), AwsError> {
        let values = [(":token", s(token.as_str())), (":due", n(due.millis()))];
        // A lease that another attempt holds by now stays.
        self.change(id, "SET due = :due REMOVE lease", "lease = :token", values).await.map(drop)
    }

    /// At most `limit` devices whose delivery is due, the longest overdue first.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn due(&self, now: Timestamp, limit: i32) -> Result<Vec<DeviceId>, AwsError> {
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("pending")
            .key_condition_expression("pending = :pending AND due <= :now")
            .expression_attribute_values(":pending", s(PENDING))
            .expression_attribute_values(":now", n(now.millis()))
            .limit(limit)
            .send()
            .await
            .map_err(|error| AwsError::call("Query devices pending", error))?;
        let id = |item: Item| {
            let id = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
            id.parse().map_err(|error| AwsError::corrupt(TABLE, &id, error))
        };
        page.items.unwrap_or_default().into_iter().map(id).collect()
    }

    /// Changes the row if the condition holds.
    pub(super) async fn change(
        &self,
        id: &DeviceId,
        change: &str,
        condition: &str,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<Update, AwsError> {
        let key = Item::from([("id".to_owned(), s(id.as_str()))]);
        update_if(&self.client, &self.name, "UpdateItem devices", key, change, condition, values).await
    }
}
