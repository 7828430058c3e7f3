//! How a device is shown: each sensor with the calibration that is in force now.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_aws::AwsError;
use weir_core::domain::Timestamp;
use weir_core::domain::device_record::{Entry, Record};
use weir_core::domain::reading::Series;
use weir_core::id::SensorCode;
use weir_core::wire::device::DeviceJson;

use super::Parts;

/// So many versions are looked through at once for the one in force.
const PAGE: usize = 50;
/// So many sensors' histories are asked for at the same time.
pub(super) const TOGETHER: usize = 8;

impl Parts {
    /// The record as it is shown.
    pub(super) async fn show(&self, record: &Record) -> Result<DeviceJson, AwsError> {
        let shown = self.show_all(&[record]).await?.pop();
        // One record makes one.
        Ok(shown.unwrap_or_else(|| DeviceJson::of(record, &BTreeMap::new())))
    }

    /// The records as they are shown. Only sensors whose newest calibration was set ahead take a request.
    pub(super) async fn show_all(&self, records: &[&Record]) -> Result<Vec<DeviceJson>, AwsError> {
        let now = self.clock.now();
        let mut in_force: Vec<BTreeMap<SensorCode, Entry>> = Vec::with_capacity(records.len());
        let mut ahead = Vec::new();
        for (place, record) in records.iter().enumerate() {
            let (begun, later): (Vec<_>, Vec<_>) =
                record.calibrations.iter().partition(|(_, kept)| kept.latest.calibration.valid_from <= now);
            in_force.push(begun.into_iter().map(|(code, kept)| (code.clone(), kept.latest.clone())).collect());
            ahead.extend(later.into_iter().map(|(code, _)| self.at_place(place, record, code)));
        }
        let found: Vec<_> = stream::iter(ahead).buffered(TOGETHER).try_collect().await?;
        for (place, code, entry) in found {
            if let (Some(in_force), Some(entry)) = (in_force.get_mut(place), entry) {
                in_force.insert(code, entry);
            }
        }
        Ok(records.iter().zip(&in_force).map(|(record, in_force)| DeviceJson::of(record, in_force)).collect())
    }

    async fn at_place(
        &self,
        place: usize,
        record: &Record,
        code: &SensorCode,
    ) -> Result<(usize, SensorCode, Option<Entry>), AwsError> {
        Ok((place, code.clone(), self.in_force(record, code).await?))
    }

    /// The calibration of the sensor that is in force now. It is in the record, unless its beginning was set ahead.
    pub(super) async fn in_force(&self, record: &Record, code: &SensorCode) -> Result<Option<Entry>, AwsError> {
        let now = self.clock.now();
        let from_now = self.in_force_from(record, code, now).await?;
        Ok(from_now.into_iter().find(|entry| entry.calibration.valid_from <= now))
    }

    /// The calibrations of the sensor that are in force at `since` or later, the latest beginning first.
    pub(super) async fn in_force_from(
        &self,
        record: &Record,
        code: &SensorCode,
        since: Timestamp,
    ) -> Result<Vec<Entry>, AwsError> {
        let Some(calibrated) = record.calibrations.get(code) else { return Ok(Vec::new()) };
        if calibrated.latest.calibration.valid_from <= since || calibrated.versions < 2 {
            return Ok(vec![calibrated.latest.clone()]);
        }
        let series = Series { device: record.id.clone(), sensor: code.clone() };
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (entries, next) = self.calibrations.entries(&series, PAGE, after).await?;
            for entry in entries {
                let begun = entry.calibration.valid_from <= since;
                found.push(entry);
                if begun {
                    return Ok(found);
                }
            }
            if next.is_none() {
                return Ok(found);
            }
            after = next;
        }
    }
}

/// Whether the device has looked the same ever since its version was written. A calibration whose beginning was set ahead
/// comes into force without a change of the record, so then "not modified" could be wrong.
pub(super) fn constant(record: &Record) -> bool {
    let begun = |entry: &Entry| entry.calibration.valid_from <= record.updated_at;
    record.calibrations.values().all(|calibrated| begun(&calibrated.latest))
}
