//! `DELETE /users/{sub}`: deletes a profile; the user stays.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::WriteOutcome;
use weir_core::id::Sub;
use weir_http::{Admin, ApiError, Audit, Path, Preconditions};

use super::Parts;
use super::change::{attempts, logged, told};

/// Deletes the profile. The user stays and has an empty profile; use `DELETE /cognito/users/{username}` to delete the user.
#[utoipa::path(
    delete, path = "/users/{sub}", tag = "users",
    params(("sub" = Sub, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_user(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(sub): Path<Sub>,
    conditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let mut attempts = attempts(&sub);
    loop {
        attempts.next().await?;
        let record = parts.profile(&sub).await?;
        conditions.check(record.version)?;
        let events: Vec<_> = told(Some(&record), None, &caller.name(), parts.clock.now()).into_iter().collect();
        if parts.profiles.remove(&record, parts.events.with(&events)).await? == WriteOutcome::Done {
            Audit::of(&caller, "profile.delete", &sub).done(&logged(Some(&record)), &logged(None));
            return Ok(StatusCode::NO_CONTENT);
        }
    }
}
