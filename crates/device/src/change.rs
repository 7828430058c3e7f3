//! How a device is changed: it is read, checked against the preconditions, changed, and written only if nobody else has written it
//! since; otherwise all of it is repeated.

use weir_aws::device::{ClaimChange, ClaimHash, Deliver, Registration, StoredDevice, draw_claim_code};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::calibration::SensorCalibrations;
use weir_core::domain::claim::ClaimCode;
use weir_core::domain::device::{Author, Calibrations, Device, DeviceDetails};
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::{DeliveryJson, DeviceJson};
use weir_core::wire::device_event;
use weir_http::{ApiError, Caller};

use super::Parts;

/// Maximum attempts of a change. Each failed one means that another change succeeded.
const MAX_ATTEMPTS: u32 = 20;
/// Versions of a calibration that are read at once.
const PAGE: usize = 100;

/// A device that was changed.
pub(super) struct Changed {
    pub before: Device,
    pub device: Device,
    pub delivery: DeliveryJson,
    /// The claim code that was made.
    pub code: Option<ClaimCode>,
}

/// Whether a change makes a new claim code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewCode {
    Made,
    No,
}

impl NewCode {
    /// The choice in the field `claim_code` of a body.
    pub(super) fn asked(given: Option<bool>) -> Self {
        if given == Some(true) { Self::Made } else { Self::No }
    }

    /// Draws the code.
    pub(super) fn draw(self) -> Result<Option<ClaimCode>, AwsError> {
        (self == Self::Made).then(draw_claim_code).transpose()
    }
}

/// The attempts to change a device.
pub(super) fn attempts(id: &DeviceId) -> Attempts<'_, DeviceId> {
    Attempts::new("devices", id, MAX_ATTEMPTS)
}

impl Parts {
    /// The device; 404 if there is none.
    pub(super) async fn registered(&self, id: &DeviceId) -> Result<StoredDevice, ApiError> {
        match self.devices.find(id).await? {
            Registration::Device(stored) => Ok(*stored),
            Registration::Deleted(_) | Registration::None => Err(ApiError::not_found()),
        }
    }

    /// The caller as the author of a change at this moment.
    pub(super) fn author(&self, caller: &Caller) -> Author {
        Author { by: caller.name(), at: self.clock.now() }
    }

    /// Replaces the details of the device by those that `decide` returns for the current device and its JSON, if `check` accepts the
    /// preconditions.
    pub(super) async fn change(
        &self,
        id: &DeviceId,
        check: impl Fn(&Device) -> Result<(), ApiError>,
        caller: &Caller,
        code: NewCode,
        decide: impl Fn(&Device, &DeviceJson) -> Result<DeviceDetails, ApiError>,
    ) -> Result<Changed, ApiError> {
        let code = code.draw()?;
        let mut attempts = attempts(id);
        loop {
            attempts.next().await?;
            let stored = self.registered(id).await?;
            let device = &stored.device;
            check(device)?;
            let details = decide(device, &self.show(device).await?)?;
            self.check_removed_inputs(device, &details).await?;
            let added: Vec<_> = device.added(&details).cloned().collect();
            let found = self.earlier_calibrations(id, &added).await?;
            let restored: Vec<_> = found.keys().cloned().collect();
            let changed = device.with_details(details, found, self.author(caller));
            self.check_restored(&changed, &restored).await?;
            let deliver = Deliver {
                settings: changed.versions.settings != device.versions.settings,
                // With each change of a disabled device: it may have got another certificate meanwhile.
                certificates: !changed.details.enabled || !device.details.enabled,
                problems: changed.details.changes_problems(&device.details),
            };
            let mut events = device_event::changed(device, &changed);
            let written = match &code {
                None => self.devices.write_with(&changed, deliver, self.events.with(&events)).await?,
                Some(code) => {
                    events.push(device_event::claimable(&changed));
                    let (new, old) = (ClaimHash::of(code), stored.claim.as_ref());
                    let code = ClaimChange { new: &new, old };
                    self.devices.write_claimable(&changed, deliver, self.events.with(&events), code).await?
                }
            };
            if written == WriteOutcome::Done {
                // This also completes what an earlier request left undone.
                if deliver.problems {
                    self.end_problems(id, Some(&changed)).await;
                }
                let open = deliver.tells_iot() || !stored.certificates_settled;
                let delivery = if open { self.delivery.deliver(id).await } else { delivery(stored.settings_delivered) };
                return Ok(Changed { before: stored.device, device: changed, delivery, code });
            }
        }
    }

    /// The calibrations that sensors had before they were deleted: the history outlives its sensor.
    pub(super) async fn earlier_calibrations(
        &self,
        id: &DeviceId,
        sensors: &[SensorCode],
    ) -> Result<Calibrations, AwsError> {
        let mut found = Calibrations::new();
        for code in sensors {
            let series = Series { device: id.clone(), sensor: code.clone() };
            let (mut entries, mut next) = self.calibrations.entries(&series, PAGE, None).await?;
            while let Some(after) = next {
                let (more, further) = self.calibrations.entries(&series, PAGE, Some(after)).await?;
                entries.extend(more);
                next = further;
            }
            found.extend(SensorCalibrations::of(entries).map(|calibrations| (code.clone(), calibrations)));
        }
        Ok(found)
    }
}

/// Whether the settings are delivered, as the API shows it.
pub(super) fn delivery(settings_delivered: bool) -> DeliveryJson {
    if settings_delivered { DeliveryJson::Delivered } else { DeliveryJson::Pending }
}
