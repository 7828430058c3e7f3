//! The registered devices with flow sensors, read from the API.

use weir_core::wire::device::DeviceJson;

use crate::api::Api;
use crate::model::address::Query;
use crate::model::flow::Registered;
use crate::problem::ApiError;

/// Maximum pages that are read: 2,000 devices.
const PAGES: usize = 10;

/// The devices with the flow sensors of a tube, as far as the reader may see them.
///
/// # Errors
/// As [`Api::get`].
pub async fn of_tube(api: &Api, tube: &str) -> Result<Vec<Registered>, ApiError> {
    let query = Query::default().with("tube", Some(tube)).with("limit", Some("200"));
    let path = |next: Option<&str>| query.clone().with("next", next).address("/devices");
    let devices = api.pages::<DeviceJson>(PAGES, path, None).await?.items;
    let of = |device: DeviceJson| Some((device.id.to_string(), device.level_id?, device.followed_by));
    Ok(devices.into_iter().filter_map(of).collect())
}
