//! `POST /fleet/serials`: adds one number to the allow list, or as many as a CSV file has.

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

/// Maximum attempts: a number that somebody else adds at the same time is found at the second one.
const MAX_ATTEMPTS: u32 = 5;

/// Adds a serial number to the allow list; or, as `text/csv`, up to 5,000 of them, with an answer for each line. A file has a header
/// with the column `serial`, and may have `device_id`, `template` (as JSON) and `blocked` (`true` or `false`). A number that is
/// listed already is left as it is.
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
    let listed = body.listed(&author).map_err(ApiError::invalid)?;
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
            return Ok((StatusCode::CREATED, location, Json(SerialJson::of(&listed))).into_response());
        }
    }
}
