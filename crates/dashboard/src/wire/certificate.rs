//! The certificates of a device: `GET /devices/{id}/certificates`.

use serde::Deserialize;
use weir_core::wire::device::DeliveryJson;

/// The certificates of a device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Certificates {
    /// The certificates.
    pub items: Vec<Certificate>,
    /// Whether AWS IoT is up to date with the registry.
    pub delivery: DeliveryJson,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Certificate {
    /// Its id in AWS IoT.
    pub certificate: String,
    /// `active`, `inactive`, `revoked`, `pending`, or one of later versions.
    pub status: String,
    /// Whether the device connects with it.
    pub in_use: bool,
    /// Whether it was deactivated because the device was disabled.
    pub by_disabling: bool,
    /// When it was created.
    pub created_at: String,
    /// The end of its validity.
    #[serde(default)]
    pub not_after: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn certificates_are_read_as_the_document_says() {
        holds::<Certificates>("Certificates");
        holds::<Certificate>("Certificate");
    }
}
