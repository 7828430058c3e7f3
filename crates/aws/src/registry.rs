//! What a function knows of the registry: devices, calibrations and topology, kept in memory for a short time.

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
use weir_core::id::DeviceId;
use weir_runtime::clock::Clock;

/// More entries than this and the memory is emptied: a function that sees so many devices has no use for it anyway,
/// and the memory of a function is bounded.
const MOST: usize = 5_000;

/// Things remembered for a while.
struct Memory<K, V> {
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
    seconds: i64,
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    fn new(seconds: i64) -> Self {
        Self { entries: Mutex::new(HashMap::new()), seconds }
    }

    /// What is remembered and not older than the time allowed.
    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, value) = entries.get(key)?;
        // A clock set back makes an entry look young for ever; such an entry is not trusted either.
        let age = now.millis_since(*since);
        (0..self.seconds.saturating_mul(1000)).contains(&age).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(key, (now, value));
    }

    fn forget(&self, unwanted: impl Fn(&K) -> bool) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| !unwanted(key));
    }
}

/// The registry as functions see it. A change is seen after at most the time entries are kept.
pub struct Registry {
    devices: DeviceTable,
    calibrations: CalibrationTable,
    known: Memory<DeviceId, Arc<Device>>,
    histories: Memory<Series, Arc<[Arc<Calibration>]>>,
    topology: Memory<(), Arc<Topology>>,
    clock: Arc<dyn Clock>,
}

impl Registry {
    /// A registry over these tables that remembers what it has read for `seconds`.
    pub fn new(devices: DeviceTable, calibrations: CalibrationTable, seconds: i64, clock: Arc<dyn Clock>) -> Self {
        let (known, histories, topology) = (Memory::new(seconds), Memory::new(seconds), Memory::new(seconds));
        Self { devices, calibrations, known, histories, topology, clock }
    }

    /// See [`DeviceTable::warm_up`].
    pub async fn warm_up(&self) {
        self.devices.warm_up().await;
    }

    /// The device. One that is not registered is asked for anew each time, so that it works at once when it is.
    ///
    /// # Errors
    /// What [`DeviceTable::get`] reports.
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

    /// Forgets the device, so that it is asked for anew: whoever sends a message again has just mended what it was
    /// refused for.
    pub fn forget(&self, id: &DeviceId) {
        self.known.forget(|known| known == id);
        self.histories.forget(|series| series.device == *id);
    }

    /// The versions of a sensor's calibration. Needed only for readings older than the latest one, which is in the
    /// device's row.
    ///
    /// # Errors
    /// What [`CalibrationTable::history`] reports.
    pub async fn history(&self, of: &Series) -> Result<Arc<[Arc<Calibration>]>, AwsError> {
        let now = self.clock.now();
        if let Some(known) = self.histories.get(of, now) {
            return Ok(known);
        }
        let found: Arc<[_]> = self.calibrations.history(of).await?.into();
        self.histories.put(of.clone(), Arc::clone(&found), now);
        Ok(found)
    }

    /// What the registry says about which flow sensor follows which.
    ///
    /// # Errors
    /// What [`DeviceTable::topology`] reports.
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
    fn memory_forgets_after_its_time_and_when_the_clock_goes_back() {
        let memory = Memory::new(60);
        let at = |seconds: i64| Timestamp::from_seconds(1_000_000 + seconds);
        memory.put("a", 1, at(0));
        assert_eq!(memory.get(&"a", at(0)), Some(1));
        assert_eq!(memory.get(&"a", at(59)), Some(1));
        assert_eq!(memory.get(&"a", at(60)), None);
        assert_eq!(memory.get(&"a", at(-1)), None);
        assert_eq!(memory.get(&"b", at(0)), None);
    }

    #[test]
    fn memory_never_outgrows_its_bound() {
        let memory = Memory::new(60);
        for key in 0..3 * MOST {
            memory.put(key, (), Timestamp::from_millis(0));
        }
        assert!(memory.entries.lock().unwrap().len() <= MOST);
    }
}
