//! Settings reach AWS IoT: the newest version, and never an older one after a newer one.
//!
//! Whoever delivers holds the lease in the device's row, so attempts do not overlap; reads the newest settings with the
//! lease; and says that they are delivered only if they are still the newest, else goes round again. An attempt that AWS
//! IoT answered is over, and the lease is given back. One without an answer (a time-out, a killed function) may still
//! arrive, so its lease is left to run out: until then nobody publishes anything newer that it could arrive after.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::AwsError;
use super::device::{DeviceTable, Leased, Settled};
use super::iot::{Iot, Undelivered};
use weir_core::domain::Timestamp;
use weir_core::id::DeviceId;
use weir_runtime::{Until, clock::Clock};

/// How long a lease holds, in seconds. An attempt makes at most 7 requests of at most 2 s each, so what was sent last has
/// 16 s to arrive or be lost.
const LEASE: i64 = 30;
/// When an attempt that was refused is tried again, in seconds.
const AGAIN: i64 = 60;
/// So often a delivery goes round for settings that were changed meanwhile; then it is the sweep's.
const ROUNDS: usize = 5;
/// So many deliveries a sweep takes at most, and so many at once.
const SWEPT: i32 = 200;
const AT_ONCE: usize = 10;

/// How far a device's settings have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// AWS IoT holds the newest.
    Delivered,
    /// Not yet; a sweep will see to it.
    Pending,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// So many devices' settings were delivered.
    pub delivered: usize,
    /// So many were not, and stay due.
    pub pending: usize,
}

/// Delivers settings.
#[derive(Clone)]
pub struct Delivery {
    devices: DeviceTable,
    iot: Iot,
    clock: Arc<dyn Clock>,
}

impl Delivery {
    /// From this table to AWS IoT.
    pub fn new(devices: DeviceTable, iot: Iot, clock: Arc<dyn Clock>) -> Self {
        Self { devices, iot, clock }
    }

    /// AWS IoT.
    pub fn iot(&self) -> &Iot {
        &self.iot
    }

    /// Delivers the device's newest settings, if that is possible now. What goes wrong is logged and not reported: the
    /// settings are written, and a sweep delivers them.
    pub async fn deliver(&self, id: &DeviceId) -> State {
        self.attempt(id).await.unwrap_or_else(|error| {
            tracing::warn!(device = %id, %error, "settings not delivered yet");
            State::Pending
        })
    }

    /// Delivers whatever is due. What there is no time for stays due, and an attempt that is broken off is one without an
    /// answer.
    ///
    /// # Errors
    /// When it cannot be found out what is due.
    pub async fn sweep(&self, until: Until) -> Result<Swept, AwsError> {
        let due = until.finish(self.devices.due(self.clock.now(), SWEPT)).await.ok_or(AwsError::Late("sweep"))??;
        let deliver = async |id: DeviceId| until.finish(self.deliver(&id)).await.unwrap_or(State::Pending);
        let states: Vec<State> = stream::iter(due.into_iter().map(deliver)).buffer_unordered(AT_ONCE).collect().await;
        let delivered = states.iter().filter(|state| **state == State::Delivered).count();
        Ok(Swept { delivered, pending: states.len() - delivered })
    }

    async fn attempt(&self, id: &DeviceId) -> Result<State, AwsError> {
        let token = super::device::token();
        for _ in 0..ROUNDS {
            let job = match self.devices.lease(id, &token, self.clock.now(), self.lease_end()).await? {
                Leased::Ours(job) => job,
                Leased::Others => return Ok(State::Pending),
                Leased::Delivered => return Ok(State::Delivered),
            };
            match self.iot.carry_out(id, &job).await {
                Ok(()) => {}
                Err(Undelivered::Refused(error)) => {
                    self.devices.postpone(id, &token, self.clock.now().plus_seconds(AGAIN)).await?;
                    return Err(error);
                }
                Err(Undelivered::Unknown(error)) => return Err(error),
            }
            match self.devices.settle(id, &token, job.version).await? {
                Settled::Delivered => return Ok(State::Delivered),
                Settled::Newer => {}
                Settled::Lost => return Ok(State::Pending),
            }
        }
        // Somebody writes settings faster than they can be delivered.
        self.devices.postpone(id, &token, self.clock.now()).await?;
        Ok(State::Pending)
    }

    fn lease_end(&self) -> Timestamp {
        self.clock.now().plus_seconds(LEASE)
    }
}
