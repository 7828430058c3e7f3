//! The table `problems`, and the transactions that write a problem together with conditions on the levels or the device it
//! depends on.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::device::DeviceDependency;
use super::level::{LevelState, LevelTable, state_of};
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome, batch};
use row::{item_of, problem_of};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Problem, Subject, Verdict};
use weir_core::id::LevelId;

mod change;
mod list;
mod of_device;
mod row;

pub use change::JudgeNext;
pub use list::{ProblemFilter, ProblemPosition};

const TABLE: &str = "problems";
const READ: &str = "BatchGetItem levels, problems";
const TRANSACTION: &str = "TransactWriteItems problems";

/// The problems' table, with the table of the levels that problems depend on.
#[derive(Debug, Clone)]
pub struct ProblemTable {
    client: Client,
    name: String,
    levels: LevelTable,
}

/// A problem as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredProblem {
    /// The problem.
    pub problem: Problem,
    /// Counts the writes. Every write is conditional on it.
    pub revision: u64,
}

/// The rows of some subjects as they were read. A corrupt row is an error only when it is used.
#[derive(Debug, Default)]
pub struct ProblemRows {
    levels: HashMap<String, Item>,
    problems: HashMap<String, Item>,
}

/// A level that a problem depends on: its row must have the revision that was read when the problem is written.
#[derive(Debug, Clone, Copy)]
pub struct LevelDependency<'a> {
    /// The sensor.
    pub id: &'a LevelId,
    /// Its row as it was read.
    pub read: &'a LevelState,
    /// The row's `watch` after the write, in seconds since the epoch.
    pub watch: Option<i64>,
}

impl ProblemTable {
    /// The table called `name`; its problems depend on `levels`.
    pub fn new(client: Client, name: impl Into<String>, levels: LevelTable) -> Self {
        Self { client, name: name.into(), levels }
    }

