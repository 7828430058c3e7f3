//! Finds certificates that have to be renewed, and asks their devices for requests. A sweep checks a bounded number of devices, so even
//! 10,000 certificates that expire on one day are spread over time, within the limits of AWS IoT.

use futures_util::{StreamExt, stream};
use weir_aws::device::{NextLook, Registration, RotationChange};
use weir_aws::event::WithEvents;
use weir_aws::iot::IotError;
use weir_aws::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::rotation::{ASK_AGAIN_SECONDS, Ask, Look, Nearness};
use weir_core::id::{CertificateId, DeviceId};
use weir_core::wire::rotation::{self, Topic};
use weir_core::wire::x509;
use weir_runtime::Until;
use weir_runtime::telemetry::metric;

use super::Parts;

/// Maximum devices of a sweep. One every 5 minutes is 28,800 a day, and as many requests of devices are spread over that time.
const SWEEP_LIMIT: usize = 100;
/// Maximum devices that are checked concurrently: AWS IoT accepts 10 `DescribeCertificate` a second, and each device takes up to 2
/// `Publish`.
const CONCURRENT: usize = 4;

/// A device that could not be checked or asked is checked again after this time, in seconds: an hour.
const FAILED_AGAIN_SECONDS: i64 = 3_600;

/// The result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The number of devices checked.
    pub looked: usize,
    /// The number of those that were asked for a request.
    pub asked: usize,
    /// Whether more devices are due.
    pub left: bool,
}

impl Parts {
    /// Checks the devices that are due. Those for which there is no time stay due.
    ///
    /// # Errors
    /// When the devices that are due cannot be read.
    pub(super) async fn sweep(&self, until: Until) -> Result<Sweep, AwsError> {
        let due = self.devices.expiring(self.clock.now(), None);
        let page = until.finish(due).await.ok_or(AwsError::OutOfTime("sweep"))??;
        let found = page.devices.len();
        let left = !page.is_last() || found > SWEEP_LIMIT;
        let devices = page.devices.into_iter().take(SWEEP_LIMIT);
        let looks = devices.map(async |id: DeviceId| match until.finish(self.look(&id)).await {
            Some(Ok(asked)) => Some(asked),
            Some(Err(error)) => {
                tracing::warn!(device = %id, %error, "a certificate is looked at again in an hour");
                self.look_in_an_hour(&id, until).await;
                Some(false)
            }
            None => None,
        });
        let looks: Vec<Option<bool>> = stream::iter(looks).buffer_unordered(CONCURRENT).collect().await;
        let looked = looks.iter().flatten().count();
        let asked = looks.iter().flatten().filter(|asked| **asked).count();
        Ok(Sweep { looked, asked, left: left || looked < looks.len() })
    }

    /// Postpones a device that could not be checked: otherwise such devices would be the first of every sweep.
    async fn look_in_an_hour(&self, id: &DeviceId, until: Until) {
        let now = self.clock.now();
        let later = self.devices.look_later(id, now, now.seconds().saturating_add(FAILED_AGAIN_SECONDS));
        if let Some(Err(error)) = until.finish(later).await {
            tracing::warn!(device = %id, %error, "a certificate is looked at again by the next sweep");
        }
    }

    /// Checks the certificate of a device, and returns whether the device was asked for a request.
    pub(super) async fn look(&self, id: &DeviceId) -> Result<bool, AwsError> {
        let now = self.clock.now();
        let tomorrow = now.seconds().saturating_add(ASK_AGAIN_SECONDS);
        let stored = match self.devices.find(id).await? {
            Registration::Device(stored) if stored.device.details.enabled => stored,
            // Enabled again, it is looked at within a day.
            Registration::Device(_) => return self.devices.look_again(id, Some(tomorrow)).await.map(|()| false),
            Registration::None | Registration::Deleted(_) => return Ok(false),
        };
        let known = &stored.rotation;
        match known.rotation.look(now, self.renew_days, self.most_days) {
            Look::Nothing => self.devices.look_again(id, None).await.map(|()| false),
            Look::Rest(at) => self.devices.look_again(id, Some(at)).await.map(|()| false),
            Look::Learn(certificate) => {
                let Some((ends, since)) = self.dates_of(&certificate).await? else {
                    return self.devices.look_again(id, Some(tomorrow)).await.map(|()| false);
                };
                let rotation = known.rotation.learned(ends, since);
                let change =
                    RotationChange { rotation, look: Some(NextLook::At(now.seconds())), settle: false, doomed: None };
                // If the row has changed, it is looked at again anyway.
                self.devices.rotate(id, known, &change, now, WithEvents::NONE).await.map(|_| false)
            }
            Look::Ask(ask) => {
                // First, since the row says that it was done. A second message says the same.
                let message = rotation::request_message(&ask);
                let told = self.iot.publish_about_certificate(id, Topic::Request, Some(message)).await;
                told.map_err(IotError::into_error)?;
                let (rotation, look) = (known.rotation.asked(now), Some(NextLook::At(ask.again_at(now))));
                let change = RotationChange { rotation, look, settle: false, doomed: None };
                let events = [rotation::asked(id, &ask, now)];
                let written = self.devices.rotate(id, known, &change, now, self.events.with(&events)).await?;
                if written == WriteOutcome::Overtaken {
                    self.take_back(id, &ask).await?;
                }
                if written == WriteOutcome::Done && ask.nearness != Nearness::Due {
                    tracing::warn!(device = %id, certificate = %ask.certificate, "a certificate is not renewed and ends");
                    metric::certificate_ending(now);
                }
                Ok(written == WriteOutcome::Done)
            }
        }
    }

    /// Removes the retained message that was published while the row changed, unless the device still has to be asked for the same
    /// certificate: nothing else would remove it when the device is deleted or has its new certificate.
    async fn take_back(&self, id: &DeviceId, ask: &Ask) -> Result<(), AwsError> {
        if let Registration::Device(stored) = self.devices.find(id).await?
            && let Look::Ask(now) = stored.rotation.rotation.look(self.clock.now(), self.renew_days, self.most_days)
            && now.certificate == ask.certificate
        {
            return Ok(());
        }
        self.iot.publish_about_certificate(id, Topic::Request, None).await.map_err(IotError::into_error)
    }

    /// When the certificate expires, and when it was issued, if AWS IoT says so.
    async fn dates_of(&self, id: &CertificateId) -> Result<Option<(Timestamp, Option<Timestamp>)>, AwsError> {
        let Some(found) = self.certificates.find(id).await.map_err(IotError::into_error)? else { return Ok(None) };
        let since = Some(found.created_at).filter(|at| at.millis() > 0);
        Ok(x509::ends(&found.pem).ok().map(|ends| (ends, since)))
    }
}
