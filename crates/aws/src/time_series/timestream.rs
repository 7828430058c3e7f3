//! The time-series store on Timestream for LiveAnalytics: one multi-measure record for each reading.
//!
//! The record version is [`Reading::rank`]: writing the same record again changes nothing, a recalculated value replaces the old one,
//! and a reading that was received later is rejected, which counts as a duplicate.

use aws_sdk_timestreamwrite::Client;
use aws_sdk_timestreamwrite::error::BuildError;
use aws_sdk_timestreamwrite::operation::write_records::WriteRecordsError;
use aws_sdk_timestreamwrite::types::{Dimension, MeasureValue, MeasureValueType, Record, RejectedRecord, TimeUnit};
use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::{Outcomes, Placed, QuarantineWriter, ReadingTable, RefusedReading, Written, failed};
use weir_core::domain::reading::Reading;
use weir_core::domain::{Reason, Refusal};

/// Maximum records per `WriteRecords`.
const BATCH: usize = 100;
/// Maximum concurrent requests of one call.
const AT_ONCE: usize = 4;
const OPERATION: &str = "WriteRecords";

/// The table of readings in Timestream.
#[derive(Debug, Clone)]
pub struct TimestreamTable {
    client: Client,
    database: String,
    table: String,
    judged: Option<ReadingTable>,
}

/// The answer to a request.
enum Answer {
    /// All records are stored.
    Accepted,
    /// These records were rejected.
    Rejected(Vec<RejectedRecord>),
    /// The request as a whole is invalid; Timestream does not say because of which record.
    Invalid(String),
}

impl TimestreamTable {
    /// The table `table` of `database`.
    pub fn new(client: Client, database: impl Into<String>, table: impl Into<String>) -> Self {
        Self { client, database: database.into(), table: table.into(), judged: None }
    }

    /// Writes the readings of sensors with alerts to the table `readings` as well: its stream wakes the function `alert`, which
    /// Timestream cannot do, and alerts are judged by its rows.
    pub fn judged_in(self, rows: ReadingTable) -> Self {
        Self { judged: Some(rows), ..self }
    }

    /// Writes readings with different keys. `refused` are further readings of the call that are not to be stored: they go to
    /// the quarantine together with those that Timestream refuses.
    pub(super) async fn write<'a>(
        &self,
        readings: &[(usize, &'a Reading)],
        mut refused: Vec<RefusedReading<'a>>,
        quarantine: &QuarantineWriter<'_>,
    ) -> Outcomes {
        let chunks: Vec<_> = readings.chunks(BATCH).map(|chunk| self.write_chunk(chunk.to_vec())).collect();
        let written: Vec<_> = stream::iter(chunks).buffer_unordered(AT_ONCE).collect().await;
        let mut outcomes = Outcomes::with_capacity(readings.len());
        for (some, more) in written {
            outcomes.extend(some);
            refused.extend(more);
        }
        outcomes.extend(quarantine.refuse(refused).await);
        if let Some(rows) = &self.judged {
            rows.copy(readings, &mut outcomes, quarantine).await;
        }
        outcomes
    }

    /// Writes up to 100 records. Rejected ones are handled one by one and the others written again without them; a request
    /// that is invalid as a whole is halved until the invalid record is alone.
    async fn write_chunk<'a>(&self, chunk: Placed<'a>) -> (Outcomes, Vec<RefusedReading<'a>>) {
        let (mut outcomes, mut refused) = (Outcomes::with_capacity(chunk.len()), Vec::new());
        let mut pending = vec![chunk];
        while let Some(mut chunk) = pending.pop() {
            match self.send(&chunk).await {
                Err(error) => outcomes.extend(failed(&chunk, &error)),
                Ok(Answer::Accepted) => outcomes.extend(chunk.iter().map(|(place, _)| (*place, Ok(Written::Stored)))),
                Ok(Answer::Rejected(rejected)) => {
                    let mut good = Vec::with_capacity(chunk.len());
                    for (index, (place, reading)) in chunk.iter().enumerate() {
                        match rejected.iter().find(|r| usize::try_from(r.record_index) == Ok(index)) {
                            Some(rejected) => match refusal_of(reading, rejected) {
                                None => outcomes.push((*place, Ok(Written::Duplicate))),
                                Some(refusal) => refused.push(RefusedReading::new(*place, reading, refusal)),
                            },
                            None => good.push((*place, *reading)),
                        }
                    }
                    if good.len() == chunk.len() {
                        // A rejection that names none of these records cannot be handled: deliver again.
                        let detail = format!("{} records rejected, none of them in the request", rejected.len());
                        outcomes.extend(failed(&good, &AwsError::request(OPERATION, detail)));
                    } else if !good.is_empty() {
                        pending.push(good);
                    }
                }
                Ok(Answer::Invalid(detail)) => match chunk.as_slice() {
                    [] => {}
                    [(place, reading)] => {
                        let refusal = Refusal::new(Reason::StoreRefused, detail);
                        refused.push(RefusedReading::new(*place, reading, refusal));
                    }
                    _ => {
                        let half = chunk.split_off(chunk.len() / 2);
                        pending.extend([half, chunk]);
                    }
                },
            }
        }
        (outcomes, refused)
    }

