//! `GET /users/me/subscriptions/{id}`: one of the caller's subscriptions.

use axum::extract::State;
use axum::response::Response;
use weir_core::id::SubscriptionId;
use weir_core::wire::subscription::SubscriptionJson;
use weir_http::{ApiError, Member, Path, Preconditions};

use super::Parts;
use super::show::shown;

/// Shows one of the caller's subscriptions.
#[utoipa::path(
    get, path = "/users/me/subscriptions/{id}", tag = "notices",
    params(("id" = SubscriptionId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The subscription.", body = SubscriptionJson, headers(("ETag" = String))),
        (status = 304, description = "The caller has it already."),
    )
)]
pub(super) async fn get_subscription(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<SubscriptionId>,
    conditions: Preconditions,
) -> Result<Response, ApiError> {
    let stored = parts.of_caller(&caller, &id).await?;
    conditions.answer(stored.version, shown(&stored))
}
