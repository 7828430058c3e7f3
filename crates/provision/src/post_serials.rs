//! `POST /fleet/serials`: adds one number to the allow list, or all numbers of a CSV file.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use weir_aws::serial::Place;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::wire::serial::{self, SerialBody, SerialJson, Upload};
use weir_http::{Admin, ApiError, JsonOrCsv};

use super::Parts;
use super::change::give_code;

/// Maximum attempts: a number that somebody else adds at the same time is found at the second one.
const MAX_ATTEMPTS: u32 = 5;

/// Adds a serial number to the allow list; or, as `text/csv`, up to 5,000 of them, with an answer for each line. A file has a header
/// with the column `serial`, and may have `device_id`, `template` (as JSON), `blocked` and `claim_code` (`true` or `false`). A number
/// that is listed already is left as it is. With `claim_code` the answer shows, once, the code with which a person adds the device
/// to their scope after the board is provisioned.
#[utoipa::path(
    post, path = "/fleet/serials", tag = "fleet",
    request_body(content((SerialBody = "application/json"), (String = "text/csv", example = json!("serial,device_id\nSN-0001,buoy-01\n")))),
    responses(
        (status = 201, description = "Added.", body = SerialJson, headers(("Location" = String))),
        (status = 200, description = "The answer to each line of a CSV file.", body = Upload),
    )
)]
pub(super) async fn post_serials(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    body: JsonOrCsv<SerialBody>,
) -> Result<Response, ApiError> {
    let author = parts.author(&caller);
    let body = match body {
        JsonOrCsv::Csv(text) => return Ok(Json(parts.upload(&text, &author).await?).into_response()),
        JsonOrCsv::Json(body) => body,
    };
    let claimable = body.claim_code;
    let mut listed = body.listed(&author).map_err(ApiError::invalid)?;
    let code = if claimable { Some(give_code(&mut listed)?) } else { None };
    let events = [serial::listed(&[&listed], &author)];
    let mut attempts = Attempts::new("serials", &listed.serial, MAX_ATTEMPTS);
    loop {
        attempts.next().await?;
        match parts.serials.places(&[&listed]).await?.first() {
            Some(Place::Listed) => return Err(ApiError::exists(format!("{} is listed already", listed.serial))),
            Some(Place::DeviceTaken) => {
                return Err(ApiError::exists(format!("another serial number has the device {}", listed.device)));
            }
            Some(Place::Free) | None => {}
        }
        if parts.serials.add(&[&listed], parts.events.with(&events)).await? == WriteOutcome::Done {
            let location = [(LOCATION, format!("/fleet/serials/{}", listed.serial))];
            let claim_code = code.map(|code| code.text());
            let shown = SerialJson { claim_code, ..SerialJson::of(&listed) };
            return Ok((StatusCode::CREATED, location, Json(shown)).into_response());
        }
    }
}
