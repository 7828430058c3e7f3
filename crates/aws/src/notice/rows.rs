//! The rows of queues, threads and held transitions.

use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::keys::{NOTICES, partition};
use super::super::row::{Item, n, s};
use super::{Address, KEPT, KEPT_STATE, QUEUE, TABLE, Versioned, key, number, of_json, text, thread_row, to_json};
use weir_core::domain::Timestamp;
use weir_core::domain::alert::Severity;
use weir_core::domain::notice::{Pace, Queue, Thread, Told, Window};
use weir_core::domain::problem::Kind;
use weir_core::id::{NoticeId, SubscriptionId};
use weir_core::wire::notice::ToldJson;

/// Instants are epoch milliseconds.
#[derive(Serialize, Deserialize)]
struct QueueRow {
    pending: Vec<NoticeId>,
    digests: Vec<i64>,
    window: WindowRow,
    surplus: Option<i64>,
    regular: Option<i64>,
    failures: u32,
    retry_at: Option<i64>,
    lease_until: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed: Vec<i64>,
}

#[derive(Serialize, Deserialize)]
struct WindowRow {
    #[serde(default)]
    at: Vec<i64>,
}

#[derive(Serialize, Deserialize)]
struct ThreadRow {
    episodes: u32,
    last: Option<ToldRow>,
    remind_at: Option<i64>,
    window: WindowRow,
    held_until: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct ToldRow {
    began: i64,
    open: bool,
    until: i64,
    kind: String,
    severity: Option<String>,
    changes: u32,
}

/// A transition that is held back.
pub(super) struct HeldRow {
    /// Its place among the transitions of its subscription, in the order in which they were written.
    pub place: u64,
    pub told: ToldJson,
}

fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::millis)
}

fn instant(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

impl From<Window> for WindowRow {
    fn from(window: Window) -> Self {
        Self { at: window.sent.into_iter().map(Timestamp::millis).collect() }
    }
}

impl From<WindowRow> for Window {
    fn from(row: WindowRow) -> Self {
        Self { sent: row.at.into_iter().map(Timestamp::from_millis).collect() }
    }
}

/// The attributes that both kinds of rows have: owner, when they are due, and when they expire.
fn common(to: &Address, row: &str, due: Option<Timestamp>, version: u64, now: Timestamp) -> Item {
    let mut item = key(to.subscription.as_str(), row);
    item.insert("owner".to_owned(), s(to.owner.as_str()));
    item.insert("version".to_owned(), n(version));
    item.insert("expires_at".to_owned(), n(now.plus_seconds(KEPT_STATE).seconds()));
    if let Some(due) = due {
        item.insert("due".to_owned(), s(partition(NOTICES, to.subscription.as_str())));
        // Not before that time, since the index counts whole seconds.
        item.insert("watch".to_owned(), n(due.millis().saturating_add(999).div_euclid(1000).max(0)));
    }
    item
}

pub(super) fn queue_item(to: &Address, queue: &Queue, version: u64, now: Timestamp) -> Result<Item, AwsError> {
    let row = QueueRow {
        pending: queue.pending.clone(),
        digests: queue.digests.iter().map(|at| at.millis()).collect(),
        window: queue.pace.window.clone().into(),
        surplus: millis(queue.pace.surplus),
        regular: millis(queue.pace.regular),
        failures: queue.failures,
        retry_at: millis(queue.retry_at),
        lease_until: millis(queue.lease_until),
        closed: queue.pace.closed.iter().map(|at| at.millis()).collect(),
    };
    let mut item = common(to, QUEUE, queue.due(), version, now);
    item.insert("content".to_owned(), to_json(&row, to.subscription.as_str())?);
    Ok(item)
}

pub(super) fn queue(of: &SubscriptionId, item: Item) -> Result<Versioned<Queue>, AwsError> {
    let row: QueueRow = of_json(&item, "content", of.as_str())?;
    let value = Queue {
        pending: row.pending,
        digests: row.digests.into_iter().map(Timestamp::from_millis).collect(),
        pace: Pace {
            window: row.window.into(),
            surplus: instant(row.surplus),
            regular: instant(row.regular),
            closed: row.closed.into_iter().map(Timestamp::from_millis).collect(),
        },
        failures: row.failures,
        retry_at: instant(row.retry_at),
        lease_until: instant(row.lease_until),
    };
    Ok(Versioned { value, version: version(of, &item)? })
}

pub(super) fn thread_item(
    to: &Address,
    problem: &str,
    thread: &Thread,
    version: u64,
    now: Timestamp,
) -> Result<Item, AwsError> {
    let last = thread.last.map(|told| ToldRow {
        began: told.began.millis(),
        open: told.open,
        until: told.until.millis(),
        kind: told.kind.code().to_owned(),
        severity: told.severity.map(|severity| severity.code().to_owned()),
        changes: told.changes,
    });
    let row = ThreadRow {
        episodes: thread.episodes,
        last,
        remind_at: millis(thread.remind_at),
        window: thread.window.clone().into(),
        held_until: millis(thread.held_until),
    };
    let mut item = common(to, &thread_row(problem), thread.remind_at, version, now);
    item.insert("content".to_owned(), to_json(&row, to.subscription.as_str())?);
    Ok(item)
}

pub(super) fn thread(of: &SubscriptionId, item: Item) -> Result<Versioned<Thread>, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, of, detail);
    let row: ThreadRow = of_json(&item, "content", of.as_str())?;
    let last = row.last.map(|told| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == told.kind);
        let severity = told.severity.map(|code| Severity::of_code(&code).ok_or_else(|| corrupt(code)));
        Ok::<_, AwsError>(Told {
            began: Timestamp::from_millis(told.began),
            open: told.open,
            until: Timestamp::from_millis(told.until),
            kind: kind.ok_or_else(|| corrupt(told.kind))?,
            severity: severity.transpose()?,
            changes: told.changes,
        })
    });
    let value = Thread {
        episodes: row.episodes,
        last: last.transpose()?,
        remind_at: instant(row.remind_at),
        window: row.window.into(),
        held_until: instant(row.held_until),
    };
    Ok(Versioned { value, version: version(of, &item)? })
}

