//! Does what is due for a device's certificates, under a lease of its own or under the lease of `device`, which waits for the answer.

use serde_json::{Value, json};
use weir_aws::AwsError;
use weir_aws::device::{Lease, LeaseToken, RecordedDelivery};
use weir_aws::iot::IotError;
use weir_aws::lease::{LEASE_SECONDS, RETRY_SECONDS};
use weir_core::id::DeviceId;
use weir_runtime::{Retry, Until};

use super::Parts;
use super::attempt::Attempt;

impl Parts {
    /// Tries to do now what is due. Errors are only logged: what is due is stored, and the sweep of `device` completes it.
    pub(super) async fn settle(&self, id: &DeviceId) {
        if let Err(error) = self.try_settle(id).await {
            tracing::warn!(device = %id, %error, "the certificates are not yet as they should be");
        }
    }

    async fn try_settle(&self, id: &DeviceId) -> Result<(), AwsError> {
        let token = LeaseToken::random();
        let now = self.clock.now();
        let Lease::Acquired(pending) = self.devices.lease(id, &token, now, now.plus_seconds(LEASE_SECONDS)).await?
        else {
            return Ok(());
        };
        if let Some(due) = &pending.certificates {
            match Attempt::new(self, id, &token).carry_out(due).await {
                Ok(()) => self.devices.record_certificates(id, &token, due).await?,
                Err(IotError::Refused(error)) => {
                    self.devices.postpone(id, &token, self.clock.now().plus_seconds(RETRY_SECONDS)).await?;
                    return Err(error);
                }
                // It may still take effect, so the lease is left to expire.
                Err(IotError::Unknown(error)) => return Err(error),
            }
        }
        // The settings are the business of `device`, whose next sweep delivers them.
        if pending.settings_due
            || self.devices.record_delivery(id, &token, pending.version).await? == RecordedDelivery::NewerVersion
        {
            self.devices.postpone(id, &token, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Does what is due under the lease of `device`, and returns whether it is done or was refused.
    ///
    /// # Errors
    /// When something may still take effect: then `device` leaves the lease to expire.
    pub(super) async fn lent(&self, id: &DeviceId, lease: &str, until: Until) -> Result<Value, Retry> {
        let token = LeaseToken::lent(lease);
        let work = async {
            let now = self.clock.now();
            let lease = self.devices.lease(id, &token, now, now.plus_seconds(LEASE_SECONDS)).await;
            // Somebody else has it by now, and does what is due.
            let Lease::Acquired(pending) = lease.map_err(IotError::Unknown)? else { return Ok(()) };
            let Some(due) = &pending.certificates else { return Ok(()) };
            Attempt::new(self, id, &token).carry_out(due).await?;
            self.devices.record_certificates(id, &token, due).await.map_err(IotError::Unknown)
        };
        match until.finish(work).await {
            Some(Ok(())) => Ok(json!({"outcome": "done"})),
            Some(Err(IotError::Refused(error))) => Ok(json!({"outcome": "refused", "detail": error.to_string()})),
            Some(Err(IotError::Unknown(error))) => Err(error.into()),
            None => Err(Retry::out_of_time()),
        }
    }
}