    /// The problem of a subject, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn find(&self, subject: &Subject) -> Result<Option<StoredProblem>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("problem_id", s(subject.key()));
        let answer = request.consistent_read(true).send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem problems", error))?.item;
        item.map(|item| problem_of(subject, item)).transpose()
    }

    /// Reads the levels of each subject and its problem, consistently and each row once. The problem of a silent flow sensor is
    /// not read: most sensors have none.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn rows(&self, subjects: impl IntoIterator<Item = &Subject>) -> Result<ProblemRows, AwsError> {
        let (mut levels, mut problems) = (BTreeSet::new(), BTreeSet::new());
        for subject in subjects {
            levels.extend(subject.levels().map(LevelId::as_str));
            problems.extend((!matches!(subject, Subject::Sensor(_))).then(|| subject.key()));
        }
        let levels = levels.into_iter().map(|id| (true, id.to_owned()));
        let keys: Vec<(bool, String)> = levels.chain(problems.into_iter().map(|id| (false, id))).collect();
        let mut found = ProblemRows::default();
        for chunk in keys.chunks(batch::MOST_KEYS) {
            let mut wanted: HashMap<String, Vec<Item>> = HashMap::new();
            for (level, id) in chunk {
                let (table, key) = if *level { (self.levels.name(), "id") } else { (self.name.as_str(), "problem_id") };
                wanted.entry(table.to_owned()).or_default().push(Item::from([(key.to_owned(), s(id))]));
            }
            for (table, items) in batch::of_tables(&self.client, wanted, READ).await? {
                let of_levels = table == self.levels.name();
                let (rows, key) =
                    if of_levels { (&mut found.levels, "id") } else { (&mut found.problems, "problem_id") };
                for item in items {
                    let id = item.get(key).and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
                    rows.insert(id, item);
                }
            }
        }
        Ok(found)
    }

    /// Writes a verdict on the problem that is `stored`, in one transaction with the levels that it was reached from. If one of them or
    /// the problem has changed since, nothing is written.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn write(
        &self,
        subject: &Subject,
        stored: Option<&StoredProblem>,
        verdict: &Verdict,
        levels: &[LevelDependency<'_>],
    ) -> Result<WriteOutcome, AwsError> {
        // The levels' revisions count the reports, and at most one write of a problem follows each of them.
        let first = levels.iter().fold(1, |sum, level| sum + level.read.revision.unwrap_or(0));
        let change = self.carry_out(subject, stored, verdict, first)?;
        let levels = levels.iter().map(|level| self.levels.set_watch(level.id, level.read, level.watch));
        self.transact(levels, change).await
    }

    /// Writes a verdict on the problem that is `stored`, in one transaction with the device whose alert or silence it is about. If the
    /// device or the problem has changed since it was read, nothing is written.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn write_of_device(
        &self,
        subject: &Subject,
        stored: Option<&StoredProblem>,
        verdict: &Verdict,
        device: &DeviceDependency<'_>,
        now: Timestamp,
    ) -> Result<WriteOutcome, AwsError> {
        // Later than every revision of a problem that was withdrawn before: none is written each millisecond.
        let first = u64::try_from(now.millis()).unwrap_or(1);
        let change = self.carry_out(subject, stored, verdict, first)?;
        self.transact([device.item()].into_iter(), change).await
    }

    /// The part of a transaction that writes a verdict. A withdrawn problem may be opened again, and a revision must never denote two
    /// different problems, so `first` is the revision of a new one.
    fn carry_out(
        &self,
        subject: &Subject,
        stored: Option<&StoredProblem>,
        verdict: &Verdict,
        first: u64,
    ) -> Result<Option<TransactWriteItem>, AwsError> {
        Ok(match verdict {
            Verdict::Unchanged => None,
            Verdict::Write(problem) => {
                let revision = stored.map_or(first, |stored| stored.revision + 1);
                Some(self.put(subject, problem, stored, revision)?)
            }
            Verdict::Withdraw => Some(self.delete(subject, stored)?),
        })
    }

    async fn transact(
        &self,
        levels: impl Iterator<Item = Result<TransactWriteItem, BuildError>>,
        change: Option<TransactWriteItem>,
    ) -> Result<WriteOutcome, AwsError> {
        let items = levels.chain(change.map(Ok)).collect::<Result<_, _>>().map_err(request)?;
        transact(&self.client, TRANSACTION, items).await
    }

    /// The part of a transaction that replaces the problem that is `stored`, if it is unchanged.
    fn put(
        &self,
        subject: &Subject,
        problem: &Problem,
        stored: Option<&StoredProblem>,
        revision: u64,
    ) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item_of(subject, problem, revision)?));
        let put = match stored {
            None => put.condition_expression("attribute_not_exists(problem_id)"),
            Some(stored) => {
                put.condition_expression("revision = :r").expression_attribute_values(":r", n(stored.revision))
            }
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(request)?).build())
    }

    /// The part of a transaction that deletes the problem that is `stored`, if it is unchanged.
    fn delete(&self, subject: &Subject, stored: Option<&StoredProblem>) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("problem_id", s(subject.key()))
            .condition_expression("revision = :r")
            .expression_attribute_values(":r", n(stored.map_or(0, |stored| stored.revision)));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(request)?).build())
    }
}

impl ProblemRows {
    /// The state of a sensor.
    ///
    /// # Errors
    /// When its row is corrupt.
    pub fn level(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        self.levels.get(id.as_str()).map(|item| state_of(id, item.clone())).transpose()
    }

    /// The problem of a subject; `None` for a silent flow sensor, whose problem was not read.
    ///
    /// # Errors
    /// When its row is corrupt.
    pub fn problem(&self, subject: &Subject) -> Result<Option<StoredProblem>, AwsError> {
        self.problems.get(&subject.key()).map(|item| problem_of(subject, item.clone())).transpose()
    }
}

/// The problem in an image of its row in the table's stream.
///
/// # Errors
/// When the row is corrupt.
pub fn of_image(image: serde_dynamo::Item) -> Result<(Subject, StoredProblem), AwsError> {
    let item: Item = image.into();
    let id = item.get("problem_id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    let subject = Subject::parse(&id).ok_or_else(|| AwsError::corrupt(TABLE, &id, "problem_id"))?;
    problem_of(&subject, item).map(|stored| (subject, stored))
}

fn request(error: BuildError) -> AwsError {
    AwsError::request(TRANSACTION, error)
}
