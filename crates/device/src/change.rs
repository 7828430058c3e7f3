//! How a device is changed: read, checked against `If-Match`, decided, and written for the version that was read. Who is
//! overtaken begins anew; who named a version is told that it is not the present one.

use weir_aws::delivery::State;
use weir_aws::device::{Found, Stored, Write};
use weir_aws::{AwsError, wait_turn};
use weir_core::domain::device_record::{Author, Calibrated, Calibrations, Content, Record};
use weir_core::domain::reading::Series;
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::device::{DeliveryJson, DeviceJson};
use weir_http::{ApiError, Caller, IfMatch};

use super::Parts;

/// So many times a change is tried against others. Each failed try means that another change went in.
const ATTEMPTS: u32 = 20;
/// So many versions of a calibration are read at once.
const PAGE: usize = 100;

/// A device that was changed.
pub(super) struct Changed {
    pub before: Record,
    pub record: Record,
    pub delivery: DeliveryJson,
}

impl Parts {
    /// The device; 404 when there is none.
    pub(super) async fn live(&self, id: &DeviceId) -> Result<Stored, ApiError> {
        match self.devices.find(id).await? {
            Found::Live(stored) => Ok(*stored),
            Found::Deleted(_) | Found::Never => Err(ApiError::not_found()),
        }
    }

    /// Who changes something, now.
    pub(super) fn author(&self, caller: &Caller) -> Author {
        Author { by: caller.name(), at: self.clock.now() }
    }

    /// Changes the device to the content that `decide` makes of the present record and of how it is shown.
    pub(super) async fn change(
        &self,
        id: &DeviceId,
        expected: IfMatch,
        caller: &Caller,
        decide: impl Fn(&Record, &DeviceJson) -> Result<Content, ApiError>,
    ) -> Result<Changed, ApiError> {
        for attempt in 0..ATTEMPTS {
            wait_turn(attempt).await;
            let Stored { record, delivered } = self.live(id).await?;
            expected.check(record.versions.record)?;
            let content = decide(&record, &self.show(&record).await?)?;
            self.keeps_inputs(&record, &content).await?;
            let added: Vec<_> = record.added(&content).cloned().collect();
            let found = self.histories(id, &added).await?;
            let restored: Vec<_> = found.keys().cloned().collect();
            let changed = record.rewritten(content, found, self.author(caller));
            self.finds_inputs(&changed, &restored).await?;
            let deliver = changed.versions.settings != record.versions.settings;
            if self.devices.write(&changed, deliver).await? == Write::Done {
                let delivery = if deliver { self.delivery.deliver(id).await } else { state(delivered) };
                return Ok(Changed { before: record, record: changed, delivery: json(delivery) });
            }
        }
        Err(contended(id))
    }

    /// What sensors had of calibrations before they were added: the history outlives its sensor.
    pub(super) async fn histories(&self, id: &DeviceId, sensors: &[SensorCode]) -> Result<Calibrations, AwsError> {
        let mut found = Calibrations::new();
        for code in sensors {
            let series = Series { device: id.clone(), sensor: code.clone() };
            let (mut entries, mut next) = self.calibrations.entries(&series, PAGE, None).await?;
            while let Some(after) = next {
                let (more, further) = self.calibrations.entries(&series, PAGE, Some(after)).await?;
                entries.extend(more);
                next = further;
            }
            found.extend(Calibrated::of(entries).map(|calibrated| (code.clone(), calibrated)));
        }
        Ok(found)
    }
}

/// Others kept changing the device.
pub(super) fn contended(id: &DeviceId) -> ApiError {
    AwsError::Contended { table: "devices", key: id.to_string() }.into()
}

pub(super) fn state(delivered: bool) -> State {
    if delivered { State::Delivered } else { State::Pending }
}

pub(super) fn json(state: State) -> DeliveryJson {
    match state {
        State::Delivered => DeliveryJson::Delivered,
        State::Pending => DeliveryJson::Pending,
    }
}
