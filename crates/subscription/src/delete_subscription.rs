//! `DELETE /users/me/subscriptions/{id}`: the caller ends a subscription.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::id::SubscriptionId;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::told::told;

/// Maximum attempts while others change it.
const ATTEMPTS: u32 = 10;

/// Deletes the subscription. What its outbox still has is not sent.
#[utoipa::path(
    delete, path = "/users/me/subscriptions/{id}", tag = "notices",
    params(("id" = SubscriptionId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted."))
)]
pub(super) async fn delete_subscription(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<SubscriptionId>,
    conditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let mut attempts = Attempts::new("subscriptions", &id, ATTEMPTS);
    loop {
        attempts.next().await?;
        let stored = parts.of_caller(&caller, &id).await?;
        conditions.check(stored.version)?;
        let events: Vec<_> = told(Some(&stored), None, &caller.name(), parts.clock.now()).into_iter().collect();
        if parts.subscriptions.remove(&stored, parts.events.with(&events)).await? == WriteOutcome::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
}
