//! Makes the certificates of a device match its row: active while it is enabled, inactive while it is disabled, removed when it is
//! deleted. A certificate that was issued is activated, attached and sent to the device.
//!
//! The attempt holds the lease in the device's row. Certificates to be deactivated or removed are recorded in the row first: removing
//! detaches a certificate from its thing, after which only the row leads to it, and enabling must know which certificates it may
//! activate. Every step may be repeated, so the next attempt completes one that was killed anywhere.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use weir_aws::AwsError;
use weir_aws::certificates::{Certificate, Certificates};
use weir_aws::device::{DueCertificates, KnownCertificates, LeaseToken};
use weir_aws::iot::IotError;
use weir_core::domain::Timestamp;
use weir_core::domain::certificate::{Change, Status, Wanted, change};
use weir_core::domain::rotation::{Held, Rotation};
use weir_core::id::{CertificateId, DeviceId};
use weir_core::wire::rotation::{self, Topic};
use weir_core::wire::x509;

use super::Parts;

/// How long an attempt works on certificates. With the last request it ends 14 s before the lease, which a request without an
/// answer has to arrive or be lost.
const WORK: Duration = Duration::from_secs(14);

/// An attempt under a lease.
pub(super) struct Attempt<'a> {
    parts: &'a Parts,
    certificates: &'a Certificates,
    device: &'a DeviceId,
    lease: &'a LeaseToken,
    end: Instant,
}

impl<'a> Attempt<'a> {
    /// An attempt that begins now.
    pub(super) fn new(parts: &'a Parts, device: &'a DeviceId, lease: &'a LeaseToken) -> Self {
        Self { parts, certificates: &parts.certificates, device, lease, end: Instant::now() + WORK }
    }

    /// Does everything that is due.
    ///
    /// # Errors
    /// [`IotError::Unknown`] when a request may still take effect. [`IotError::Refused`] when something was refused or there was
    /// no time for all of it; what was done stays done.
    pub(super) async fn carry_out(&self, due: &DueCertificates) -> Result<(), IotError> {
        let attached = self.certificates.principals(self.device).await?;
        let DueCertificates { wanted, known, rotation, .. } = due;
        // Both may be attached to nothing yet: AWS IoT attaches the first one after the answer that makes the board a device.
        let held =
            |held: &Option<Held>| held.as_ref().map(|held| held.id.clone()).filter(|id| !known.doomed.contains(id));
        let (current, next) = (held(&rotation.current), held(&rotation.next));
        let mut doomed = known.doomed.clone();
        if *wanted == Wanted::Gone {
            doomed.extend(attached.certificates.iter().chain(&current).chain(&next).cloned());
            self.remember(KnownCertificates { doomed: doomed.clone(), ..KnownCertificates::default() }).await?;
        }
        let mut outcome = Ok(());
        for id in &doomed {
            outcome = and(outcome, self.remove(id).await)?;
        }
        outcome?;
        if *wanted == Wanted::Gone {
            for principal in &attached.others {
                self.check()?;
                self.certificates.detach(self.device, principal).await?;
            }
            if *rotation != Rotation::default() {
                self.forget_messages().await?;
            }
            self.check()?;
            return self.certificates.delete_thing(self.device).await;
        }
        let mut rest: BTreeSet<_> = attached.certificates.difference(&doomed).collect();
        rest.extend(&current);
        if *wanted == Wanted::Inactive {
            rest.extend(&next);
        }
        self.switch(*wanted, &rest, &known.deactivated).await?;
        if *wanted == Wanted::Inactive {
            return Ok(());
        }
        match &next {
            Some(next) => self.give(next, rotation, &attached.certificates).await,
            None if !doomed.is_empty() && rotation.asked_at.is_none() => self.forget_messages().await,
            None => Ok(()),
        }
    }

    /// Gives the device an issued certificate. Attaching it comes last: a certificate that is attached was activated before and is left
    /// as it is, because a person may have deactivated it since.
    async fn give(
        &self,
        id: &CertificateId,
        known: &Rotation,
        attached: &BTreeSet<CertificateId>,
    ) -> Result<(), IotError> {
        self.check()?;
        let Some(certificate) = self.certificates.find(id).await? else {
            tracing::warn!(device = %self.device, certificate = %id, "a certificate that was issued is gone");
            return Ok(());
        };
        if !attached.contains(id) {
            for policy in self.policies(known).await? {
                self.check()?;
                self.certificates.attach_policy(&certificate, &policy).await?;
            }
            if certificate.status == Status::Inactive {
                self.check()?;
                self.certificates.set_active(id, true).await?;
            }
            self.check()?;
            self.certificates.attach(self.device, &certificate).await?;
        }
        self.check()?;
        let ends = x509::ends(&certificate.pem).ok().map(Timestamp::seconds);
        let message = rotation::new_message(id, &certificate.pem, ends);
        self.parts.iot.publish_about_certificate(self.device, Topic::New, Some(message)).await
    }