fn version(of: &SubscriptionId, item: &Item) -> Result<u64, AwsError> {
    number(item, "version").ok_or_else(|| AwsError::corrupt(TABLE, of, "version"))
}

/// What the keys of a digest begin with, or of the part of it that is about one problem.
pub(super) fn held_prefix(until: Timestamp, problem: Option<&str>) -> String {
    let digest = format!("held#{:013}#", until.millis().max(0));
    problem.map_or(digest.clone(), |problem| format!("{digest}{problem}#"))
}

pub(super) fn held_item(
    to: &Address,
    until: Timestamp,
    told: &ToldJson,
    place: u64,
    now: Timestamp,
) -> Result<Item, AwsError> {
    let row = format!("{}{}", held_prefix(until, Some(&told.problem.problem_id)), told.id);
    let mut item = key(to.subscription.as_str(), &row);
    item.insert("turn".to_owned(), n(place));
    item.insert("content".to_owned(), to_json(told, told.id.as_str())?);
    item.insert("expires_at".to_owned(), n(until.max(now).plus_seconds(KEPT).seconds()));
    Ok(item)
}

/// The row that says that the digest is sent without its part about this problem. It comes before the rows of that part.
pub(super) fn part_item(to: &Address, until: Timestamp, problem: &str, now: Timestamp) -> Item {
    let mut item = key(to.subscription.as_str(), &held_prefix(until, Some(problem)));
    item.insert("expires_at".to_owned(), n(until.max(now).plus_seconds(KEPT).seconds()));
    item
}

pub(super) fn told(item: &Item) -> Result<HeldRow, AwsError> {
    let told: ToldJson = of_json(item, "content", text(item, "row").unwrap_or_default())?;
    Ok(HeldRow { place: number(item, "turn").unwrap_or_default(), told })
}
