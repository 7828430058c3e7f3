//! `GET /quarantine`: the entries, newest first, page by page.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::quarantine::EntryFilter;
use weir_core::domain::{Reason, Timestamp};
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, instant, list};

use super::Parts;
use super::show::EntryJson;

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only entries with this reason.
    reason: Option<Reason>,
    /// Only entries of this device: the id as in the topic, registered or not.
    #[param(example = "buoy-01")]
    device: Option<String>,
    /// Only entries that were quarantined at this instant or later.
    #[param(value_type = Option<Timestamp>)]
    since: Option<String>,
}

/// Lists quarantine entries, newest first. Very recent changes may be missing.
#[utoipa::path(
    get, path = "/quarantine", tag = "quarantine",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of the quarantine.", body = Page<EntryJson>))
)]
pub(super) async fn get_quarantine(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery<Filter>,
) -> Result<Page<EntryJson>, ApiError> {
    let Filter { reason, device, since } = query.filter;
    let since = since.map(|text| instant("since", &text, None)).transpose()?;
    let filter = EntryFilter { reason, device, since };
    let query_page = async |limit, after| parts.quarantine.list(&filter, limit, after).await;
    let Page { items, next } = list(&name(&filter), query.limit, query.next, query_page).await?;
    Ok(Page { items: items.into_iter().map(EntryJson::from).collect(), next })
}

/// The name of the list in cursors.
pub(super) fn name(EntryFilter { reason, device, since }: &EntryFilter) -> ListName {
    ListName::new("quarantine")
        .filter("reason", reason.as_ref())
        .filter("device", device.as_ref())
        .filter("since", since.map(Timestamp::millis))
}
