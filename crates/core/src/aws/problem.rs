//! The table `problems`, judged against the table `levels`.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::AwsError;
use super::level::{LevelState, LevelTable, state_of};
use super::row::{Item, s};
use crate::domain::problem::{Problem, Rules, Verdict, judge};
use crate::domain::topology::Pair;
use crate::id::LevelId;

mod row;
mod write;

const TABLE: &str = "problems";
/// `BatchGetItem` takes so many keys.
const KEYS: usize = 100;
/// So many times keys that DynamoDB left unanswered are asked for again, and a verdict is reached anew when a report
/// comes in between.
const ATTEMPTS: usize = 10;

/// The problems' table, with the levels' that it judges by.
#[derive(Debug, Clone)]
pub struct ProblemTable {
    client: Client,
    name: String,
    levels: LevelTable,
}

/// What judging a pair came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// Nothing had to be written.
    Unchanged,
    /// The problem was opened, changed or closed.
    Written,
    /// What had been written turned out never to have been.
    Withdrawn,
}

/// A problem as stored, with the count of its writes.
#[derive(Debug, Clone, PartialEq)]
struct Stored {
    problem: Problem,
    revision: u64,
}

/// All that is stored about some pairs.
#[derive(Debug, Default)]
struct Known {
    levels: HashMap<String, Item>,
    problems: HashMap<String, Item>,
}

impl ProblemTable {
    /// The table called `name`, judging by `levels`.
    pub fn new(client: Client, name: impl Into<String>, levels: LevelTable) -> Self {
        Self { client, name: name.into(), levels }
    }

    /// Judges each pair by what is stored now of both sensors, and writes what follows. One `BatchGetItem` for up to
    /// 100 rows; a transaction only where something changes. One pair's failure does not keep the others from being
    /// judged.
    ///
    /// The transaction checks that neither sensor has changed since it was read. So a verdict that was overtaken is
    /// never written, and the last one written is the one reached from the last reports.
    pub async fn judge(&self, pairs: &BTreeSet<Pair>, rules: &Rules) -> Vec<(Pair, Result<Judged, AwsError>)> {
        let mut judged = Vec::with_capacity(pairs.len());
        match self.read(pairs.iter()).await {
            Ok(mut known) => {
                for pair in pairs {
                    judged.push((pair.clone(), self.judge_pair(pair, rules, &mut known).await));
                }
            }
            // One row that cannot be had must not hold back the others: each pair is read by itself then.
            Err(_) => {
                for pair in pairs {
                    judged.push((pair.clone(), self.judge_alone(pair, rules).await));
                }
            }
        }
        judged
    }

    async fn judge_alone(&self, pair: &Pair, rules: &Rules) -> Result<Judged, AwsError> {
        let mut known = self.read([pair].into_iter()).await?;
        self.judge_pair(pair, rules, &mut known).await
    }

    async fn judge_pair(&self, pair: &Pair, rules: &Rules, known: &mut Known) -> Result<Judged, AwsError> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                *known = self.read([pair].into_iter()).await?;
            }
            let (Some(current), Some(following)) = (known.level(&pair.current)?, known.level(&pair.following)?) else {
                return Ok(Judged::Unchanged);
            };
            let stored = known.problem(pair)?;
            let verdict =
                judge(stored.as_ref().map(|s| &s.problem), &current.measurements, &following.measurements, rules);
            let judged = match verdict {
                Verdict::Unchanged => return Ok(Judged::Unchanged),
                Verdict::Write(_) => Judged::Written,
                Verdict::Withdraw => Judged::Withdrawn,
            };
            if self.write(pair, stored.as_ref(), verdict, [&current, &following]).await? {
                return Ok(judged);
            }
        }
        Err(AwsError::Contended { table: TABLE, key: pair.key() })
    }

    /// Both sensors and the problem of each pair, consistently, each row once.
    async fn read(&self, pairs: impl Iterator<Item = &Pair>) -> Result<Known, AwsError> {
        let (mut levels, mut problems) = (BTreeSet::new(), BTreeSet::new());
        for pair in pairs {
            levels.extend([pair.current.as_str(), pair.following.as_str()]);
            problems.insert(pair.key());
        }
        let levels = levels.into_iter().map(|id| (true, id.to_owned()));
        let keys: Vec<(bool, String)> = levels.chain(problems.into_iter().map(|id| (false, id))).collect();
        let mut known = Known::default();
        for chunk in keys.chunks(KEYS) {
            let mut wanted = HashMap::new();
            for (level, id) in chunk {
                let (table, key) = if *level { (self.levels.name(), "id") } else { (self.name.as_str(), "problem_id") };
                wanted.entry(table.to_owned()).or_insert_with(Vec::new).push(HashMap::from([(key.to_owned(), s(id))]));
            }
            self.read_keys(wanted, &mut known).await?;
        }
        Ok(known)
    }

    async fn read_keys(
        &self,
        mut wanted: HashMap<String, Vec<HashMap<String, AttributeValue>>>,
        known: &mut Known,
    ) -> Result<(), AwsError> {
        const OPERATION: &str = "BatchGetItem levels, problems";
        for attempt in 0..ATTEMPTS {
            let mut request = self.client.batch_get_item();
            for (table, keys) in wanted {
                let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
                request = request.request_items(table, keys.map_err(|error| AwsError::request(OPERATION, error))?);
            }
            let answer = request.send().await.map_err(|error| AwsError::call(OPERATION, error))?;
            for (table, items) in answer.responses.unwrap_or_default() {
                let (rows, key) = if table == self.levels.name() {
                    (&mut known.levels, "id")
                } else {
                    (&mut known.problems, "problem_id")
                };
                for item in items {
                    let id = item.get(key).and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
                    rows.insert(id, item);
                }
            }
            wanted = answer
                .unprocessed_keys
                .unwrap_or_default()
                .into_iter()
                .map(|(table, keys)| (table, keys.keys))
                .collect();
            if wanted.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(super::pause(attempt)).await;
        }
        Err(AwsError::Leftover { operation: OPERATION, left: wanted.values().map(Vec::len).sum() })
    }
}

impl Known {
    fn level(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        self.levels.get(id.as_str()).map(|item| state_of(id, item.clone())).transpose()
    }

    fn problem(&self, pair: &Pair) -> Result<Option<Stored>, AwsError> {
        self.problems.get(&pair.key()).map(|item| row::read(pair, item.clone())).transpose()
    }
}
