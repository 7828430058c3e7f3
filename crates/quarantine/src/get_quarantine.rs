//! `GET /quarantine`: what was set aside, newest first, a page at a time.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::quarantine::Wanted;
use weir_core::domain::{Reason, Timestamp};
use weir_core::wire::time;
use weir_http::{Admin, ApiError, Cursor, Page, PageQuery, Paging};

use super::Parts;
use super::show::AsideJson;

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only what was set aside for this reason.
    reason: Option<Reason>,
    /// Only what came from this device: the id as the topic says it, registered or not.
    device: Option<String>,
    /// Only what was set aside at this instant or later.
    #[serde(default, with = "time::option")]
    #[param(value_type = Option<Timestamp>)]
    since: Option<Timestamp>,
}

/// What was set aside, newest first. What has changed within the last moments may not show yet.
#[utoipa::path(
    get, path = "/quarantine", tag = "quarantine",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of the quarantine.", body = Page<AsideJson>))
)]
pub(super) async fn get_quarantine(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery<Filter>,
) -> Result<Page<AsideJson>, ApiError> {
    let Filter { reason, device, since } = query.filter;
    let wanted = Wanted { reason, device, since };
    let name = name(&wanted);
    let after = query.next.map(|next| next.open(&name)).transpose()?;
    let (entries, next) = parts.quarantine.list(&wanted, query.limit, after).await?;
    let next = next.map(|place| Cursor::new(&name, &place)).transpose()?;
    Ok(Page { items: entries.into_iter().map(AsideJson::from).collect(), next })
}

/// The list's name, filters and all, so that a cursor fits no other.
pub(super) fn name(Wanted { reason, device, since }: &Wanted) -> String {
    let since = since.map(Timestamp::millis);
    format!("quarantine?reason={reason:?}&device={device:?}&since={since:?}")
}
