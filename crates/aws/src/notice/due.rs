//! What is due: outboxes with notices or digests to send, and threads with a reminder.

use super::super::AwsError;
use super::super::due::{DueIndex, Rest};
use super::super::keys::NOTICES;
use super::super::row::Item;
use super::{Address, NoticeTable, QUEUE, TABLE, text};
use weir_core::domain::Timestamp;

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A reminder of the problem with this id.
    Reminder(Address, String),
    /// An outbox.
    Queue(Address),
}

/// A page of what is due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueRows {
    /// Reminders come before outboxes, because they add notices to them.
    pub rows: Vec<Due>,
    next: Vec<Rest>,
}

impl DueRows {
    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next.is_empty()
    }
}

impl NoticeTable {
    /// The next page after `after` of what is due at `now`: at most 100, of each partition the longest due ones.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn due(&self, now: Timestamp, after: Option<DueRows>) -> Result<DueRows, AwsError> {
        let index = DueIndex {
            client: &self.client,
            table: &self.name,
            index: "due",
            partition: "due",
            sort: "watch",
            list: NOTICES,
            operation: "Query notices due",
        };
        let (items, next) = index.page(now, after.map(|after| after.next)).await?;
        let mut rows = items.iter().map(due).collect::<Result<Vec<_>, _>>()?;
        rows.sort();
        Ok(DueRows { rows, next })
    }
}

fn due(item: &Item) -> Result<Due, AwsError> {
    let part = text(item, "part").unwrap_or_default();
    let corrupt = |name: &str| AwsError::corrupt(TABLE, part, name);
    let owner = text(item, "owner").and_then(|owner| owner.parse().ok()).ok_or_else(|| corrupt("owner"))?;
    let address = Address { subscription: part.parse().map_err(|_| corrupt("part"))?, owner };
    match text(item, "row") {
        Some(QUEUE) => Ok(Due::Queue(address)),
        Some(row) => {
            let problem = row.strip_prefix("thread#").ok_or_else(|| corrupt("row"))?;
            Ok(Due::Reminder(address, problem.to_owned()))
        }
        None => Err(corrupt("row")),
    }
}
