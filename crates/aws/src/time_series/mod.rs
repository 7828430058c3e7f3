//! The time-series store: one port, two stores behind it, with one meaning.
//!
//! Each reading that is written ends as stored, known already, or set quarantine. Which of two readings of one series and
//! instant stays is decided by [`Reading::settle`] in DynamoDB and by the same order as a record version in
//! Timestream, never by the order of arrival. The one that does not stay and says another number is set quarantine where it
//! can be seen: within one call always, between calls in DynamoDB only. Timestream tells of what it holds nothing but the
//! version, so there the better of two stays, and the other one is lost.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;

use super::AwsError;
use super::config::timestream_write;
use super::quarantine::{QuarantineEntry, QuarantineTable};
use weir_core::domain::reading::{Reading, Series, Settlement, Stored};
use weir_core::domain::{Kept, Reason, Refusal, Timestamp};
use weir_core::id::QuarantineId;
use weir_runtime::StartError;
use weir_runtime::clock::Clock;

mod better;
mod expired;
#[cfg(feature = "query")]
mod history;
mod readings;
mod records;
mod rollups;
mod settings;
mod settle;

pub use better::{Better, Replaced};
#[cfg(feature = "query")]
pub use history::{Bucket, Found, History, Place, Span, TimestreamHistory, Unanswered};
pub use readings::ReadingTable;
pub use records::TimestreamTable;
pub use rollups::RollupTable;
pub use settings::{StoreSettings, TableSettings};

/// How one reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is in the store.
    Stored,
    /// It was there already.
    Duplicate,
    /// The store does not take it, or another number has the better claim to its place: it is in quarantine.
    Quarantined(Kept),
}

/// The store a stack was deployed with.
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
            StoreSettings::Timestream { database, table } => {
                Self::Timestream(TimestreamTable::new(timestream_write(sdk).await?, database, table))
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

    /// Writes the readings, in as few requests as the store allows. The answers are in the order of the readings; an
    /// error means that the reading has to be delivered again, and does not concern the others.
    pub async fn write(
        &self,
        readings: &[Reading],
        quarantine: &QuarantineWriter<'_>,
    ) -> Vec<Result<Written, AwsError>> {
        let (writes, lost) = rivals(readings);
        let placed: Placed<'_> = writes.iter().filter_map(|place| Some((*place, readings.get(*place)?))).collect();
        let mut outcomes = match self {
            TimeSeries::DynamoDb(table) => table.write(&placed, quarantine).await,
            TimeSeries::Timestream(table) => table.write(&placed, quarantine).await,
        };
        for (place, winner) in lost {
            if let (Some(reading), Some(winner)) = (readings.get(place), readings.get(winner)) {
                let same = reading.raw == winner.raw;
                let outcome =
                    if same { Ok(Written::Duplicate) } else { quarantine.conflict(reading, winner.raw).await };
                outcomes.push((place, outcome));
            }
        }
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

/// Readings with their place in the call.
type Placed<'a> = Vec<(usize, &'a Reading)>;

/// Outcomes by the reading's place in the call.
type Outcomes = Vec<(usize, Result<Written, AwsError>)>;

/// The outcomes of readings that one failed request was for.
fn failed(readings: &[(usize, &Reading)], error: &AwsError) -> Outcomes {
    readings.iter().map(|(place, _)| (*place, Err(error.clone()))).collect()
}

/// Where and how a reading is set quarantine that the store does not take.
pub struct QuarantineWriter<'a> {
    /// The quarantine.
    pub table: &'a QuarantineTable,
    /// The clock for "first seen".
    pub clock: &'a dyn Clock,
    /// The function that writes, which a replay goes back to.
    pub function: &'static str,
    /// The message that says this one number again: its topic and payload.
    pub message: fn(&Series, Timestamp, f64) -> (String, Vec<u8>),
    /// The entries of the quarantine that are sent again with this call.
    pub replayed: &'a [QuarantineId],
}

impl QuarantineWriter<'_> {
    /// Sets it quarantine. An entry that is sent again and refused again is there already, unless it was deleted or accepted
    /// elsewhere meanwhile, and then it must not come back: nothing is written for it.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn keep(&self, quarantine: &QuarantineEntry) -> Result<Written, AwsError> {
        let id = quarantine.id();
        if !self.replayed.iter().any(|replayed| replayed.as_str() == id) {
            self.table.put(quarantine, self.clock.now()).await?;
        }
        Ok(Written::Quarantined(Kept { id, refusal: quarantine.refusal.clone() }))
    }

    async fn put(
        &self,
        series: &Series,
        at: Timestamp,
        raw: f64,
        received_at: Timestamp,
        refusal: Refusal,
    ) -> Result<Written, AwsError> {
        let (topic, payload) = (self.message)(series, at, raw);
        let quarantine = QuarantineEntry {
            function: self.function,
            refusal,
            topic,
            device_id: Some(series.device.to_string()),
            sensor: Some(series.sensor.to_string()),
            at,
            received_at,
            payload,
        };
        self.keep(&quarantine).await
    }

    async fn reading(&self, reading: &Reading, refusal: Refusal) -> Result<Written, AwsError> {
        self.put(&reading.series, reading.at, reading.raw, reading.received_at, refusal).await
    }

    /// Sets the reading quarantine because `winner` has the better claim to its place.
    async fn conflict(&self, reading: &Reading, winner: f64) -> Result<Written, AwsError> {
        self.reading(reading, conflicting(reading.raw, winner)).await
    }
}

fn conflicting(loser: f64, winner: f64) -> Refusal {
    Refusal::new(
        Reason::ConflictingReading,
        format!("raw {loser} was sent for the same sensor and instant as raw {winner}, which has the better claim"),
    )
}

/// Readings of one call that have the same series and instant, settled among themselves: the places of those to
/// write, and for each of the others the place of the one it lost to.
fn rivals(readings: &[Reading]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut best: HashMap<(&Series, Timestamp), usize> = HashMap::with_capacity(readings.len());
    let mut losers = Vec::new();
    for (place, reading) in readings.iter().enumerate() {
        let key = (&reading.series, reading.at);
        let Some((holder, known)) = best.get(&key).and_then(|holder| Some((*holder, readings.get(*holder)?))) else {
            best.insert(key, place);
            continue;
        };
        match reading.settle(&Stored { rank: known.rank(), raw: known.raw }) {
            Settlement::Replace | Settlement::Displace => {
                best.insert(key, place);
                losers.push(holder);
            }
            Settlement::Duplicate | Settlement::Conflict => losers.push(place),
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
    fn of_rivals_in_one_call_one_is_written_whatever_their_order() {
        let reading = |at: i64, raw: f64| Reading {
            series: Series { device: "b".parse().unwrap(), sensor: "ph".parse().unwrap() },
            at: Timestamp::from_millis(at),
            received_at: Timestamp::from_millis(1_795_155_884_123),
            raw,
            value: raw,
            unit: String::new(),
            calibration: 0,
            quality: Quality::Uncalibrated,
        };
        let (writes, lost) =
            rivals(&[reading(1, 7.0), reading(2, 7.0), reading(1, 6.0), reading(1, 7.0), reading(1, 8.0)]);
        assert_eq!(writes, [1, 2]);
        assert_eq!(lost, [(0, 2), (3, 2), (4, 2)]);
        let (writes, lost) = rivals(&[reading(1, 6.0), reading(1, 7.0)]);
        assert_eq!((writes.as_slice(), lost.as_slice()), (&[0][..], &[(1, 0)][..]));
    }
}
