//! `GET /fleet/firmware`: the firmwares.

use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::bucket::Found;
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::firmware::Firmware;
use weir_core::wire::job::FirmwareJson;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

use super::Parts;

/// Maximum concurrent requests whether a file exists.
const CONCURRENT: usize = 8;

/// Lists the firmwares, the highest version first.
#[utoipa::path(
    get, path = "/fleet/firmware", tag = "fleet",
    params(Paging),
    responses((status = 200, description = "A page of firmwares.", body = Page<FirmwareJson>))
)]
pub(super) async fn get_firmware(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery,
) -> Result<Page<FirmwareJson>, ApiError> {
    let PageQuery { limit, next, .. } = query;
    let name = ListName::new("fleet/firmware");
    let page = list(&name, limit, next, async |limit, after| {
        let (firmwares, next) = parts.jobs.firmwares(limit, after).await?;
        let checks = firmwares.into_iter().map(|firmware| parts.checked(firmware));
        let checked = stream::iter(checks).buffered(CONCURRENT).try_collect().await?;
        Ok::<_, AwsError>((checked, next))
    });
    Ok(page.await?.map(FirmwareJson::from))
}

impl Parts {
    /// The firmware, with whether its file exists. This costs a request to S3 until the file has been found.
    pub(super) async fn checked(&self, firmware: Firmware) -> Result<Firmware, AwsError> {
        let now = self.clock.now();
        if firmware.uploaded_at.is_some() || self.bucket.find(&firmware, now).await? != Found::File {
            return Ok(firmware);
        }
        // Overtaken: it was announced anew with another file, which nobody asked for here.
        let noted = self.jobs.uploaded(&firmware, now).await? == WriteOutcome::Done;
        Ok(Firmware { uploaded_at: noted.then_some(now), ..firmware })
    }
}
