//! With which certificates a device may connect: `GET /devices/{id}/certificates`; and the jobs that bring it firmware.

use serde::Deserialize;
use weir_core::wire::device::DeliveryJson;
use weir_core::wire::job::JobJson;

use super::Page;

/// The certificates of a device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Certificates {
    /// The certificates.
    pub items: Vec<Certificate>,
    /// Whether they are as the registry wants them.
    pub delivery: DeliveryJson,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Certificate {
    /// Its id in AWS IoT.
    pub certificate: String,
    /// `active`, `inactive`, `revoked` or `pending`. There may be others.
    pub status: String,
    /// Whether the device connects with it.
    pub in_use: bool,
    /// Whether it was deactivated because the device was disabled.
    pub by_disabling: bool,
    /// When it was created.
    pub created_at: String,
    /// Until when it is valid.
    #[serde(default)]
    pub not_after: Option<String>,
}

/// A job with the states of its devices: `GET /fleet/jobs/{job}`.
#[derive(Debug, Clone, Deserialize)]
pub struct JobDetails {
    /// The job.
    #[serde(flatten)]
    pub job: JobJson,
    /// Its devices.
    pub executions: Page<Execution>,
}

/// One device's part of a job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Execution {
    /// The device.
    pub device: String,
    /// `QUEUED`, `IN_PROGRESS`, … There may be others.
    pub status: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn certificates_and_jobs_are_read_as_the_document_says() {
        holds::<Certificates>("Certificates");
        holds::<Certificate>("Certificate");
        holds::<Page<Execution>>("Page_JobDevice");
        holds::<Page<JobJson>>("Page_Job");
        holds::<JobDetails>("JobDetails");
    }
}
