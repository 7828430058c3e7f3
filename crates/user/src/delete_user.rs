//! `DELETE /users/{sub}`: a profile goes; the person stays.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::device::Write;
use weir_aws::wait_turn;
use weir_core::id::Sub;
use weir_http::{Admin, ApiError, Audit, IfMatch, Path};

use super::Parts;
use super::change::{contended, told};

const ATTEMPTS: u32 = 10;

/// Deletes the profile. The person stays, with an empty one: people are deleted by `DELETE /cognito/users/{username}`.
#[utoipa::path(
    delete, path = "/users/{sub}", tag = "users",
    params(("sub" = Sub, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(sub): Path<Sub>,
    expected: IfMatch,
) -> Result<StatusCode, ApiError> {
    for attempt in 0..ATTEMPTS {
        wait_turn(attempt).await;
        let record = parts.live(&sub).await?;
        expected.check(record.version)?;
        if parts.profiles.remove(&record).await? == Write::Done {
            Audit::of(&caller, "profile.delete", &sub).done(&told(Some(&record)), &told(None));
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(contended(&sub))
}
