//! `GET /users/me/subscriptions`: the caller's subscriptions.

use axum::extract::State;
use weir_core::wire::subscription::SubscriptionJson;
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, list};

use super::Parts;
use super::show::{own, shown};

/// Lists the caller's subscriptions, the oldest first.
#[utoipa::path(
    get, path = "/users/me/subscriptions", tag = "notices",
    params(Paging),
    responses((status = 200, description = "A page of subscriptions.", body = Page<SubscriptionJson>))
)]
pub(super) async fn get_own_subscriptions(
    State(parts): State<Parts>,
    Member(caller): Member,
    query: PageQuery,
) -> Result<Page<SubscriptionJson>, ApiError> {
    let owner = own(&caller)?;
    // A person has few: all of them are read, and a page is a part of them.
    let page = async |limit: usize, after: Option<(i64, String)>| {
        let all = parts.subscriptions.of_owner(&owner).await?;
        let place = |one: &weir_aws::subscription::StoredSubscription| (one.created_at.millis(), one.id.to_string());
        let mut rest: Vec<_> =
            all.into_iter().filter(|one| after.as_ref().is_none_or(|after| place(one) > *after)).collect();
        let more = rest.len() > limit;
        rest.truncate(limit);
        let next = rest.last().filter(|_| more).map(place);
        Ok::<_, ApiError>((rest, next))
    };
    Ok(list(&ListName::new("subscriptions/own"), query.limit, query.next, page).await?.map(|one| shown(&one)))
}
