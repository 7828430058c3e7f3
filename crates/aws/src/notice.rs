//! The table `notices`: the outboxes. All rows of a subscription share a partition.
//!
//! | `row` | |
//! |---|---|
//! | `queue` | which notices are to be sent, in which order, and when; the lease of the outbox |
//! | `thread#<problem>` | what was told of a problem |
//! | `notice#<id>` | a notice |
//! | `held#<time>#<problem>#<id>` | a transition that is held back for the digest of that time |
//! | `held#<time>#<problem>#` | the transitions of this problem are sent before that digest, and not with it |
//!
//! One transaction writes the thread, the queue and the new notices, each on condition that it has not changed since it was read. So
//! however often a change arrives, it is told once. The index `due` has the queues and threads with something due, in eight partitions;
//! the index `listed` has the notices by state. Rows expire by TTL.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::WithEvents;
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::notice::{Queue, Thread, listed};
use weir_core::id::{Sub, SubscriptionId};
use weir_core::wire::notice::ToldJson;

mod due;
mod list;
mod notices;
mod rows;

pub use due::{Due, DueRows};
pub use list::NoticePosition;
pub use notices::{Content, Notice};

const TABLE: &str = "notices";
const TRANSACTION: &str = "TransactWriteItems notices";
/// The row of the queue.
const QUEUE: &str = "queue";
/// How long notices are kept, in seconds: 30 days.
const KEPT: i64 = 30 * 86_400;
/// How long a thread and a queue are kept after they were last written, in seconds: 400 days. Without its thread an
/// open problem would be told again.
const KEPT_STATE: i64 = 400 * 86_400;
/// Maximum transitions of a digest that are read and kept; the rest are counted.
const MOST_HELD: usize = 1_000;
/// More items than a transaction has.
const MOST_TOGETHER: u64 = 1_000;

/// The table `notices`.
#[derive(Debug, Clone)]
pub struct NoticeTable {
    client: Client,
    name: String,
}

/// Something that was read, with the version of its row; 0 when there is no row yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Versioned<T> {
    /// What was read.
    pub value: T,
    /// Counts the writes.
    pub version: u64,
}

/// A subscription and its owner, both of which are in every row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Its owner.
    pub owner: Sub,
}

