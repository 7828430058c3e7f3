//! Judges the subjects of a batch of stream records, and writes what has changed.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::dynamodb::EventRecord;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use weir_aws::problem::{LevelDependency, ProblemRows, StoredProblem};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::problem::{Subject, Verdict, disjoint_groups, judge_pair};
use weir_core::domain::topology::Pair;
use weir_core::id::{BadId, LevelId};
use weir_runtime::event::Record;
use weir_runtime::{Event, Response, Retry, Until};

use super::ProblemDetector;

/// Attempts to judge a subject while reports keep arriving.
pub(super) const ATTEMPTS: u32 = 10;
/// Subjects judged concurrently. Each change is a transaction of about 20 ms on a connection of its own.
const CONCURRENT: usize = 8;
/// Subjects that are finished before the next ones begin: about as many as eight records name.
const WINDOW: usize = 24;

/// The result of judging a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// Nothing had to be written.
    Unchanged,
    /// A problem was opened, changed or closed.
    Written,
    /// A problem was deleted, because there never was one.
    Withdrawn,
}

impl ProblemDetector {
    /// Judges the subjects of a batch of stream records, and answers with the records to deliver again. A record that
    /// cannot be decoded, or whose subject cannot be judged, is named in the answer; the others are judged nevertheless.
    ///
    /// The subjects are judged in the order of the records. When time runs out, the beginning of the batch is done, and
    /// Lambda continues with the first of the records in the answer.
    pub(super) async fn judge_batch(&self, event: &Event, until: Until) -> Result<Response, Retry> {
        let records = event.stream_records().ok_or_else(|| Retry::new("the event is not a batch of a stream"))??;
        let topology = until.finish(self.registry.topology()).await.ok_or_else(Retry::out_of_time)??;
        let mut failed = BTreeSet::new();
        let mut subjects = Vec::new();
        let mut waiting: BTreeMap<Subject, Vec<String>> = BTreeMap::new();
        for Record { id: sequence, decoded } in records {
            match decoded.and_then(|record| sensor(&record)) {
                Ok(id) => {
                    let pairs = topology.pairs(&id).into_iter().map(Subject::Pair);
                    for subject in pairs.chain([Subject::Sensor(id)]) {
                        let named = waiting.entry(subject.clone()).or_default();
                        if named.is_empty() {
                            subjects.push(subject);
                        }
                        named.push(sequence.clone());
                    }
                }
                Err(detail) => {
                    tracing::error!(sequence, detail, "a stream record cannot be decoded");
                    failed.insert(sequence);
                }
            }
        }
        for (subject, judged) in self.judge_all(&subjects, until).await {
            match judged {
                Ok(judged) => tracing::debug!(problem = %subject, ?judged, "judged"),
                Err(error) => {
                    tracing::warn!(problem = %subject, %error, "not judged; its records are delivered again");
                    failed.extend(waiting.remove(&subject).into_iter().flatten());
                }
            }
        }
        Ok(Response::failed_records(failed))
    }

    /// Judges each subject, roughly in the order given and several at a time. A subject that is not finished at `until` is
    /// an error like any other.
    async fn judge_all(&self, subjects: &[Subject], until: Until) -> Vec<(Subject, Result<Judged, AwsError>)> {
        let read = until.finish(self.problems.rows(subjects)).await;
        let rows = match read.unwrap_or(Err(AwsError::OutOfTime("read the batch"))) {
            Ok(rows) => rows,
            // DynamoDB could not answer one request for all rows; a request for each subject would only add to its load.
            Err(error) => return subjects.iter().map(|subject| (subject.clone(), Err(error.clone()))).collect(),
        };
        let judge = async |subject: &Subject| {
            let judged = until.finish(self.judge(subject, &rows)).await;
            (subject.clone(), judged.unwrap_or(Err(AwsError::OutOfTime("judge"))))
        };
        let mut judged = Vec::with_capacity(subjects.len());
        for group in subjects.chunks(WINDOW).flat_map(disjoint_groups) {
            let mut group = stream::iter(group).map(judge).buffer_unordered(CONCURRENT);
            while let Some(one) = group.next().await {
                judged.push(one);
            }
        }
        judged
    }

