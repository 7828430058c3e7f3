//! The certificate with which a device has connected: after a connection with a new one the former one is revoked, and a disabled device
//! must not connect at all.

use weir_aws::device::{NextLook, Registration, RotationChange, StoredDevice};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::rotation::Connected;
use weir_core::id::CertificateId;
use weir_core::wire::rotation;

use super::{ATTEMPTS, Twin};

impl Twin {
    /// Writes what follows from a connection with this certificate. AWS IoT is then told by the sweep of `device`. Doing it again
    /// changes nothing.
    pub(super) async fn heard_of(&self, stored: StoredDevice, principal: &CertificateId) -> Result<(), AwsError> {
        let id = stored.device.id.clone();
        let mut stored = Box::new(stored);
        let mut attempts = Attempts::new("devices", &id, ATTEMPTS);
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            if !stored.device.details.enabled {
                // It was given a certificate, or was provisioned, in the moment in which it was disabled.
                return self.devices.settle_disabled(&id, now).await;
            }
            let known = &stored.rotation;
            let (change, events) = match known.rotation.connected(principal) {
                Connected::Nothing => return Ok(()),
                Connected::Adopt(rotation) => (RotationChange { rotation, ..nothing(now.seconds()) }, Vec::new()),
                Connected::Replace { rotation, former } => {
                    let events = vec![rotation::replaced(&id, principal, former.as_ref(), now)];
                    let change = RotationChange { rotation, settle: true, doomed: former, ..nothing(now.seconds()) };
                    (change, events)
                }
            };
            let events = self.events.with(&events);
            if self.devices.rotate(&id, known, &change, now, events).await? == WriteOutcome::Done {
                return Ok(());
            }
            match self.devices.find(&id).await? {
                Registration::Device(again) => stored = again,
                Registration::None | Registration::Deleted(_) => return Ok(()),
            }
        }
    }
}

/// A change that only makes the check of the certificate due now.
fn nothing(now: i64) -> RotationChange {
    RotationChange { rotation: Default::default(), look: Some(NextLook::At(now)), settle: false, doomed: None }
}
