//! A batch of stream records: which readings of each sensor have changed, and which of its alerts they may affect.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, stream};
use weir_aws::AwsError;
use weir_aws::problem::ProblemRows;
use weir_core::domain::Timestamp;
use weir_core::domain::alert::{self, concerns, counts};
use weir_core::domain::device::Sensor;
use weir_core::domain::problem::{AlertKey, Subject};
use weir_core::domain::reading::Series;
use weir_core::id::DeviceId;
use weir_runtime::event::Record;
use weir_runtime::{Event, Response, Retry, Until};

use super::Alert;
use super::change::{Change, change};
use super::judge::Concern;

/// Series judged concurrently.
const CONCURRENT: usize = 8;

/// The changes of one series in a batch.
#[derive(Default)]
struct Changes {
    readings: Vec<Change>,
    /// The records with these changes.
    records: Vec<String>,
}

/// The sensors of a batch, from the registry; `None`: the sensor does not exist, or has no alerts.
type Sensors = HashMap<Series, Result<Option<Sensor>, AwsError>>;

impl Alert {
    /// Judges the alerts of a batch of stream records, and answers with the records to deliver again. A record that cannot be
    /// decoded, or whose series cannot be judged, is named in the answer; the others are judged nevertheless.
    pub(super) async fn judge_batch(&self, event: &Event, until: Until) -> Result<Response, Retry> {
        let records = event.stream_records().ok_or_else(|| Retry::new("the event is not a batch of a stream"))??;
        let (mut failed, mut series) = (BTreeSet::new(), BTreeMap::<Series, Changes>::new());
        for Record { id: sequence, decoded } in records {
            match decoded.and_then(|record| change(&record)) {
                Ok((of, change)) => {
                    let changes = series.entry(of).or_default();
                    changes.readings.push(change);
                    changes.records.push(sequence);
                }
                Err(detail) => {
                    tracing::error!(sequence, detail, "a stream record cannot be decoded");
                    failed.insert(sequence);
                }
            }
        }
        let read = until.finish(self.read(series.keys())).await;
        let (sensors, problems) = read.ok_or_else(Retry::out_of_time)??;
        let judge = async |(of, changes): (Series, Changes)| {
            let judged = until.finish(self.judge_series(&of, &changes.readings, &sensors, &problems)).await;
            (of, changes.records, judged.unwrap_or(Err(AwsError::OutOfTime("judge"))))
        };
        let mut judged = stream::iter(series).map(judge).buffer_unordered(CONCURRENT);
        while let Some((of, records, judged)) = judged.next().await {
            if let Err(error) = judged {
                tracing::warn!(device = %of.device, sensor = %of.sensor, %error, "not judged; its records are delivered again");
                failed.extend(records);
            }
        }
        Ok(Response::failed_records(failed))
    }

    /// The sensors of a batch, from the registry's cache, and the stored problems of their alerts, in one request for a hundred.
    async fn read(&self, series: impl Iterator<Item = &Series>) -> Result<(Sensors, ProblemRows), AwsError> {
        let mut sensors = Sensors::new();
        let mut known: HashMap<&DeviceId, _> = HashMap::new();
        let series: Vec<&Series> = series.collect();
        for of in &series {
            if !known.contains_key(&of.device) {
                known.insert(&of.device, self.registry.device(&of.device).await);
            }
            let sensor = known.get(&of.device).map(|device| match device {
                Ok(Some(device)) if device.details.enabled => Ok(device.sensor(&of.sensor).cloned()),
                Ok(_) => Ok(None),
                Err(error) => Err(error.clone()),
            });
            sensors.insert((*of).clone(), sensor.unwrap_or(Ok(None)));
        }
        let found = sensors.iter().filter_map(|(of, sensor)| Some((of, sensor.as_ref().ok()?.as_ref()?)));
        let subjects: Vec<Subject> =
            found.flat_map(|(of, sensor)| sensor.active_alerts().map(|alert| subject(of, alert))).collect();
        let problems = self.problems.rows(&subjects).await?;
        Ok((sensors, problems))
    }

    async fn judge_series(
        &self,
        of: &Series,
        changes: &[Change],
        sensors: &Sensors,
        problems: &ProblemRows,
    ) -> Result<(), AwsError> {
        let sensor = match sensors.get(of) {
            Some(Ok(Some(sensor))) => sensor,
            Some(Err(error)) => return Err(error.clone()),
            Some(Ok(None)) | None => return Ok(()),
        };
        let mut concerned = Vec::new();
        for alert in sensor.active_alerts() {
            let subject = subject(of, alert);
            let stored = problems.problem(&subject)?;
            let problem = stored.as_ref().map(|stored| &stored.problem);
            let value = |change: &Change| counts(change.quality, sensor.calibrations.is_some()).then_some(change.value);
            let matters = |change: &&Change| concerns(problem, alert, change.at, value(change));
            let mut matter = changes.iter().filter(matters).peekable();
            if matter.peek().is_some() {
                let from = matter.filter(|change| !change.recalculated).map(|change| change.at).min();
                concerned.push(Concern { subject, stored, from, changes: changes.len() });
            }
        }
        self.judge(of, concerned).await
    }
}

/// The subject of an alert of a series.
fn subject(of: &Series, alert: &alert::Alert) -> Subject {
    let (device, sensor) = (of.device.clone(), of.sensor.clone());
    Subject::Alert(AlertKey { device, sensor, alert: alert.id.clone() })
}

/// The first of two instants, where the first may be unknown.
pub(super) fn earliest(one: Option<Timestamp>, other: Timestamp) -> Timestamp {
    one.map_or(other, |one| one.min(other))
}
