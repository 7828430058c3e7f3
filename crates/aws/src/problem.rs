//! The table `problems`, and the transactions that write a problem together with conditions on the levels it depends on.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::level::{LevelState, LevelTable, level_of, state_of};
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome, batch, keys};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Acknowledgement, End, Episode, Kind, Person, Problem, Subject, Verdict};
use weir_core::id::LevelId;

mod change;
mod list;

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

/// The rows of some subjects as they were read. A corrupt row is an error only when it is asked for.
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

    /// Reads the levels of each subject and the problem of each pair, consistently and each row once. The problem of a
    /// sensor is not read: most sensors have none.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn rows(&self, subjects: impl IntoIterator<Item = &Subject>) -> Result<ProblemRows, AwsError> {
        let (mut levels, mut problems) = (BTreeSet::new(), BTreeSet::new());
        for subject in subjects {
            let (current, following) = subject.sensors();
            levels.extend([Some(current), following].into_iter().flatten().map(LevelId::as_str));
            problems.extend(following.map(|_| subject.key()));
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

    /// Carries out a verdict over the problem that is `stored`, in one transaction with the levels it was reached from.
    /// When one of them or the problem has been written since, nothing is written.
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
        let change = match verdict {
            Verdict::Unchanged => None,
            Verdict::Write(problem) => {
                // A problem that was withdrawn may be opened again, and no revision may stand for two different problems.
                // The levels' revisions count the reports, and at most one write of a problem follows each of them.
                let first = levels.iter().fold(1, |sum, level| sum + level.read.revision.unwrap_or(0));
                let revision = stored.map_or(first, |stored| stored.revision + 1);
                Some(self.put(subject, problem, stored, revision)?)
            }
            Verdict::Withdraw => Some(self.delete(subject, stored)?),
        };
        let levels = levels.iter().map(|level| self.levels.set_watch(level.id, level.read, level.watch));
        self.transact(levels, change).await
    }

    async fn transact(
        &self,
        levels: impl Iterator<Item = Result<TransactWriteItem, BuildError>>,
        change: Option<TransactWriteItem>,
    ) -> Result<WriteOutcome, AwsError> {
        let items = levels.chain(change.map(Ok)).collect::<Result<_, _>>().map_err(request)?;
        transact(&self.client, TRANSACTION, items).await
    }

    /// The part of a transaction that writes the problem over the one that is `stored`, if that is unchanged.
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

    /// The problem of a pair.
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

/// A row of the table.
#[derive(Debug, Serialize, Deserialize)]
struct ProblemRow {
    problem_id: String,
    problem: String,
    /// Seconds since the epoch.
    problem_time: i64,
    problem_status: String,
    /// The partition key of the index `listed`.
    #[serde(default)]
    listed: String,
    /// `problem_time` and `problem_id`: the unique range key of the index `listed`.
    #[serde(default)]
    place: String,
    current: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    following: Option<String>,
    current_value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    following_value: Option<String>,
    /// Seconds since the epoch: the report that last changed it.
    updated_at: i64,
    /// The number of all episodes.
    episodes: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_by: Option<String>,
    /// Seconds since the epoch: the report that ended it or, if a person did, the time of that change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_by: Option<String>,
    /// Seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<i64>,
    /// Milliseconds since the epoch: the beginning of the acknowledged episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_episode: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The newest episodes.
    history: Vec<EpisodeRow>,
    /// Counts the writes.
    revision: u64,
}

/// An episode within a problem's row.
#[derive(Debug, Serialize, Deserialize)]
struct EpisodeRow {
    problem: String,
    /// Milliseconds since the epoch.
    began: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// Milliseconds since the epoch: when a person ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_at: Option<i64>,
    current: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    following: Option<String>,
    /// Milliseconds since the epoch.
    changed: i64,
}

/// The problem in a row.
fn problem_of(subject: &Subject, item: Item) -> Result<StoredProblem, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, subject.key(), detail);
    let row: ProblemRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let episodes = row.history.iter().map(episode).collect::<Result<Vec<_>, String>>().map_err(corrupt)?;
    let earlier = row.episodes.saturating_sub(u32::try_from(episodes.len()).unwrap_or(u32::MAX));
    let acknowledged = match (row.acknowledged_by, row.acknowledged_at, row.acknowledged_episode) {
        (Some(by), Some(at), Some(episode)) => {
            Some(Acknowledgement { by, at: Timestamp::from_seconds(at), episode: Timestamp::from_millis(episode) })
        }
        _ => None,
    };
    Ok(StoredProblem { problem: Problem { episodes, earlier, acknowledged, note: row.note }, revision: row.revision })
}

