//! The table `problems`, judged against the table `levels`.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use futures_util::{StreamExt, stream};

use super::level::{LevelState, LevelTable, state_of};
use super::row::{Item, s};
use super::{AwsError, batch};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Listening, Problem, Rules, Subject, Verdict, apart, judge};
use weir_core::domain::topology::Pair;
use weir_core::id::LevelId;
use weir_runtime::Until;

mod list;
mod people;
mod row;
mod silence;
mod write;

pub use list::{Listing, Place};
pub use people::Write;
pub use silence::Swept;

const TABLE: &str = "problems";
const READ: &str = "BatchGetItem levels, problems";
/// So many times a verdict is reached anew when a report comes in between.
const ATTEMPTS: usize = 10;
/// So many subjects are judged at once: each that has changed is a transaction of 20 ms and a connection of its own.
const AT_ONCE: usize = 8;
/// Of so many subjects none is left behind by those that come after them: what eight records tell of, as a rule.
const WINDOW: usize = 24;

/// The problems' table, with the levels' that it judges by.
#[derive(Debug, Clone)]
pub struct ProblemTable {
    client: Client,
    name: String,
    levels: LevelTable,
}

/// What judging came to.
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
pub struct Stored {
    /// The problem.
    pub problem: Problem,
    /// Counts the writes; every write is conditional on it.
    pub revision: u64,
}

/// All that is stored about some subjects.
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

    /// Judges each subject by what is stored now of its sensors, and writes what follows. One `BatchGetItem` for up to
    /// 100 rows; a transaction only where something changes. One subject's failure does not keep the others from being
    /// judged.
    ///
    /// The transaction checks that no sensor has changed since it was read. So a verdict that was overtaken is never
    /// written, and the last one written is the one reached from the last reports.
    ///
    /// They are judged roughly in the order given, several at once; what has no verdict when the time is over is an error
    /// like any other.
    pub async fn judge(
        &self,
        subjects: &[Subject],
        rules: &Rules,
        now: Timestamp,
        until: Until,
    ) -> Vec<(Subject, Result<Judged, AwsError>)> {
        let known = match until.finish(self.read(subjects.iter())).await.unwrap_or(Err(AwsError::Late(READ))) {
            Ok(known) => known,
            // DynamoDB has no time for this batch: to ask for each row by itself would only add to that.
            Err(error) => {
                let detail = error.to_string();
                let again = || Err(AwsError::Call { operation: READ, detail: detail.clone() });
                return subjects.iter().map(|subject| (subject.clone(), again())).collect();
            }
        };
        let one = async |subject: &Subject| {
            let judged = until.finish(self.judge_one(subject, rules, now, &known)).await;
            (subject.clone(), judged.unwrap_or(Err(AwsError::Late("judge"))))
        };
        let mut judged = Vec::with_capacity(subjects.len());
        for wave in subjects.chunks(WINDOW).flat_map(apart) {
            let mut wave = stream::iter(wave).map(one).buffer_unordered(AT_ONCE);
            while let Some(one) = wave.next().await {
                judged.push(one);
            }
        }
        judged
    }

    /// Judges a subject by what is known of it, and when that was overtaken by what is read anew.
    async fn judge_one(
        &self,
        subject: &Subject,
        rules: &Rules,
        now: Timestamp,
        known: &Known,
    ) -> Result<Judged, AwsError> {
        let silent_after_seconds = rules.silent_after_seconds;
        for attempt in 0..ATTEMPTS {
            let read = if attempt == 0 { None } else { Some(self.read([subject].into_iter()).await?) };
            let known = read.as_ref().unwrap_or(known);
            let judged = match subject {
                Subject::Pair(pair) => self.judge_pair(pair, rules, known).await?,
                Subject::Sensor(id) => {
                    let listening = Listening { now, silent_after_seconds, may_open: false };
                    self.hear_again(id, &listening, known).await?
                }
            };
            if let Some(judged) = judged {
                return Ok(judged);
            }
        }
        Err(AwsError::Contended { table: TABLE, key: subject.key() })
    }

    /// Judges a pair; `None` when something has changed since it was read.
    async fn judge_pair(&self, pair: &Pair, rules: &Rules, known: &Known) -> Result<Option<Judged>, AwsError> {
        let (Some(current), Some(following)) = (known.level(&pair.current)?, known.level(&pair.following)?) else {
            return Ok(Some(Judged::Unchanged));
        };
        let subject = pair.clone().into();
        let stored = known.problem(&subject)?;
        let problem = stored.as_ref().map(|stored| &stored.problem);
        let verdict = judge(problem, &current.measurements, &following.measurements, rules);
        if verdict == Verdict::Unchanged {
            return Ok(Some(Judged::Unchanged));
        }
        let levels = [(&pair.current, &current), (&pair.following, &following)];
        let first = first_revision(levels.map(|(_, level)| level));
        let unchanged = levels.map(|(id, level)| self.levels.watching(id, level, level.watch));
        self.write(&subject, stored.as_ref(), verdict, first, unchanged).await
    }

    /// The sensors of each subject and the problem of each pair, consistently, each row once. A sensor's silence is read
    /// only where it may have one.
    async fn read(&self, subjects: impl Iterator<Item = &Subject>) -> Result<Known, AwsError> {
        let (mut levels, mut problems) = (BTreeSet::new(), BTreeSet::new());
        for subject in subjects {
            let (current, following) = subject.sensors();
            levels.extend([Some(current), following].into_iter().flatten().map(LevelId::as_str));
            problems.extend(following.map(|_| subject.key()));
        }
        let levels = levels.into_iter().map(|id| (true, id.to_owned()));
        let keys: Vec<(bool, String)> = levels.chain(problems.into_iter().map(|id| (false, id))).collect();
        let mut known = Known::default();
        for chunk in keys.chunks(batch::AT_ONCE) {
            let mut wanted: HashMap<String, Vec<Item>> = HashMap::new();
            for (level, id) in chunk {
                let (table, key) = if *level { (self.levels.name(), "id") } else { (self.name.as_str(), "problem_id") };
                wanted.entry(table.to_owned()).or_default().push(Item::from([(key.to_owned(), s(id))]));
            }
            for (table, items) in batch::of_tables(&self.client, wanted, READ).await? {
                let of_levels = table == self.levels.name();
                let (rows, key) =
                    if of_levels { (&mut known.levels, "id") } else { (&mut known.problems, "problem_id") };
                for item in items {
                    let id = item.get(key).and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
                    rows.insert(id, item);
                }
            }
        }
        Ok(known)
    }
}

/// The revision that a problem's first row gets. A problem that was withdrawn may come again, and no revision may stand
/// for two different ones: the levels' own count what came in, and at most one write of a problem follows each.
fn first_revision<'a>(levels: impl IntoIterator<Item = &'a LevelState>) -> u64 {
    levels.into_iter().fold(1, |sum, level| sum + level.revision.unwrap_or(0))
}

impl Known {
    fn level(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        self.levels.get(id.as_str()).map(|item| state_of(id, item.clone())).transpose()
    }

    fn problem(&self, subject: &Subject) -> Result<Option<Stored>, AwsError> {
        self.problems.get(&subject.key()).map(|item| row::read(subject, item.clone())).transpose()
    }
}
