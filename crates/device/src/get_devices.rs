//! `GET /devices`: the devices that the caller may see, a page at a time.

use std::collections::BTreeSet;
use std::ops::Bound;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::device::{Listing, Place};
use weir_core::domain::access::Scope;
use weir_core::domain::device_record::Record;
use weir_core::id::{DeviceId, Tube};
use weir_core::wire::device::DeviceJson;
use weir_http::{ApiError, Cursor, Member, Page, PageQuery, Paging};

use super::Parts;
use super::page::{AT_ONCE, Filling};

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only devices that are switched on, or off.
    enabled: Option<bool>,
    /// Only flow sensors of this tube: the first character of `level_id`.
    #[param(value_type = Option<String>)]
    tube: Option<Tube>,
}

/// The devices that the caller may see: those switched on first, each group ascending by id (with `tube`: by level id). Under
/// a scope of named devices the list is ascending by id. A page may hold fewer than `limit` while there is a next one: it ends
/// at about 4 MB.
#[utoipa::path(
    get, path = "/devices", tag = "devices",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of devices.", body = Page<DeviceJson>))
)]
pub(super) async fn get_devices(
    State(parts): State<Parts>,
    Member(caller): Member,
    query: PageQuery<Filter>,
) -> Result<Page<DeviceJson>, ApiError> {
    let Filter { enabled, tube } = query.filter;
    let listing = Listing { enabled, tube: tube.map(|tube| tube.to_string()) };
    let (items, next) = match &caller.scope {
        Scope::All => parts.every(&listing, query.limit, query.next).await?,
        Scope::Devices(own) => parts.own(own, &listing, query.limit, query.next).await?,
    };
    Ok(Page { items, next })
}

/// The list's name, filters and all, so that a cursor fits no other.
fn name(kind: &str, Listing { enabled, tube }: &Listing) -> String {
    format!("devices/{kind}?enabled={enabled:?}&tube={tube:?}")
}

type Devices = (Vec<DeviceJson>, Option<Cursor>);

impl Parts {
    async fn every(&self, listing: &Listing, limit: usize, next: Option<Cursor>) -> Result<Devices, ApiError> {
        let name = name("all", listing);
        let mut after = next.map(|next| next.open::<Place>(&name)).transpose()?;
        let mut page = Filling::new(limit);
        loop {
            let (some, next) = self.devices.list(listing, page.room().min(AT_ONCE), after).await?;
            let left = self.fill(&mut page, some).await?;
            let full = page.room() == 0;
            if left || next.is_none() || full {
                let (items, last) = page.ends();
                let next = if left { last } else { next };
                return Ok((items, next.map(|place| Cursor::new(&name, &place)).transpose()?));
            }
            after = next;
        }
    }

    /// The ids of a scope are at hand, so its devices are read by id; there are at most as many as a claim of 2,048
    /// characters can name.
    async fn own(
        &self,
        own: &BTreeSet<DeviceId>,
        listing: &Listing,
        limit: usize,
        next: Option<Cursor>,
    ) -> Result<Devices, ApiError> {
        let name = name("own", listing);
        let after = next.map(|next| next.open::<DeviceId>(&name)).transpose()?;
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut ids = own.range((begin, Bound::Unbounded)).cloned();
        let wanted = |record: &Record| {
            let content = &record.content;
            let tube = content.level_id.as_ref().map(|level| level.tube());
            listing.enabled.is_none_or(|enabled| enabled == content.enabled)
                && listing.tube.as_deref().is_none_or(|wanted| tube == Some(wanted))
        };
        let mut page = Filling::new(limit);
        // One more than asked for tells whether there is a next page. Whoever is not found so is looked for among many at
        // once: a filter may leave out nearly all.
        let mut at_once = limit.saturating_add(1).min(AT_ONCE);
        loop {
            let some: Vec<DeviceId> = ids.by_ref().take(at_once).collect();
            if some.is_empty() {
                return Ok((page.ends().0, None));
            }
            let records = self.devices.of_ids(&some).await?.into_iter().filter(wanted);
            if self.fill(&mut page, records.map(|record| (record.id.clone(), record)).collect()).await? {
                let (items, last) = page.ends();
                return Ok((items, last.map(|id| Cursor::new(&name, &id)).transpose()?));
            }
            at_once = AT_ONCE;
        }
    }
}