fn episode(row: &EpisodeRow) -> Result<Episode, String> {
    let level = |text: &str| level_of(text).ok_or_else(|| format!("history: {text:?} is not a level"));
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == row.problem);
    Ok(Episode {
        kind: kind.ok_or_else(|| format!("history: {:?} is not a kind of problem", row.problem))?,
        began: Timestamp::from_millis(row.began),
        end: row.ended.map(|at| End { at: Timestamp::from_millis(at), by: person(row, at) }),
        current: level(&row.current)?,
        following: row.following.as_deref().map(level).transpose()?,
        changed_at: Timestamp::from_millis(row.changed),
    })
}

fn person(row: &EpisodeRow, ended: i64) -> Option<Person> {
    let at = Timestamp::from_millis(row.by_at.unwrap_or(ended));
    row.by.clone().map(|name| Person { name, at })
}

/// The row of a problem.
fn item_of(subject: &Subject, problem: &Problem, revision: u64) -> Result<Item, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, subject.key(), detail);
    let last = problem.last().ok_or_else(|| corrupt("a problem without an episode".to_owned()))?;
    serde_dynamo::to_item(row_of(subject, problem, last, revision)).map_err(|error| corrupt(error.to_string()))
}

fn row_of(subject: &Subject, problem: &Problem, last: &Episode, revision: u64) -> ProblemRow {
    let end = last.end.as_ref().map(End::shown);
    let acknowledged = problem.acknowledged.as_ref();
    let (current, following) = subject.sensors();
    ProblemRow {
        listed: keys::problem(problem.status(), &subject.key()),
        place: keys::problem_place(last.began.seconds(), &subject.key()),
        problem_id: subject.key(),
        problem: last.kind.code().to_owned(),
        problem_time: last.began.seconds(),
        problem_status: problem.status().code().to_owned(),
        current: current.to_string(),
        following: following.map(ToString::to_string),
        current_value: last.current.to_string(),
        following_value: last.following.map(|level| level.to_string()),
        updated_at: last.changed_at.seconds(),
        episodes: problem.count(),
        resolved_by: end.map(|(by, _)| by.to_owned()),
        resolved_at: end.map(|(_, at)| at.seconds()),
        acknowledged_by: acknowledged.map(|note| note.by.clone()),
        acknowledged_at: acknowledged.map(|note| note.at.seconds()),
        acknowledged_episode: acknowledged.map(|note| note.episode.millis()),
        note: problem.note.clone(),
        history: problem.episodes.iter().map(history).collect(),
        revision,
    }
}

fn history(episode: &Episode) -> EpisodeRow {
    let by = episode.end.as_ref().and_then(|end| end.by.as_ref());
    EpisodeRow {
        problem: episode.kind.code().to_owned(),
        began: episode.began.millis(),
        ended: episode.end.as_ref().map(|end| end.at.millis()),
        by: by.map(|by| by.name.clone()),
        by_at: by.map(|by| by.at.millis()),
        current: episode.current.to_string(),
        following: episode.following.map(|level| level.to_string()),
        changed: episode.changed_at.millis(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::level::Level;

    #[test]
    fn a_problem_is_read_back_as_it_was_written() {
        let subject = Subject::parse("0102").unwrap();
        let level = |percent| Level::new(percent).unwrap();
        let at = Timestamp::from_millis;
        let ann = Person { name: "ann".into(), at: at(9_500) };
        let episode = |began, end| Episode {
            kind: Kind::Obstruction,
            began: at(began),
            end,
            current: level(100.0),
            following: Some(level(50.0)),
            changed_at: at(began),
        };
        let problem = Problem {
            episodes: vec![
                episode(1_500, Some(End { at: at(2_500), by: Some(ann) })),
                episode(3_500, Some(End { at: at(4_500), by: None })),
                episode(5_500, None),
            ],
            earlier: 7,
            acknowledged: Some(Acknowledgement { by: "bob".into(), at: at(6_000), episode: at(5_500) }),
            note: Some("roots in the pipe".into()),
        };
        let row = row_of(&subject, &problem, problem.last().unwrap(), 3);
        assert_eq!((row.problem_id.as_str(), row.problem_time, row.episodes), ("0102", 5, 10));
        assert_eq!((row.problem_status.as_str(), row.resolved_by.as_deref()), ("ACKNOWLEDGED", None));
        let item = serde_dynamo::to_item(row).unwrap();
        assert_eq!(problem_of(&subject, item).unwrap(), StoredProblem { problem, revision: 3 });
    }
}
