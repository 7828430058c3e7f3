//! `POST /fleet/serials/{serial}/reset`: lets a board be provisioned again that has lost its key, or that was blocked.

use axum::Json;
use axum::extract::State;
use weir_aws::WriteOutcome;
use weir_core::domain::serial::SerialState;
use weir_core::id::Serial;
use weir_core::wire::serial::{self, SerialJson};
use weir_http::{Admin, ApiError, Path};

use super::Parts;
use super::change::attempts;

/// Lets the board with this serial number be provisioned once more. It gets another certificate; the former one is revoked when the
/// device has connected with the new one.
#[utoipa::path(
    post, path = "/fleet/serials/{serial}/reset", tag = "fleet",
    params(("serial" = Serial, Path)),
    responses((status = 200, description = "The board is expected.", body = SerialJson))
)]
pub(super) async fn post_serial_reset(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(number): Path<Serial>,
) -> Result<Json<SerialJson>, ApiError> {
    let mut attempts = attempts(&number);
    loop {
        attempts.next().await?;
        let listed = parts.listed(&number).await?;
        if listed.state == SerialState::Expected {
            return Ok(Json(SerialJson::of(&listed)));
        }
        let author = parts.author(&caller);
        let events = [serial::changed(&listed, "reset", Some(SerialState::Expected), &author)];
        if parts.serials.reset(&listed, &author, parts.events.with(&events)).await? == WriteOutcome::Done {
            return Ok(Json(SerialJson::of(&parts.listed(&number).await?)));
        }
    }
}
