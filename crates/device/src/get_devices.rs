//! `GET /devices`: the devices that the caller may see, a page at a time.

use std::collections::BTreeSet;
use std::ops::Bound;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_core::aws::device::{Listing, Place};
use weir_core::domain::access::Scope;
use weir_core::domain::device_record::Record;
use weir_core::http::{Cursor, Member, Page, PageQuery, Paging, Problem};
use weir_core::id::{DeviceId, Tube};
use weir_core::wire::device::DeviceJson;

use super::Parts;

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
/// a scope of named devices the list is ascending by id.
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
) -> Result<Page<DeviceJson>, Problem> {
    let Filter { enabled, tube } = query.filter;
    let listing = Listing { enabled, tube: tube.map(|tube| tube.to_string()) };
    let (records, next) = match &caller.scope {
        Scope::All => parts.every(&listing, query.limit, query.next).await?,
        Scope::Devices(own) => parts.own(own, &listing, query.limit, query.next).await?,
    };
    let mut items = Vec::with_capacity(records.len());
    for record in &records {
        items.push(parts.show(record).await?);
    }
    Ok(Page { items, next })
}

/// The list's name, filters and all, so that a cursor fits no other.
fn name(kind: &str, Listing { enabled, tube }: &Listing) -> String {
    format!("devices/{kind}?enabled={enabled:?}&tube={tube:?}")
}

impl Parts {
    async fn every(
        &self,
        listing: &Listing,
        limit: usize,
        next: Option<Cursor>,
    ) -> Result<(Vec<Record>, Option<Cursor>), Problem> {
        let name = name("all", listing);
        let after = next.map(|next| next.open::<Place>(&name)).transpose()?;
        let (records, next) = self.devices.list(listing, limit, after).await?;
        Ok((records, next.map(|place| Cursor::new(&name, &place)).transpose()?))
    }

    /// The ids of a scope are at hand, so its devices are read by id; there are at most as many as a claim of 2,048
    /// characters can name.
    async fn own(
        &self,
        own: &BTreeSet<DeviceId>,
        listing: &Listing,
        limit: usize,
        next: Option<Cursor>,
    ) -> Result<(Vec<Record>, Option<Cursor>), Problem> {
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
        let mut found = Vec::new();
        // One more than asked for tells whether there is a next page.
        while found.len() <= limit {
            let some: Vec<DeviceId> = ids.by_ref().take(limit + 1 - found.len()).collect();
            if some.is_empty() {
                return Ok((found, None));
            }
            found.extend(self.devices.of_ids(&some).await?.into_iter().filter(wanted));
        }
        found.truncate(limit);
        let last = found.last().map(|record| Cursor::new(&name, &record.id)).transpose()?;
        Ok((found, last))
    }
}
