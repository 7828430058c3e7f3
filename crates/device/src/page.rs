//! A page of devices that fits into an answer.

use weir_aws::AwsError;
use weir_core::domain::device::Device;
use weir_core::domain::presence::Presence;
use weir_core::wire::device::DeviceJson;

use super::Parts;

/// Maximum rows that are read at once: a row may have 400 KB.
pub(super) const ROWS: usize = 50;
/// Maximum size of a page with more than one device, in bytes. Lambda's limit for answers is 6 MB, escapes included.
const MAX_BYTES: usize = 4_000_000;

/// A page that is being filled. `K` is the key with which the list continues after a device.
pub(super) struct PageBuilder<K> {
    limit: usize,
    bytes: usize,
    items: Vec<DeviceJson>,
    last: Option<K>,
}

impl<K> PageBuilder<K> {
    /// An empty page for `limit` devices.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, items: Vec::new(), last: None }
    }

    /// How many more devices `limit` allows.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.items.len())
    }

    /// The devices, and the key of the last one.
    pub(super) fn finish(self) -> (Vec<DeviceJson>, Option<K>) {
        (self.items, self.last)
    }

    /// Adds the device if it fits; the first one always does.
    fn add(&mut self, key: K, device: DeviceJson) -> bool {
        let bytes = self.bytes + serde_json::to_vec(&device).map_or(0, |text| text.len());
        let fits = self.items.is_empty() || bytes <= MAX_BYTES;
        if fits {
            self.bytes = bytes;
            self.items.push(device);
            self.last = Some(key);
        }
        fits
    }
}

impl Parts {
    /// Adds as many of the devices as fit, and returns whether some are left. With `connected`, only those with this connection state.
    pub(super) async fn fill<K>(
        &self,
        page: &mut PageBuilder<K>,
        devices: Vec<(K, Device)>,
        connected: Option<bool>,
    ) -> Result<bool, AwsError> {
        let mut known = self.events.connections(devices.iter().map(|(_, device)| &device.id)).await?;
        let is_wanted = |device: &Device| {
            let state = known.get(&device.id).map(|connection| connection.state == Presence::Connected);
            connected.is_none_or(|wanted| state == Some(wanted))
        };
        let devices: Vec<_> = devices.into_iter().filter(|(_, device)| is_wanted(device)).collect();
        let first: Vec<_> = devices.iter().take(page.room()).map(|(_, device)| device).collect();
        let shown = self.show_all(&first).await?;
        let left = devices.len() > shown.len();
        let fits = devices.into_iter().zip(shown).all(|((key, _), device)| {
            let connection = known.remove(&device.id).map(Into::into);
            page.add(key, DeviceJson { connection, ..device })
        });
        Ok(left || !fits)
    }
}
