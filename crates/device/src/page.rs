//! One page of devices: as many as are asked for, and no more than an answer can carry.

use weir_aws::AwsError;
use weir_core::domain::device_record::Record;
use weir_core::wire::device::DeviceJson;

use super::Parts;

/// So many rows are read at once: they may have 400 KB each.
pub(super) const AT_ONCE: usize = 50;
/// A page ends before the device that would make it larger: Lambda takes answers of 6 MB, the escapes in them included.
const LARGEST: usize = 4_000_000;

/// A page that is being filled; each device comes with the key by which the list goes on after it.
pub(super) struct Filling<K> {
    limit: usize,
    bytes: usize,
    items: Vec<DeviceJson>,
    last: Option<K>,
}

impl<K> Filling<K> {
    /// An empty page for `limit` devices.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, items: Vec::new(), last: None }
    }

    /// How many devices it has room for, as far as they are small.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.items.len())
    }

    /// The devices, and the key of the last one.
    pub(super) fn ends(self) -> (Vec<DeviceJson>, Option<K>) {
        (self.items, self.last)
    }

    /// Puts the device on the page, if it fits; the first always does.
    fn takes(&mut self, key: K, device: DeviceJson) -> bool {
        let bytes = self.bytes + serde_json::to_vec(&device).map_or(0, |text| text.len());
        let fits = self.items.is_empty() || bytes <= LARGEST;
        if fits {
            self.bytes = bytes;
            self.items.push(device);
            self.last = Some(key);
        }
        fits
    }
}

impl Parts {
    /// Puts these on the page, as many as there is room for; whether some are left.
    pub(super) async fn fill<K>(&self, page: &mut Filling<K>, some: Vec<(K, Record)>) -> Result<bool, AwsError> {
        let records: Vec<_> = some.iter().take(page.room()).map(|(_, record)| record).collect();
        let shown = self.show_all(&records).await?;
        let left = some.len() > shown.len();
        let fits = some.into_iter().zip(shown).all(|((key, _), device)| page.takes(key, device));
        Ok(left || !fits)
    }
}
