//! What makes and changes boards: the allow list of serial numbers, firmwares and jobs.

use std::collections::BTreeMap;

use serde::Deserialize;
use weir_core::domain::job::Counts;
use weir_core::domain::serial::SerialState;
use weir_core::wire::job::JobJson;

use super::Page;

/// A serial number in the allow list: `GET /fleet/serials`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedSerial {
    /// The number.
    pub serial: String,
    /// The device that the board becomes.
    pub device_id: String,
    /// Whether a board is expected.
    pub state: SerialState,
    /// When the number was listed.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
}

/// The answer to numbers that are to be listed: `POST /fleet/serials` with a CSV file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Upload {
    /// How many were added.
    pub added: u64,
    /// The answer to each line.
    pub items: Vec<UploadLine>,
}

/// The answer to a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UploadLine {
    /// The number of the line; that of the header is 1.
    pub line: u64,
    /// The serial number, as far as there is one.
    #[serde(default)]
    pub serial: Option<String>,
    /// `added`, `exists`, `device_taken` or `invalid`.
    pub outcome: String,
    /// The claim code that was made; it is shown once.
    #[serde(default)]
    pub claim_code: Option<String>,
    /// What is wrong with the line.
    #[serde(default)]
    pub detail: Option<String>,
}

/// Where the file of an announced firmware is to be uploaded: `POST /fleet/firmware`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Announced {
    /// The upload.
    pub upload: FileUpload,
}

/// An upload: a PUT with exactly these headers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileUpload {
    /// The address.
    pub url: String,
    /// The headers that are part of its signature.
    pub headers: BTreeMap<String, String>,
}

/// A job with the states of its devices: `GET /fleet/jobs/{job}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobDetails {
    /// The job.
    #[serde(flatten)]
    pub job: JobJson,
    /// How many devices are in each state; absent while they are being gathered.
    #[serde(default)]
    pub counts: Option<Counts>,
    /// Its devices.
    pub executions: Page<JobDevice>,
}

/// A device of a job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobDevice {
    /// The device.
    pub device: String,
    /// Its state: `QUEUED`, `SUCCEEDED`, …
    pub status: String,
    /// When that last changed.
    #[serde(default)]
    pub updated_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use weir_core::wire::job::FirmwareJson;

    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn the_fleet_is_read_as_the_document_says() {
        holds::<ListedSerial>("ListedSerial");
        holds::<Upload>("Upload");
        holds::<UploadLine>("UploadLine");
        holds::<Announced>("AnnouncedFirmware");
        holds::<FileUpload>("FirmwareUpload");
        holds::<FirmwareJson>("Firmware");
        holds::<JobJson>("Job");
        holds::<Page<JobJson>>("Page_Job");
        holds::<JobDetails>("JobDetails");
        holds::<Counts>("JobCounts");
        holds::<Page<JobDevice>>("Page_JobDevice");
    }
}