/// What is written in one transaction.
#[derive(Debug, Default)]
pub struct Write<'a> {
    /// The queue as it was read, and as it is to be.
    pub queue: Option<(&'a Versioned<Queue>, Queue)>,
    /// The thread of a problem as it was read, and as it is to be.
    pub thread: Option<(&'a str, &'a Versioned<Thread>, Thread)>,
    /// Notices, new ones and changed ones.
    pub notices: Vec<Notice>,
    /// Transitions that are held back, each with the time of its digest.
    pub held: Vec<(Timestamp, ToldJson)>,
    /// The time of a digest, and a problem whose transitions are sent before it.
    pub parts: Vec<(Timestamp, &'a str)>,
    /// The events of what a person does.
    pub events: WithEvents<'a>,
}

impl NoticeTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection by reading a row that does not exist.
    pub async fn warm_up(&self) {
        let _ = self.get("0", QUEUE).await;
    }

    /// The queue of a subscription, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn queue(&self, of: &SubscriptionId) -> Result<Versioned<Queue>, AwsError> {
        let item = self.get(of.as_str(), QUEUE).await?;
        item.map_or_else(|| Ok(Versioned::default()), |item| rows::queue(of, item))
    }

    /// What a subscription was told of a problem, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn thread(&self, of: &SubscriptionId, problem: &str) -> Result<Versioned<Thread>, AwsError> {
        let item = self.get(of.as_str(), &thread_row(problem)).await?;
        item.map_or_else(|| Ok(Versioned::default()), |item| rows::thread(of, item))
    }

    /// Writes everything, or nothing if the queue or the thread has changed since it was read.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn write(&self, to: &Address, write: Write<'_>, now: Timestamp) -> Result<WriteOutcome, AwsError> {
        let mut items = Vec::new();
        // Every transition is written with the queue, whose version so puts them in order, whatever the clocks say.
        let place = write.queue.as_ref().map_or(0, |(read, _)| read.version.saturating_mul(MOST_TOGETHER));
        if let Some((read, queue)) = write.queue {
            let item = rows::queue_item(to, &queue, read.version + 1, now)?;
            items.push(self.over(item, read.version)?);
        }
        if let Some((problem, read, thread)) = write.thread {
            let item = rows::thread_item(to, problem, &thread, read.version + 1, now)?;
            items.push(self.over(item, read.version)?);
        }
        for notice in &write.notices {
            items.push(self.put(notices::item_of(notice)?)?);
        }
        for (place, (until, told)) in (place..).zip(&write.held) {
            items.push(self.put(rows::held_item(to, *until, told, place, now)?)?);
        }
        for (until, problem) in &write.parts {
            items.push(self.put(rows::part_item(to, *until, problem, now))?);
        }
        items.extend(write.events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }

    /// The transitions that are held back for the digest of this time, or those of one problem, in the order in which they happened, and
    /// how many there are. If there are more than 1,000, the ones that [`listed`] chooses.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn held(
        &self,
        of: &SubscriptionId,
        until: Timestamp,
        problem: Option<&str>,
    ) -> Result<(Vec<ToldJson>, usize), AwsError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("#p = :p AND begins_with(#r, :r)")
            .expression_attribute_names("#p", "part")
            .expression_attribute_names("#r", "row")
            .expression_attribute_values(":p", s(of.as_str()))
            .expression_attribute_values(":r", s(rows::held_prefix(until, problem)))
            .consistent_read(true);
        let mut items = query.into_paginator().items().send();
        let (mut held, mut count, mut apart) = (Vec::new(), 0, None);
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| AwsError::call("Query notices", error))?;
            let row = text(&item, "row").unwrap_or_default();
            if row.ends_with('#') {
                apart = Some(row.to_owned());
                continue;
            }
            if problem.is_none() && apart.as_ref().is_some_and(|part| row.starts_with(part)) {
                continue;
            }
            count += 1;
            held.push(rows::told(&item)?);
            if held.len() >= 2 * MOST_HELD {
                held = most_held(held);
            }
        }
        Ok((most_held(held).into_iter().map(|held| held.told).collect(), count))
    }

    async fn get(&self, part: &str, row: &str) -> Result<Option<Item>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(part, row)));
        let answer = request.consistent_read(true).send().await;
        Ok(answer.map_err(|error| AwsError::call("GetItem notices", error))?.item)
    }

    /// Replaces the version of a row that was read.
    fn over(&self, item: Item, version: u64) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item));
        let put = match version {
            0 => put.condition_expression("attribute_not_exists(version)"),
            version => put.condition_expression("version = :v").expression_attribute_values(":v", n(version)),
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(request)?).build())
    }

    fn put(&self, item: Item) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item)).build().map_err(request)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn most_held(mut held: Vec<rows::HeldRow>) -> Vec<rows::HeldRow> {
    held.sort_by_key(|held| (held.place, held.told.at));
    listed(held, MOST_HELD, |held| &held.told.problem.problem_id)
}

fn thread_row(problem: &str) -> String {
    format!("thread#{problem}")
}

fn key(part: &str, row: &str) -> Item {
    Item::from([("part".to_owned(), s(part)), ("row".to_owned(), s(row))])
}

fn request(error: BuildError) -> AwsError {
    AwsError::request(TRANSACTION, error)
}

fn to_json(value: &impl Serialize, key: &str) -> Result<AttributeValue, AwsError> {
    let text = serde_json::to_string(value).map_err(|error| AwsError::corrupt(TABLE, key, error.to_string()))?;
    Ok(s(text))
}

/// The JSON in an attribute.
fn of_json<T: DeserializeOwned>(item: &Item, name: &str, key: &str) -> Result<T, AwsError> {
    let text = item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).unwrap_or_default();
    serde_json::from_str(text).map_err(|error| AwsError::corrupt(TABLE, key, format!("{name}: {error}")))
}

fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    Some(item.get(name)?.as_s().ok()?.as_str())
}

fn number<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
