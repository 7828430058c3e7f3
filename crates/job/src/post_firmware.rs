//! `POST /fleet/firmware`: announces a version, and returns the address for uploading its file.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_aws::bucket::Upload;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::firmware::{Announcement, Firmware, FirmwareVersion};
use weir_core::domain::job::event;
use weir_core::id::Checksum;
use weir_core::wire::job::FirmwareJson;
use weir_http::{Admin, ApiError, Strict};

use super::Parts;

/// Maximum attempts: an overtaken request finds the other announcement at the second one.
const ATTEMPTS: u32 = 5;

/// A firmware to be announced.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFirmware)]
pub(super) struct FirmwareBody {
    /// The version.
    version: FirmwareVersion,
    /// SHA-256 of the file.
    sha256: Checksum,
    /// Size of the file, in bytes.
    #[schema(minimum = 1, maximum = 268_435_456)]
    size: u64,
}

/// An upload of a file: `PUT` to the address with exactly these headers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FirmwareUpload)]
pub(super) struct UploadJson {
    /// The address, which is valid for 15 minutes. It allows uploading this file and nothing else.
    url: String,
    /// The headers that are part of the signature.
    headers: BTreeMap<String, String>,
    /// How long the address is valid, in seconds.
    expires_in: u64,
}

/// A firmware that was announced.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnnouncedFirmware)]
pub(super) struct AnnouncedJson {
    /// The firmware.
    #[serde(flatten)]
    firmware: FirmwareJson,
    /// Where its file is to be uploaded.
    upload: UploadJson,
}

/// Announces a version of the firmware. The answer says where its file is to be uploaded; S3 refuses a file of another size or with
/// another checksum. A version whose file is there is refused. Until then the same request gives a new address, and a request with
/// another checksum replaces the earlier one.
#[utoipa::path(
    post, path = "/fleet/firmware", tag = "fleet",
    request_body = FirmwareBody,
    responses((status = 201, description = "Announced.", body = AnnouncedJson))
)]
pub(super) async fn post_firmware(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Strict(body): Strict<FirmwareBody>,
) -> Result<impl IntoResponse, ApiError> {
    let FirmwareBody { version, sha256, size } = body;
    let now = parts.clock.now();
    let new = Firmware::announced(version, sha256, size, caller.name(), now).map_err(|error| vec![error])?;
    let mut attempts = Attempts::new("jobs", &version, ATTEMPTS);
    let firmware = loop {
        attempts.next().await?;
        let known = match parts.jobs.firmware(version).await? {
            // What was uploaded since somebody last looked.
            Some(known) => Some(parts.checked(known).await?),
            None => None,
        };
        match new.clone().over(known) {
            Announcement::Exists => {
                return Err(ApiError::exists(format!("the firmware {version} has its file already")));
            }
            Announcement::Repeated(known) => break known,
            Announcement::New(new) => {
                let events = [event::announced(&new)];
                if parts.jobs.announce(&new, parts.events.with(&events)).await? == WriteOutcome::Done {
                    break new;
                }
            }
        }
    };
    let Upload { url, headers, seconds } = parts.bucket.upload(&firmware, now).await?;
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let upload = UploadJson { url, headers, expires_in: seconds };
    Ok((StatusCode::CREATED, Json(AnnouncedJson { firmware: firmware.into(), upload })))
}
