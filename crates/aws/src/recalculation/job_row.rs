//! Jobs as rows.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::keys::JOBS;
use super::super::row::{Item, n, s, series};
use super::TABLE;
use weir_core::domain::Timestamp;
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Count, Job, State};

/// The days after which the row of a job expires.
const KEPT_DAYS: i64 = 90;

/// A job in `recalculations`; instants in epoch milliseconds.
#[derive(Debug, Serialize, Deserialize)]
struct RecalculationRow {
    job: String,
    from: i64,
    to: i64,
    state: String,
    cursor: i64,
    seen: u64,
    changed: u64,
    refused: u64,
    begins_at: i64,
    by: String,
    created_at: i64,
    updated_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The row of a new job.
pub(super) fn item_of(job: &Job) -> Result<Item, AwsError> {
    let row = RecalculationRow {
        job: job.id.to_string(),
        from: job.from.millis(),
        to: job.to.millis(),
        state: job.state.code().to_owned(),
        cursor: job.cursor.millis(),
        seen: job.count.seen,
        changed: job.count.changed,
        refused: job.count.refused,
        begins_at: job.begins_at.millis(),
        by: job.by.clone(),
        created_at: job.created_at.millis(),
        updated_at: job.updated_at.millis(),
        reason: job.reason.clone(),
    };
    let mut item: Item = serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, &job.id, error))?;
    item.insert("sensor".to_owned(), s(series(&job.series)));
    if let Some(due) = job.due() {
        item.insert("open".to_owned(), s(JOBS));
        item.insert("due".to_owned(), n(due.millis()));
    }
    // The stream record of a job that need not wait invokes the function.
    item.insert("wake".to_owned(), AttributeValue::Bool(job.state == State::Running));
    item.insert("expires_at".to_owned(), n(job.created_at.plus_seconds(KEPT_DAYS * 86_400).seconds()));
    Ok(item)
}

/// Reads a job from its row.
pub(super) fn job_of(of: &Series, item: Item) -> Result<Job, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, series(of), detail);
    let row: RecalculationRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let at = Timestamp::from_millis;
    Ok(Job {
        id: row.job.parse().map_err(|error| corrupt(format!("{error}")))?,
        series: of.clone(),
        from: at(row.from),
        to: at(row.to),
        state: State::of_code(&row.state).ok_or_else(|| corrupt(format!("{} is not a state", row.state)))?,
        cursor: at(row.cursor),
        count: Count { seen: row.seen, changed: row.changed, refused: row.refused },
        begins_at: at(row.begins_at),
        by: row.by,
        created_at: at(row.created_at),
        updated_at: at(row.updated_at),
        reason: row.reason,
    })
}