    /// Replaces stored readings, which have different keys; returns the number of those that Timestream rejects permanently.
    /// A stored record with the same version or a newer one counts as written.
    pub(super) async fn replace(&self, readings: &[&Reading]) -> Result<usize, AwsError> {
        let mut refused = 0;
        for chunk in readings.chunks(BATCH) {
            let mut left: Placed<'_> = chunk.iter().map(|reading| (0, *reading)).collect();
            while !left.is_empty() {
                let rejected = match self.send(&left).await? {
                    Answer::Accepted => break,
                    Answer::Rejected(rejected) => rejected,
                    Answer::Invalid(detail) => return Err(AwsError::request(OPERATION, detail)),
                };
                let before = left.len();
                let mut good = Placed::new();
                for (index, (place, reading)) in left.into_iter().enumerate() {
                    let found = rejected.iter().find(|r| usize::try_from(r.record_index) == Ok(index));
                    match found.map(|found| found.existing_version) {
                        None => good.push((place, reading)),
                        Some(existing) => refused += usize::from(existing.is_none_or(|known| known < reading.rank())),
                    }
                }
                if good.len() == before {
                    let detail = format!("{} records rejected, none of them in the request", rejected.len());
                    return Err(AwsError::request(OPERATION, detail));
                }
                left = good;
            }
        }
        Ok(refused)
    }

    async fn send(&self, chunk: &[(usize, &Reading)]) -> Result<Answer, AwsError> {
        let build = |error: BuildError| AwsError::request(OPERATION, error);
        // A message comes from one device; only a batch from the queue mixes devices.
        let device = chunk.first().map(|(_, reading)| &reading.series.device);
        let shared = chunk.iter().all(|(_, reading)| Some(&reading.series.device) == device);
        let mut common = Record::builder()
            .measure_name("reading")
            .measure_value_type(MeasureValueType::Multi)
            .time_unit(TimeUnit::Milliseconds);
        if let Some(device) = device.filter(|_| shared) {
            common = common.dimensions(dimension("device", device.as_str()).map_err(build)?);
        }
        let records = chunk.iter().map(|(_, reading)| record(reading, !shared)).collect::<Result<Vec<_>, _>>();
        let sent = self
            .client
            .write_records()
            .database_name(&self.database)
            .table_name(&self.table)
            .common_attributes(common.build())
            .set_records(Some(records.map_err(build)?))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Answer::Accepted),
            Err(error) => match error.as_service_error() {
                Some(WriteRecordsError::RejectedRecordsException(rejected)) => {
                    Ok(Answer::Rejected(rejected.rejected_records().to_vec()))
                }
                Some(WriteRecordsError::ValidationException(invalid)) => Ok(Answer::Invalid(invalid.message.clone())),
                _ => Err(AwsError::call(OPERATION, error)),
            },
        }
    }
}

/// Why a record was rejected; `None` if a newer version is stored, so that it is a duplicate. Another raw number with precedence
/// cannot be told from the same one: Timestream reports only the version.
fn refusal_of(reading: &Reading, rejected: &RejectedRecord) -> Option<Refusal> {
    if rejected.existing_version.is_some_and(|version| version >= reading.rank()) {
        return None;
    }
    let said = rejected.reason.as_deref().unwrap_or("Timestream gave no reason");
    // How Timestream says that the instant is outside its retention (API reference, RejectedRecord).
    let old = ["retention", "time range"].iter().any(|words| said.contains(words));
    let reason = if old { Reason::OutsideRetention } else { Reason::StoreRefused };
    Some(Refusal::new(reason, said))
}

fn record(reading: &Reading, with_device: bool) -> Result<Record, BuildError> {
    let mut record = Record::builder()
        .time(reading.at.millis().to_string())
        .version(reading.rank())
        .dimensions(dimension("sensor", reading.series.sensor.as_str())?)
        .measure_values(measure("raw", MeasureValueType::Double, reading.raw)?)
        .measure_values(measure("value", MeasureValueType::Double, reading.value)?)
        .measure_values(measure("calibration", MeasureValueType::Bigint, reading.calibration)?)
        .measure_values(measure("quality", MeasureValueType::Varchar, reading.quality.code())?)
        .measure_values(measure("received_at", MeasureValueType::Timestamp, reading.received_at.millis())?);
    // Timestream rejects empty text.
    if !reading.unit.is_empty() {
        record = record.measure_values(measure("unit", MeasureValueType::Varchar, &reading.unit)?);
    }
    if with_device {
        record = record.dimensions(dimension("device", reading.series.device.as_str())?);
    }
    Ok(record.build())
}

fn dimension(name: &str, value: &str) -> Result<Dimension, BuildError> {
    Dimension::builder().name(name).value(value).build()
}

fn measure(name: &str, kind: MeasureValueType, value: impl ToString) -> Result<MeasureValue, BuildError> {
    MeasureValue::builder().name(name).r#type(kind).value(value.to_string()).build()
}
