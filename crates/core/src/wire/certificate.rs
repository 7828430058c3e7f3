//! The certificates of a device as the API shows them.

use serde::Serialize;

use super::device::DeliveryJson;
use crate::domain::Timestamp;
use crate::id::CertificateId;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Certificate))]
pub struct CertificateJson {
    /// Its id in AWS IoT.
    pub certificate: CertificateId,
    /// `active`, `inactive`, `revoked` or `pending`. A device can only connect with an active one.
    #[cfg_attr(feature = "schema", schema(example = "active"))]
    pub status: &'static str,
    /// Whether the device connects with it, as far as is known: the one that it last connected with since it was registered.
    pub in_use: bool,
    /// Whether it was deactivated because the device was disabled. Enabling the device activates it again.
    pub by_disabling: bool,
    /// When it was created.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// Until when it is valid.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Timestamp>))]
    pub not_after: Option<Timestamp>,
}

/// The certificates of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Certificates))]
pub struct CertificatesJson {
    /// The certificates that are attached to the device's thing.
    pub items: Vec<CertificateJson>,
    /// Whether they are as the registry wants them; `pending` is resolved automatically.
    pub delivery: DeliveryJson,
}