    /// The policies of the new certificate: that of every device, and those of the current certificate, for example of a gateway.
    async fn policies(&self, known: &Rotation) -> Result<BTreeSet<String>, IotError> {
        let mut policies = BTreeSet::from([self.parts.policy.to_string()]);
        if let Some(current) = &known.current {
            self.check()?;
            if let Some(current) = self.certificates.find(&current.id).await? {
                self.check()?;
                policies.extend(self.certificates.policies(&current).await?);
            }
        }
        Ok(policies)
    }

    /// Removes the retained messages about a certificate that the device has by now.
    async fn forget_messages(&self) -> Result<(), IotError> {
        for topic in [Topic::Request, Topic::New] {
            self.check()?;
            self.parts.iot.publish_about_certificate(self.device, topic, None).await?;
        }
        Ok(())
    }

    /// Activates or deactivates certificates.
    async fn switch(
        &self,
        wanted: Wanted,
        ids: &BTreeSet<&CertificateId>,
        deactivated: &BTreeSet<CertificateId>,
    ) -> Result<(), IotError> {
        let mut changes = Vec::new();
        for id in ids {
            let by_disabling = deactivated.contains(*id);
            if wanted == Wanted::Active && !by_disabling {
                continue;
            }
            self.check()?;
            let Some(certificate) = self.certificates.find(id).await? else { continue };
            let Some(change) = change(wanted, certificate.status, by_disabling) else { continue };
            if change == Change::Deactivate && self.is_shared(&certificate).await? {
                tracing::warn!(device = %self.device, certificate = %id, "left active, because another thing has it too");
                continue;
            }
            changes.push((*id, change));
        }
        let of = |wanted| changes.iter().filter(move |(_, change)| *change == wanted).map(|(id, _)| (*id).clone());
        let deactivated = of(Change::Deactivate).collect();
        self.remember(KnownCertificates { deactivated, ..KnownCertificates::default() }).await?;
        let mut outcome = Ok(());
        for (id, change) in changes {
            self.check()?;
            outcome = and(outcome, self.certificates.set_active(id, change == Change::Activate).await)?;
        }
        outcome
    }

    /// Removes a certificate, after deactivating it. A certificate that is also attached to another thing is only detached from the
    /// device's.
    async fn remove(&self, id: &CertificateId) -> Result<(), IotError> {
        self.check()?;
        let Some(certificate) = self.certificates.find(id).await? else { return Ok(()) };
        if self.is_shared(&certificate).await? {
            tracing::warn!(device = %self.device, certificate = %id, "only detached, because another thing has it too");
            self.check()?;
            return self.certificates.detach(self.device, &certificate.arn).await;
        }
        if certificate.status == Status::Active {
            self.check()?;
            self.certificates.set_active(id, false).await?;
        }
        self.check()?;
        self.certificates.detach_policies(&certificate).await?;
        self.check()?;
        self.certificates.detach(self.device, &certificate.arn).await?;
        self.check()?;
        self.certificates.delete(id).await
    }

    async fn is_shared(&self, certificate: &Certificate) -> Result<bool, IotError> {
        self.check()?;
        self.certificates.is_shared(certificate, self.device).await
    }

    async fn remember(&self, known: KnownCertificates) -> Result<(), IotError> {
        let remembered = self.parts.devices.remember_certificates(self.device, self.lease, &known).await;
        if remembered.map_err(IotError::Refused)? { Ok(()) } else { Err(IotError::Refused(lost(self.device))) }
    }

    /// Refuses to begin another request when the lease may end before it arrives.
    fn check(&self) -> Result<(), IotError> {
        if Instant::now() < self.end { Ok(()) } else { Err(IotError::Refused(AwsError::OutOfTime("certificates"))) }
    }
}

/// If AWS IoT refuses one certificate, the others are still changed; a request without an answer ends the attempt.
fn and(before: Result<(), IotError>, next: Result<(), IotError>) -> Result<Result<(), IotError>, IotError> {
    match next {
        Err(unknown @ IotError::Unknown(_)) => Err(unknown),
        next => Ok(before.and(next)),
    }
}

fn lost(device: &DeviceId) -> AwsError {
    AwsError::Contended { table: "devices", key: device.to_string() }
}
