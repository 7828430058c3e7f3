//! `GET /notices`: notices by their state, for admins.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_core::wire::notice::{NoticeJson, NoticeStatus};
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

use super::Parts;

/// The filter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only notices in this state; by default those that have failed.
    #[param(inline)]
    status: Option<NoticeStatus>,
}

/// Lists notices, the newest first. Notices are kept for 30 days. Changes of the last moments may not show yet.
#[utoipa::path(
    get, path = "/notices", tag = "notices",
    params(Filter, Paging),
    responses((status = 200, description = "A page of notices.", body = Page<NoticeJson>))
)]
pub(super) async fn get_notices(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery<Filter>,
) -> Result<Page<NoticeJson>, ApiError> {
    let status = query.filter.status.unwrap_or(NoticeStatus::Failed);
    let name = ListName::new("notices").filter("status", Some(status.code()));
    let page = async |limit, after| parts.notices.list(status, limit, after).await;
    Ok(list(&name, query.limit, query.next, page).await?.map(NoticeJson::from))
}
