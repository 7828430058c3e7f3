//! Provisioning and updating boards: the allow list of serial numbers, firmware and jobs.

use std::collections::BTreeMap;

use serde::Deserialize;
use weir_core::domain::job::Counts;
use weir_core::domain::serial::SerialState;
use weir_core::wire::job::JobJson;

use super::Page;

/// A serial number of the allow list: `GET /fleet/serials`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedSerial {
    /// The number.
    pub serial: String,
    /// The id of the device that the board becomes.
    pub device_id: String,
    /// Whether a board is expected, provisioned or blocked.
    pub state: SerialState,
    /// When the number was listed.
    pub created_at: String,
    /// Who listed it.
    pub created_by: String,
}

/// The answer to a CSV file of serial numbers: `POST /fleet/serials`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Upload {
    /// Number of numbers that were added.
    pub added: u64,
    /// The outcome of each line.
    pub items: Vec<UploadLine>,
}

/// The outcome of a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UploadLine {
    /// The number of the line; the header is line 1.
    pub line: u64,
    /// The serial number, if the line has one.
    #[serde(default)]
    pub serial: Option<String>,
    /// `added`, `exists`, `device_taken` or `invalid`.
    pub outcome: String,
    /// The new claim code, which is returned only here.
    #[serde(default)]
    pub claim_code: Option<String>,
    /// What is wrong with the line.
    #[serde(default)]
    pub detail: Option<String>,
}

/// The answer to an announcement of firmware: `POST /fleet/firmware`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Announced {
    /// Where to upload the file.
    pub upload: FileUpload,
}

/// An upload: a PUT with exactly these headers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileUpload {
    /// The signed address.
    pub url: String,
    /// The headers, which are part of its signature.
    pub headers: BTreeMap<String, String>,
}

/// A job with the states of its devices: `GET /fleet/jobs/{job}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobDetails {
    /// The job.
    #[serde(flatten)]
    pub job: JobJson,
    /// Number of devices in each state; absent while they are being gathered.
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
