//! A device requests a certificate: it is issued from the request, and sent to the device.
//!
//! The row is written before the certificate is issued (which limits them to three a day), and again with its id before anything
//! is done to it. If the function is killed in between, an inactive certificate that belongs to nobody remains, and the device, which
//! gets no answer, asks again.

use serde_json::Value;
use weir_aws::device::{NextLook, Registration, RotationChange, StoredRotation};
use weir_aws::event::WithEvents;
use weir_aws::iot::IotError;
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::rotation::{Held, Issue, Look, Rotation};
use weir_core::id::{CertificateId, DeviceId};
use weir_core::wire::Envelope;
use weir_core::wire::rotation::{self, Topic};
use weir_core::wire::x509::{self, SigningRequest};
use weir_runtime::Retry;

use super::Parts;

/// Maximum attempts while others change the certificates in the row.
const MAX_ATTEMPTS: u32 = 10;

impl Parts {
    /// Handles the message of the rule. The outcome is `issued`, `same`, `rejected` or `ignored`: a message of another topic is
    /// ignored, because redelivering it would change nothing.
    ///
    /// # Errors
    /// When the message has to be delivered again.
    pub(super) async fn request(&self, event: &Value) -> Result<&'static str, Retry> {
        let envelope = Envelope::open(event, self.clock.now());
        let Some(device) = rotation::asking(&envelope) else {
            tracing::warn!(topic = envelope.topic, "ignored: the topic is no device's for requests");
            return Ok("ignored");
        };
        let asked = match rotation::request(&envelope).and_then(|text| SigningRequest::read(&text)) {
            Ok(request) => self.issue(&device, &request).await?,
            Err(detail) => self.reject(&device, &detail).await?,
        };
        Ok(asked)
    }

    async fn issue(&self, device: &DeviceId, request: &SigningRequest) -> Result<&'static str, AwsError> {
        let mut attempts = Attempts::new("devices", device, MAX_ATTEMPTS);
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            let Registration::Device(stored) = self.devices.find(device).await? else { return Ok("ignored") };
            if !stored.device.details.enabled {
                return Ok("ignored");
            }
            let known = &stored.rotation;
            let (outcome, change) = match known.rotation.issue(&request.key, now) {
                Issue::TooMany => {
                    return self.reject(device, "there were three certificates today: ask tomorrow").await;
                }
                Issue::Same(id) if self.is_to_be_replaced(&id, &known.rotation, now) => {
                    let detail = "its key is that of the certificate that is to be replaced: make a new one";
                    return self.reject(device, detail).await;
                }
                // It may be that the device did not hear of it.
                Issue::Same(_) => ("same", settled(known.rotation.clone())),
                Issue::New(reserved) => {
                    let change = RotationChange { rotation: reserved, look: None, settle: false, doomed: None };
                    let written = self.devices.rotate(device, known, &change, now, WithEvents::NONE).await?;
                    if written == WriteOutcome::Done {
                        return self.create(device, request, &change.rotation).await;
                    }
                    continue;
                }
            };
            if self.devices.rotate(device, known, &change, now, WithEvents::NONE).await? == WriteOutcome::Done {
                self.settle(device).await;
                return Ok(outcome);
            }
        }
    }

    /// Whether the device connects with this certificate, and has been asked for another one.
    fn is_to_be_replaced(&self, id: &CertificateId, known: &Rotation, now: Timestamp) -> bool {
        matches!(known.look(now, self.renew_days, self.most_days), Look::Ask(ask) if ask.certificate == *id)
    }

    /// Issues the certificate for which the row is prepared.
    async fn create(
        &self,
        device: &DeviceId,
        request: &SigningRequest,
        reserved: &Rotation,
    ) -> Result<&'static str, AwsError> {
        let issued = match self.certificates.issue(&request.pem).await {
            Ok(issued) => issued,
            Err(IotError::Refused(error)) if !error.is_temporary() => {
                tracing::warn!(%device, %error, "AWS IoT issues no certificate from this request");
                return self.reject(device, "AWS IoT issues no certificate from this request").await;
            }
            Err(IotError::Refused(error) | IotError::Unknown(error)) => return Err(error),
        };
        let ends = x509::ends(&issued.pem).ok().map(Timestamp::seconds);
        let since = Some(self.clock.now().seconds());
        let held = Held { id: issued.id, ends, since, key: Some(request.key.clone()) };
        let mut attempts = Attempts::new("devices", device, MAX_ATTEMPTS);
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            let stored = match self.devices.find(device).await? {
                Registration::Device(stored) if stored.device.details.enabled => stored,
                // The certificate is inactive, and belongs to nobody.
                _ => return Ok("ignored"),
            };
            let known: &StoredRotation = &stored.rotation;
            // The same request came twice, and the other one was faster.
            if let Issue::Same(other) = known.rotation.issue(&request.key, now)
                && other != held.id
            {
                let _ = self.certificates.delete(&held.id).await;
                return Ok("same");
            }
            let (next, never_used) = known.rotation.with_next(held.clone());
            let change = RotationChange { doomed: never_used, ..settled(next) };
            let events = [rotation::issued(device, &held.id, ends, now)];
            let written = self.devices.rotate(device, known, &change, now, self.events.with(&events)).await?;
            if written == WriteOutcome::Done {
                tracing::info!(%device, certificate = %held.id, today = reserved.issued, "a certificate is issued");
                self.settle(device).await;
                return Ok("issued");
            }
        }
    }

    /// Tells the device why there is no certificate.
    async fn reject(&self, device: &DeviceId, detail: &str) -> Result<&'static str, AwsError> {
        tracing::warn!(%device, detail, "a request for a certificate is rejected");
        let message = rotation::rejected_message(detail);
        let told = self.iot.publish_about_certificate(device, Topic::Rejected, Some(message)).await;
        told.map_err(IotError::into_error)?;
        Ok("rejected")
    }
}

fn settled(rotation: Rotation) -> RotationChange {
    RotationChange { rotation, look: None::<NextLook>, settle: true, doomed: None }
}
