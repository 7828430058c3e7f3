//! The time-series store: one port, two stores behind it, with one meaning.
//!
//! Each reading that is written ends stored, as a duplicate, or in quarantine. Of two readings of one series and instant,
//! [`Reading::resolve_conflict`] decides which one is stored in DynamoDB; in Timestream the same order is the record version,
//! except that a number sent again is not stored again with a newer calibration.
//! The order of arrival never decides. A reading with another raw number that is not stored goes to quarantine, where it is
//! visible: within one call always, between calls in DynamoDB only. Timestream reports only the version of what it holds, so
//! there the winner of two is stored and the other one is lost.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;

use super::AwsError;
use super::config::timestream_write;
use weir_core::domain::reading::{ConflictResolution, Reading, Series};
use weir_core::domain::{Quarantined, Timestamp};
use weir_runtime::StartError;

use refused::RefusedReading;

mod conflicts;
mod dynamodb;
mod expired;
#[cfg(feature = "query")]
mod history;
mod image;
mod refused;
mod replace;
mod rollups;
mod settings;
mod timeline;
mod timestream;

pub use dynamodb::{JudgeMark, ReadingTable};
#[cfg(feature = "query")]
pub use history::{Bucket, History, HistoryError, HistoryPage, SeriesPosition, Span, TimestreamHistory};
pub use image::of_image;
pub use refused::{Origin, Origins, QuarantineWriter, Replayed};
pub use replace::{ReplaceOutcome, Replacement};
pub use rollups::RollupTable;
pub use settings::{LatestSettings, StoreSettings, TableSettings};
pub use timeline::TimelineReading;
pub use timestream::TimestreamTable;

/// How one reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Stored,
    /// It was stored already.
    Duplicate,
    /// The store does not accept it, or another raw number has precedence: it is in quarantine.
    Quarantined(Quarantined),
}

/// The store that the stack was deployed with.
pub enum TimeSeries {
    /// The table `readings`.
    DynamoDb(ReadingTable),
    /// Timestream for LiveAnalytics.
    Timestream(TimestreamTable),
}

impl TimeSeries {
    /// The store that the settings name.
    ///
    /// # Errors
    /// When Timestream's endpoint cannot be discovered.
    pub async fn open(sdk: &SdkConfig, dynamodb: &Client, settings: &StoreSettings) -> Result<Self, StartError> {
        Ok(match settings {
            StoreSettings::DynamoDb(settings) => Self::DynamoDb(settings.table(dynamodb)),
            StoreSettings::Timestream { database, table, judged } => {
                let timestream = TimestreamTable::new(timestream_write(sdk).await?, database, table);
                Self::Timestream(match judged {
                    Some(settings) => timestream.judged_in(settings.table(dynamodb)),
                    None => timestream,
                })
            }
        })
    }

    /// The table of readings, where that is the store.
    pub fn rows(&self) -> Option<&ReadingTable> {
        match self {
            Self::DynamoDb(table) => Some(table),
            Self::Timestream(_) => None,
        }
    }

    /// Writes the readings, in as few requests as the store allows. The outcomes are in the order of the readings; an
    /// error means that this reading has to be delivered again, and does not affect the others.
    pub async fn write(
        &self,
        readings: &[Reading],
        quarantine: &QuarantineWriter<'_>,
    ) -> Vec<Result<Written, AwsError>> {
        let (writes, lost) = resolve_conflicts(readings);
        let placed: Placed<'_> = writes.iter().filter_map(|place| Some((*place, readings.get(*place)?))).collect();
        let mut refused = Vec::new();
        let mut same = Vec::new();
        for (place, winner) in lost {
            if let (Some(reading), Some(of)) = (readings.get(place), readings.get(winner)) {
                if reading.raw == of.raw {
                    same.push((place, winner));
                } else {
                    refused.push(RefusedReading::conflict(place, Cow::Borrowed(reading), of.raw));
                }
            }
        }
        let mut outcomes = match self {
            TimeSeries::DynamoDb(table) => table.write(&placed, refused, quarantine).await,
            TimeSeries::Timestream(table) => table.write(&placed, refused, quarantine).await,
        };
        let duplicate = |(place, winner): (usize, usize)| {
            let failure = outcomes.iter().find_map(|(at, outcome)| outcome.as_ref().err().filter(|_| *at == winner));
            // It is a duplicate of a reading that may not be stored.
            (place, failure.map_or(Ok(Written::Duplicate), |error| Err(error.clone())))
        };
        let duplicates: Outcomes = same.into_iter().map(duplicate).collect();
        outcomes.extend(duplicates);
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

/// Readings with their index in the call.
type Placed<'a> = Vec<(usize, &'a Reading)>;

/// Outcomes with the index of the reading in the call.
type Outcomes = Vec<(usize, Result<Written, AwsError>)>;

/// The outcomes of the readings of one failed request.
fn failed(readings: &[(usize, &Reading)], error: &AwsError) -> Outcomes {
    readings.iter().map(|(place, _)| (*place, Err(error.clone()))).collect()
}

/// Resolves conflicts between the readings of one call: the indices of the readings to write, and for each of the others
/// its index and the index of the reading that has precedence.
fn resolve_conflicts(readings: &[Reading]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut best: HashMap<(&Series, Timestamp), usize> = HashMap::with_capacity(readings.len());
    let mut losers = Vec::new();
    for (place, reading) in readings.iter().enumerate() {
        let key = (&reading.series, reading.at);
        let Some((holder, known)) = best.get(&key).and_then(|holder| Some((*holder, readings.get(*holder)?))) else {
            best.insert(key, place);
            continue;
        };
        match reading.resolve_conflict(known) {
            // All readings of a call are made with the same versions, so one of two that say the same has the better of each.
            ConflictResolution::Replace(_) | ConflictResolution::ReplaceAndQuarantineOld => {
                best.insert(key, place);
                losers.push(holder);
            }
            ConflictResolution::Duplicate | ConflictResolution::QuarantineNew => losers.push(place),
        }
    }
    let winner = |place: usize| {
        let reading = readings.get(place)?;
        Some((place, *best.get(&(&reading.series, reading.at))?))
    };
    let lost = losers.iter().filter_map(|place| winner(*place)).collect();
    let mut writes: Vec<usize> = best.values().copied().collect();
    writes.sort_unstable();
    (writes, lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::reading::Quality;

    #[test]
    fn of_conflicting_readings_in_one_call_one_is_written_whatever_their_order() {
        let reading = |at: i64, raw: f64| Reading {
            series: Series { device: "b".parse().unwrap(), sensor: "ph".parse().unwrap() },
            at: Timestamp::from_millis(at),
            received_at: Timestamp::from_millis(1_795_155_884_123),
            raw,
            value: raw,
            unit: String::new(),
            calibration: 0,
            quality: Quality::Uncalibrated,
            judge: false,
        };
        let (writes, lost) =
            resolve_conflicts(&[reading(1, 7.0), reading(2, 7.0), reading(1, 6.0), reading(1, 7.0), reading(1, 8.0)]);
        assert_eq!(writes, [1, 2]);
        assert_eq!(lost, [(0, 2), (3, 2), (4, 2)]);
        let (writes, lost) = resolve_conflicts(&[reading(1, 6.0), reading(1, 7.0)]);
        assert_eq!((writes.as_slice(), lost.as_slice()), (&[0][..], &[(1, 0)][..]));
    }
}
