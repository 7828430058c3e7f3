//! `GET /devices`: the devices that the caller may see.

use std::collections::BTreeSet;
use std::ops::Bound;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::device::{DeviceFilter, DeviceKey};
use weir_core::domain::access::Scope;
use weir_core::domain::device::Device;
use weir_core::id::{DeviceId, Tube};
use weir_core::wire::device::DeviceJson;
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, list};

use super::Parts;
use super::page::{PageBuilder, ROWS};

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only enabled or only disabled devices.
    #[param(example = true)]
    enabled: Option<bool>,
    /// Only flow sensors of this tube: the first character of `level_id`.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9]$", example = "0")]
    tube: Option<Tube>,
    /// Only connected devices, or only those that were connected and are no longer. A device that never connected is neither.
    #[param(example = false)]
    connected: Option<bool>,
}

/// Maximum reads for one page of connected devices, since few devices may be connected. After that a page may be shorter than
/// `limit`, or empty, and still have a next one.
const ROUNDS: usize = 20;

/// Lists the devices that the caller may see: enabled ones first, each group ascending by id (with `tube`: by level id). If
/// the caller may see only some devices, or with `connected=false`, the list ascends by id. A page may have fewer than `limit`
/// devices although there is a next one: it ends at about 4 MB, and with `connected` it may be empty.
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
    PageQuery { limit, next, filter: Filter { enabled, tube, connected } }: PageQuery<Filter>,
) -> Result<Page<DeviceJson>, ApiError> {
    let filter = DeviceFilter { enabled, tube: tube.map(|tube| tube.to_string()) };
    let name = |name: &str| {
        let DeviceFilter { enabled, tube } = &filter;
        let name = ListName::new(name).filter("enabled", *enabled).filter("tube", tube.as_ref());
        name.filter("connected", connected)
    };
    match &caller.scope {
        Scope::All if connected == Some(false) => {
            let query = async |limit, after| parts.offline_devices(&filter, limit, after).await;
            list(&name("devices/offline"), limit, next, query).await
        }
        Scope::All => {
            let query = async |limit, after| parts.all_devices(&filter, connected, limit, after).await;
            list(&name("devices/all"), limit, next, query).await
        }
        Scope::Devices(ids) => {
            let query = async |limit, after| parts.devices_of(ids, &filter, connected, limit, after).await;
            list(&name("devices/own"), limit, next, query).await
        }
    }
}

fn matches(filter: &DeviceFilter, device: &Device) -> bool {
    let tube = device.details.level_id.as_ref().map(|level| level.tube());
    filter.enabled.is_none_or(|enabled| enabled == device.details.enabled)
        && filter.tube.as_deref().is_none_or(|wanted| tube == Some(wanted))
}

impl Parts {
    /// A page of all devices after `after`, and the key of its last one if there are more.
    async fn all_devices(
        &self,
        filter: &DeviceFilter,
        connected: Option<bool>,
        limit: usize,
        mut after: Option<DeviceKey>,
    ) -> Result<(Vec<DeviceJson>, Option<DeviceKey>), ApiError> {
        let mut page = PageBuilder::new(limit);
        for round in 1.. {
            // A filter that drops some needs more rows than there is room for.
            let rows = if connected.is_some() { ROWS } else { page.room().min(ROWS) };
            let (devices, next) = self.devices.list(filter, rows, after).await?;
            if self.fill(&mut page, devices, connected).await? {
                return Ok(page.finish());
            }
            if next.is_none() || page.room() == 0 || (connected.is_some() && round >= ROUNDS) {
                return Ok((page.finish().0, next));
            }
            after = next;
        }
        Ok(page.finish())
    }

    /// A page of the devices after `after` that are no longer connected, and the id of its last one if there are more.
    async fn offline_devices(
        &self,
        filter: &DeviceFilter,
        limit: usize,
        mut after: Option<DeviceId>,
    ) -> Result<(Vec<DeviceJson>, Option<DeviceId>), ApiError> {
        let mut page = PageBuilder::new(limit);
        for _ in 0..ROUNDS {
            let (ids, next) = self.events.offline(ROWS, after).await?;
            let devices = self.devices.of_ids(&ids).await?.into_iter().filter(|device| matches(filter, device));
            let devices = devices.map(|device| (device.id.clone(), device)).collect();
            if self.fill(&mut page, devices, Some(false)).await? {
                return Ok(page.finish());
            }
            after = next;
            if after.is_none() || page.room() == 0 {
                break;
            }
        }
        Ok((page.finish().0, after))
    }

    /// A page of these devices after `after`, and the id of its last one if there are more. They are read by id; there are
    /// at most as many as a claim of 2,048 characters can name.
    async fn devices_of(
        &self,
        ids: &BTreeSet<DeviceId>,
        filter: &DeviceFilter,
        connected: Option<bool>,
        limit: usize,
        after: Option<DeviceId>,
    ) -> Result<(Vec<DeviceJson>, Option<DeviceId>), ApiError> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut ids = ids.range((begin, Bound::Unbounded)).cloned();
        let mut page = PageBuilder::new(limit);
        // One more than requested tells whether there is a next page. If the filter drops some, the following requests read
        // many at once: it may drop nearly all.
        let mut rows = limit.saturating_add(1).min(ROWS);
        loop {
            let next: Vec<DeviceId> = ids.by_ref().take(rows).collect();
            if next.is_empty() {
                return Ok((page.finish().0, None));
            }
            let devices = self.devices.of_ids(&next).await?.into_iter().filter(|device| matches(filter, device));
            let devices = devices.map(|device| (device.id.clone(), device)).collect();
            if self.fill(&mut page, devices, connected).await? {
                return Ok(page.finish());
            }
            rows = ROWS;
        }
    }
}
