//! `GET /subscriptions`: everybody's subscriptions, for admins.

use axum::extract::State;
use weir_core::wire::subscription::SubscriptionJson;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

use super::Parts;
use super::show::shown;

/// Lists everybody's subscriptions, the oldest first. Very recent changes may be missing.
#[utoipa::path(
    get, path = "/subscriptions", tag = "notices",
    params(Paging),
    responses((status = 200, description = "A page of subscriptions.", body = Page<SubscriptionJson>))
)]
pub(super) async fn get_subscriptions(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery,
) -> Result<Page<SubscriptionJson>, ApiError> {
    let page = async |limit, after: Option<String>| parts.subscriptions.list(limit, after).await;
    Ok(list(&ListName::new("subscriptions/all"), query.limit, query.next, page).await?.map(|one| shown(&one)))
}
