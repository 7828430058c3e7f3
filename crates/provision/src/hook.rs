//! AWS IoT asks whether a board may be provisioned (pre-provisioning hook; AWS IoT Core Developer Guide, "Pre-provisioning hooks").
//!
//! The device and the state of the serial number are written in one transaction before the answer, so that the first reading is not
//! refused, and of two boards with one number only one is provisioned. In any doubt the answer is a refusal, always with the same text,
//! so that somebody with a claim certificate does not learn which numbers exist.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use weir_aws::device::{ClaimHash, Deliver, NextLook, Registration, RotationChange, StoredDevice};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::device::{Author, Calibrations, Device, Versions};
use weir_core::domain::rotation::{Held, Rotation};
use weir_core::domain::serial::{ListedSerial, Provisioning, Registered, decide};
use weir_core::id::{CertificateId, Serial};
use weir_core::wire::{device_event, rotation, serial, x509};
use weir_runtime::Until;

use super::Parts;

/// Maximum attempts while another board with the same number, or a person, changes the same rows.
const MAX_ATTEMPTS: u32 = 5;

/// The minimum time before a refusal. A number that is not listed is refused after one read, one that is in use after three, so the
/// time until the answer would reveal which numbers exist.
const REFUSAL: Duration = Duration::from_millis(250);

/// What AWS IoT sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    /// The certificate that the board is to get.
    certificate_id: String,
    certificate_pem: String,
    /// What the board sends about itself.
    parameters: Parameters,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameters {
    serial_number: String,
}

impl Parts {
    /// The answer: the name of the thing, or a refusal without a reason.
    pub(super) async fn answer(&self, question: &Value, until: Until) -> Value {
        let refused_at = Instant::now() + REFUSAL;
        let answer = match until.finish(self.provision(question)).await {
            Some(Ok(Some(device))) => json!({"allowProvisioning": true, "parameterOverrides": {"ThingName": device}}),
            Some(Ok(None)) => denied(),
            Some(Err(error)) => {
                tracing::error!(%error, "a board is refused, because the tables do not answer");
                denied()
            }
            None => {
                tracing::error!("a board is refused, because there was no time for an answer");
                denied()
            }
        };
        if answer == denied() {
            sleep_until(refused_at).await;
        }
        answer
    }

    /// The name of the thing, if the board may be provisioned; the tables then say that it is.
    async fn provision(&self, question: &Value) -> Result<Option<String>, AwsError> {
        let Some((serial, certificate)) = read(question, self.clock.now()) else { return Ok(None) };
        let mut attempts = Attempts::new("serials", &serial, MAX_ATTEMPTS);
        loop {
            attempts.next().await?;
            let Some(listed) = self.serials.find(&serial).await? else {
                tracing::warn!(%serial, "a board whose serial number is not listed is refused");
                return Ok(None);
            };
            let owner = self.serials.of_certificate(&certificate.id).await?;
            let registration = self.devices.find(&listed.device).await?;
            let registered = match &registration {
                Registration::None => Registered::No,
                Registration::Deleted(_) => Registered::Deleted,
                Registration::Device(stored) if stored.device.details.enabled => Registered::Enabled,
                Registration::Device(_) => Registered::Disabled,
            };
            let written = match (decide(&listed, &certificate.id, owner.as_ref(), registered), registration) {
                (Err(why), _) => {
                    // Another board with this number may have become the device since its state was read: then that is the reason.
                    if self.serials.find(&serial).await?.as_ref() != Some(&listed) {
                        continue;
                    }
                    tracing::warn!(%serial, why = why.code(), "a board is refused");
                    self.events.put(&serial::denied(&listed, why, self.clock.now())).await?;
                    return Ok(None);
                }
                (Ok(Provisioning::Repeat), _) => WriteOutcome::Done,
                (Ok(Provisioning::Renew), Registration::Device(stored)) => {
                    self.renew(&listed, &stored, &certificate).await?
                }
                (Ok(Provisioning::Register | Provisioning::Renew), _) => self.register(&listed, &certificate).await?,
            };
            if written == WriteOutcome::Done {
                tracing::info!(%serial, device = %listed.device, "a board is provisioned");
                return Ok(Some(listed.device.to_string()));
            }
        }
    }

    /// Registers the device from the template, with the claim code that its number has.
    async fn register(&self, listed: &ListedSerial, certificate: &Held) -> Result<WriteOutcome, AwsError> {
        let now = self.clock.now();
        let author = Author { by: listed.created_by.clone(), at: now };
        let details = listed.template.clone();
        let device = Device::new(listed.device.clone(), details, Calibrations::new(), Versions::default(), author);
        let deliver = Deliver { problems: device.details.report_every.is_some(), ..Deliver::SETTINGS };
        let claim = listed.claim_code.clone().map(ClaimHash::stored);
        let mut events = vec![
            device_event::registered(&device),
            serial::provisioned(listed, &certificate.id, now),
            rotation::issued(&listed.device, &certificate.id, certificate.ends, now),
        ];
        events.extend(claim.is_some().then(|| device_event::claimable(&device)));
        let mark = self.serials.provisioned(listed, &certificate.id, now)?;
        let known = Rotation::default().provisioned(certificate.clone());
        let events = self.events.with(&events);
        self.devices.write_provisioned(&device, deliver, &known, mark, claim.as_ref(), events).await
    }

    /// Gives the device another certificate.
    async fn renew(
        &self,
        listed: &ListedSerial,
        stored: &StoredDevice,
        certificate: &Held,
    ) -> Result<WriteOutcome, AwsError> {
        let now = self.clock.now();
        let (known, never_used) = match &stored.rotation.rotation {
            known if known.current.is_some() => known.with_next(certificate.clone()),
            known => (known.provisioned(certificate.clone()), None),
        };
        let change = RotationChange {
            rotation: known,
            look: Some(NextLook::At(now.seconds())),
            settle: false,
            doomed: never_used,
        };
        let events = [
            serial::provisioned(listed, &certificate.id, now),
            rotation::issued(&listed.device, &certificate.id, certificate.ends, now),
        ];
        let mark = self.serials.provisioned(listed, &certificate.id, now)?;
        let events = self.events.with(&events);
        self.devices.rotate_provisioned(&listed.device, &stored.rotation, &change, mark, now, events).await
    }
}

/// The serial number and the certificate, which exists since `now`; `None` when either cannot be.
fn read(question: &Value, now: Timestamp) -> Option<(Serial, Held)> {
    let question = match Question::deserialize(question) {
        Ok(question) => question,
        Err(error) => {
            tracing::warn!(%error, "a board is refused, because it does not say what it must");
            return None;
        }
    };
    let serial = question.parameters.serial_number.parse::<Serial>();
    let serial = serial.inspect_err(|error| tracing::warn!(%error, "a board is refused")).ok()?;
    let id = question.certificate_id.parse::<CertificateId>();
    let id = id.inspect_err(|error| tracing::warn!(%error, "a board is refused")).ok()?;
    let ends = x509::ends(&question.certificate_pem);
    let ends = ends.inspect_err(|error| tracing::warn!(error, "the end of a certificate cannot be read")).ok()?;
    Some((serial, Held { id, ends: Some(ends.seconds()), since: Some(now.seconds()), key: None }))
}

fn denied() -> Value {
    json!({"allowProvisioning": false})
}