    /// Judges a subject by the rows that were read, and again by newer ones when another writer was faster. So a verdict is
    /// only written if it was reached from the newest reports.
    async fn judge(&self, subject: &Subject, rows: &ProblemRows) -> Result<Judged, AwsError> {
        let mut attempts = Attempts::new("problems", subject, ATTEMPTS);
        attempts.next().await?;
        let mut newer: Option<ProblemRows> = None;
        loop {
            let rows = newer.as_ref().unwrap_or(rows);
            let judged = match subject {
                Subject::Pair(pair) => self.judge_pair(pair, rows).await?,
                Subject::Sensor(id) => self.end_silence(id, rows).await?,
                // A level report changes nothing about alerts and devices.
                Subject::Alert(_) | Subject::Device(_) => Some(Judged::Unchanged),
            };
            if let Some(judged) = judged {
                return Ok(judged);
            }
            attempts.next().await?;
            newer = Some(self.problems.rows([subject]).await?);
        }
    }

    /// Judges a pair; `None` when another writer was faster.
    async fn judge_pair(&self, pair: &Pair, rows: &ProblemRows) -> Result<Option<Judged>, AwsError> {
        let (Some(current), Some(following)) = (rows.level(&pair.current)?, rows.level(&pair.following)?) else {
            return Ok(Some(Judged::Unchanged));
        };
        let subject = Subject::Pair(pair.clone());
        let stored = rows.problem(&subject)?;
        let problem = stored.as_ref().map(|stored| &stored.problem);
        let verdict = judge_pair(problem, &current.measurements, &following.measurements, &self.rules);
        if verdict == Verdict::Unchanged {
            return Ok(Some(Judged::Unchanged));
        }
        let levels = [(&pair.current, &current), (&pair.following, &following)];
        let levels = levels.map(|(id, read)| LevelDependency { id, read, watch: read.watch });
        self.write(&subject, stored.as_ref(), &verdict, &levels).await
    }

    /// Writes a verdict; `None` when another writer was faster.
    pub(super) async fn write(
        &self,
        subject: &Subject,
        stored: Option<&StoredProblem>,
        verdict: &Verdict,
        levels: &[LevelDependency<'_>],
    ) -> Result<Option<Judged>, AwsError> {
        let written = self.problems.write(subject, stored, verdict, levels).await?;
        Ok((written == WriteOutcome::Done).then_some(match verdict {
            Verdict::Unchanged => Judged::Unchanged,
            Verdict::Write(_) => Judged::Written,
            Verdict::Withdraw => Judged::Withdrawn,
        }))
    }
}

/// The flow sensor whose row changed. Only the key of the record is used; the row is read when the sensor is judged.
fn sensor(record: &EventRecord) -> Result<LevelId, String> {
    #[derive(Deserialize)]
    struct Key {
        id: String,
    }
    let key: Key = serde_dynamo::from_item(record.change.keys.clone()).map_err(|error| error.to_string())?;
    key.id.parse().map_err(|error: BadId| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(keys: Value) -> EventRecord {
        let change = json!({"SequenceNumber": "7", "SizeBytes": 1, "Keys": keys});
        let record = json!({"eventID": "1", "eventName": "MODIFY", "awsRegion": "x", "dynamodb": change});
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn the_key_of_a_record_names_the_sensor() {
        assert_eq!(sensor(&record(json!({"id": {"S": "01"}}))), Ok("01".parse().unwrap()));
        for keys in [json!({}), json!({"id": {"N": "1"}}), json!({"id": {"S": "nonsense"}})] {
            assert!(sensor(&record(keys.clone())).is_err(), "{keys}");
        }
    }
}
