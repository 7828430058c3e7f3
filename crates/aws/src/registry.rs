//! The registry's cache: devices, calibrations and topology, as functions that handle messages use them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use super::device::DeviceTable;
use super::{AwsError, CalibrationTable};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::Calibration;
use weir_core::domain::device::Device;
use weir_core::domain::reading::Series;
use weir_core::domain::topology::Topology;
use weir_core::id::{DeviceId, LevelId};
use weir_runtime::clock::Clock;

/// Maximum entries; when they are exceeded the cache is emptied. A function that serves so many devices
/// hardly profits from a cache, and its memory is limited.
const MAX_ENTRIES: usize = 5_000;

/// Values that expire after some seconds.
struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
    seconds: i64,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn new(seconds: i64) -> Self {
        Self { entries: Mutex::new(HashMap::new()), seconds }
    }

    /// The value, if it has not expired.
    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, value) = entries.get(key)?;
        // After the clock was set back, an entry would stay for too long, so it is not used either.
        let age = now.millis_since(*since);
        (0..self.seconds.saturating_mul(1000)).contains(&age).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, (now, value));
    }

    fn remove(&self, unwanted: impl Fn(&K) -> bool) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| !unwanted(key));
    }
}

/// The registry with a cache. A change takes effect when the cached entry expires, after `seconds` at the latest.
pub struct Registry {
    devices: DeviceTable,
    calibrations: CalibrationTable,
    known: Cache<DeviceId, Arc<Device>>,
    histories: Cache<Series, Arc<[Arc<Calibration>]>>,
    topology: Cache<(), Arc<Topology>>,
    levels: Cache<LevelId, ()>,
    clock: Arc<dyn Clock>,
}

impl Registry {
    /// The registry in these tables; what was read is cached for `seconds`.
    pub fn new(devices: DeviceTable, calibrations: CalibrationTable, seconds: i64, clock: Arc<dyn Clock>) -> Self {
        let (known, histories, topology) = (Cache::new(seconds), Cache::new(seconds), Cache::new(seconds));
        Self { devices, calibrations, known, histories, topology, levels: Cache::new(seconds), clock }
    }

    /// See [`DeviceTable::warm_up`].
    pub async fn warm_up(&self) {
        self.devices.warm_up().await;
    }

    /// The device. An unknown device is not cached, so that its messages are accepted as soon as it is registered.
    ///
    /// # Errors
    /// See [`DeviceTable::get`].
    pub async fn device(&self, id: &DeviceId) -> Result<Option<Arc<Device>>, AwsError> {
        let now = self.clock.now();
        if let Some(device) = self.known.get(id, now) {
            return Ok(Some(device));
        }
        let found = self.devices.get(id).await?.map(Arc::new);
        if let Some(device) = &found {
            self.known.put(id.clone(), Arc::clone(device), now);
        }
        Ok(found)
    }

    /// Removes the device from the cache. Somebody who replays a message has corrected the cause of its quarantine, so the
    /// correction must take effect at once.
    pub fn forget(&self, id: &DeviceId) {
        self.known.remove(|known| known == id);
        self.histories.remove(|series| series.device == *id);
    }

    /// Whether a device with this `level_id` is enabled; `None` when no device has it. Only an enabled one is cached.
    ///
    /// # Errors
    /// See [`DeviceTable::of_level`].
    pub async fn level(&self, id: &LevelId) -> Result<Option<bool>, AwsError> {
        let now = self.clock.now();
        if self.levels.get(id, now).is_some() {
            return Ok(Some(true));
        }
        let owners = self.devices.of_level(id).await?;
        let enabled = owners.iter().any(|owner| owner.enabled);
        if enabled {
            self.levels.put(id.clone(), (), now);
        }
        Ok((!owners.is_empty()).then_some(enabled))
    }

    /// Removes the level from the cache, as [`Registry::forget`] does a device.
    pub fn forget_level(&self, id: &LevelId) {
        self.levels.remove(|known| known == id);
    }

    /// All versions of a sensor's calibration. They are needed only for readings from before the latest version, which is in
    /// the device.
    ///
    /// # Errors
    /// See [`CalibrationTable::history`].
    pub async fn history(&self, of: &Series) -> Result<Arc<[Arc<Calibration>]>, AwsError> {
        let now = self.clock.now();
        if let Some(known) = self.histories.get(of, now) {
            return Ok(known);
        }
        let found: Arc<[_]> = self.calibrations.history(of).await?.into();
        self.histories.put(of.clone(), Arc::clone(&found), now);
        Ok(found)
    }

    /// The links between flow sensors in the registry.
    ///
    /// # Errors
    /// See [`DeviceTable::topology`].
    pub async fn topology(&self) -> Result<Arc<Topology>, AwsError> {
        let now = self.clock.now();
        if let Some(topology) = self.topology.get(&(), now) {
            return Ok(topology);
        }
        let topology = Arc::new(self.devices.topology().await?);
        self.topology.put((), Arc::clone(&topology), now);
        Ok(topology)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_expire_after_their_time_and_when_the_clock_goes_back() {
        let cache = Cache::new(60);
        let at = |seconds: i64| Timestamp::from_seconds(1_000_000 + seconds);
        cache.put("a", 1, at(0));
        assert_eq!(cache.get(&"a", at(0)), Some(1));
        assert_eq!(cache.get(&"a", at(59)), Some(1));
        assert_eq!(cache.get(&"a", at(60)), None);
        assert_eq!(cache.get(&"a", at(-1)), None);
        assert_eq!(cache.get(&"b", at(0)), None);
    }

    #[test]
    fn the_cache_never_outgrows_its_limit() {
        let cache = Cache::new(60);
        for key in 0..3 * MAX_ENTRIES {
            cache.put(key, (), Timestamp::from_millis(0));
        }
        assert!(cache.entries.lock().unwrap().len() <= MAX_ENTRIES);
    }
}
