//! Delivers settings to AWS IoT: the newest version, and never an older one after a newer one. The certificates of the
//! device are delivered in the same way before the settings, by the function `certificate`, which acts under the same lease.
//!
//! An attempt holds the lease in the device's row, so attempts do not overlap. It reads the newest settings together with
//! the lease, publishes them, and records them as delivered only if they are still the newest; otherwise it starts again.
//! An attempt that AWS IoT answered is finished and releases the lease. One without an answer (a time-out, a killed function)
//! may still take effect, so its lease is left to expire, so that a late request cannot arrive after a newer one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use weir_aws::AwsError;
use weir_aws::device::{DeviceTable, Lease, LeaseToken, RecordedDelivery};
use weir_aws::invoke::{InvokeError, Invoker};
use weir_aws::iot::{Iot, IotError};
use weir_aws::lease::{CONCURRENT, LEASE_SECONDS, MAX_ROUNDS, RETRY_SECONDS};
use weir_core::id::DeviceId;
use weir_core::wire::device::DeliveryJson;
use weir_runtime::Until;
use weir_runtime::clock::Clock;

use super::publish::publish;

/// How long to wait for `certificate`, which works for 14 s and begins no further request of 2 s then. It is less than a lease.
pub const PATIENCE: Duration = Duration::from_secs(18);
/// Maximum deliveries of a sweep.
const SWEEP_LIMIT: i32 = 200;

/// The result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The number of devices for which everything was delivered.
    pub delivered: usize,
    /// The number of devices that stay due.
    pub pending: usize,
}

/// The function `certificate`, which alone has the rights to change certificates.
#[derive(Debug, Clone)]
pub struct CertificateFunction {
    invoker: Invoker,
    name: String,
}

impl CertificateFunction {
    /// The function called `name`, through an invoker that waits for [`PATIENCE`].
    pub fn new(invoker: Invoker, name: impl Into<String>) -> Self {
        Self { invoker, name: name.into() }
    }

    /// Invokes it to do what is due for the device, under the lease with this token.
    async fn carry_out(&self, id: &DeviceId, lease: &LeaseToken) -> Result<(), IotError> {
        let loan = json!({"device": id, "lease": lease.as_str()});
        let answer = match self.invoker.invoke(&self.name, &loan).await {
            Ok(answer) => answer,
            // It may have asked for something that still takes effect.
            Err(InvokeError::Failed { detail, .. }) => {
                return Err(IotError::Unknown(AwsError::Unavailable { operation: "certificate", detail }));
            }
            Err(InvokeError::Aws(error)) => return Err(IotError::Unknown(error)),
        };
        if answer.get("outcome").and_then(Value::as_str) == Some("done") {
            return Ok(());
        }
        let detail = answer.get("detail").and_then(Value::as_str).unwrap_or("it does not say why");
        Err(IotError::Refused(AwsError::request("certificate", detail)))
    }
}

/// Delivers settings and the status of certificates.
#[derive(Clone)]
pub struct Delivery {
    devices: DeviceTable,
    iot: Iot,
    certificates: CertificateFunction,
    clock: Arc<dyn Clock>,
}

impl Delivery {
    /// Delivers the settings in this table to AWS IoT.
    pub fn new(devices: DeviceTable, iot: Iot, certificates: CertificateFunction, clock: Arc<dyn Clock>) -> Self {
        Self { devices, iot, certificates, clock }
    }

    /// AWS IoT.
    pub(crate) fn iot(&self) -> &Iot {
        &self.iot
    }

    /// Tries to deliver now what is due for the device. Errors are only logged: what is due is stored, and a sweep
    /// delivers it.
    pub async fn deliver(&self, id: &DeviceId) -> DeliveryJson {
        self.attempt(id).await.unwrap_or_else(|error| {
            tracing::warn!(device = %id, %error, "not everything is delivered yet");
            DeliveryJson::Pending
        })
    }

    /// Delivers everything that is due. Devices for which there is no time stay due; an interrupted attempt counts as one
    /// without an answer.
    ///
    /// # Errors
    /// When the due devices cannot be read.
    pub async fn sweep(&self, until: Until) -> Result<Sweep, AwsError> {
        let due = self.devices.due(self.clock.now(), SWEEP_LIMIT);
        let due = until.finish(due).await.ok_or(AwsError::OutOfTime("sweep"))??;
        let deliver = async |id: DeviceId| until.finish(self.deliver(&id)).await.unwrap_or(DeliveryJson::Pending);
        let states: Vec<_> = stream::iter(due.into_iter().map(deliver)).buffer_unordered(CONCURRENT).collect().await;
        let delivered = states.iter().filter(|state| **state == DeliveryJson::Delivered).count();
        Ok(Sweep { delivered, pending: states.len() - delivered })
    }

    async fn attempt(&self, id: &DeviceId) -> Result<DeliveryJson, AwsError> {
        let token = LeaseToken::random();
        // What AWS IoT refused about the certificates, which does not keep the settings from the device.
        let mut refused = None;
        for _ in 0..MAX_ROUNDS {
            let now = self.clock.now();
            let pending = match self.devices.lease(id, &token, now, now.plus_seconds(LEASE_SECONDS)).await? {
                Lease::Acquired(pending) => pending,
                Lease::HeldByOther => return Ok(DeliveryJson::Pending),
                Lease::NothingPending => return Ok(DeliveryJson::Delivered),
            };
            if pending.certificates.is_some() && refused.is_none() {
                match self.certificates.carry_out(id, &token).await {
                    Ok(()) => {}
                    Err(IotError::Refused(error)) => refused = Some(error),
                    Err(IotError::Unknown(error)) => return Err(error),
                }
                // The settings have the whole time of a lease again.
                continue;
            }
            if pending.settings_due {
                match publish(&self.iot, id, &pending).await {
                    Ok(()) => {}
                    Err(IotError::Refused(error)) => return self.refused(id, &token, refused.unwrap_or(error)).await,
                    Err(IotError::Unknown(error)) => return Err(error),
                }
            }
            if let Some(error) = refused {
                self.devices.record_settings(id, &token, pending.version).await?;
                return self.refused(id, &token, error).await;
            }
            match self.devices.record_delivery(id, &token, pending.version).await? {
                RecordedDelivery::Delivered => return Ok(DeliveryJson::Delivered),
                RecordedDelivery::NewerVersion => {}
                RecordedDelivery::LeaseLost => return Ok(DeliveryJson::Pending),
            }
        }
        // It changes faster than it can be delivered.
        self.devices.postpone(id, &token, self.clock.now()).await?;
        Ok(DeliveryJson::Pending)
    }

    /// Releases the lease until the next attempt.
    async fn refused(&self, id: &DeviceId, token: &LeaseToken, error: AwsError) -> Result<DeliveryJson, AwsError> {
        self.devices.postpone(id, token, self.clock.now().plus_seconds(RETRY_SECONDS)).await?;
        Err(error)
    }
}
