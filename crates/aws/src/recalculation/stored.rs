//! How a job stands in its row, and is read from it again.

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::AwsError;
use super::super::row::{Item, RecalculationRow, n, s, series};
use super::{OPEN, STALLED, TABLE};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Count, Job, State};

/// A job's row goes after so many days.
const KEPT_DAYS: i64 = 90;

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
    let running = job.state == State::Running;
    let due = if running { job.updated_at.plus_seconds(STALLED) } else { job.begins_at };
    item.insert("sensor".to_owned(), s(series(&job.series)));
    item.insert("open".to_owned(), s(OPEN));
    item.insert("due".to_owned(), n(due.millis()));
    item.insert("wake".to_owned(), AttributeValue::Bool(running));
    item.insert("expires_at".to_owned(), n(job.created_at.plus_seconds(KEPT_DAYS * 86_400).seconds()));
    Ok(item)
}

pub(super) fn job_of(of: &Series, item: Item) -> Result<Job, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, series(of), detail);
    let row: RecalculationRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let at = Timestamp::from_millis;
    Ok(Job {
        id: row.job.parse().map_err(|error| corrupt(format!("{error}")))?,
        series: of.clone(),
        from: at(row.from),
        to: at(row.to),
        state: State::of_code(&row.state).ok_or_else(|| corrupt(format!("{} is no state", row.state)))?,
        cursor: at(row.cursor),
        count: Count { seen: row.seen, changed: row.changed, refused: row.refused },
        begins_at: at(row.begins_at),
        by: row.by,
        created_at: at(row.created_at),
        updated_at: at(row.updated_at),
        reason: row.reason,
    })
}
