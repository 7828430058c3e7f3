//! A level and its reading in one request, where DynamoDB also stores the readings: it takes half the processor time of two
//! requests, and one connection instead of two.
//!
//! `BatchExecuteStatement` is not a transaction: each PartiQL statement is executed and answered separately. So the
//! level's row has to be known beforehand. The two statements then do what [`LevelTable::append`] and the insertion of the reading
//! do: an `UPDATE` on condition of the row's revision, and an `INSERT`.

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::AwsError;
use super::super::row::{n, s};
use super::super::statements::{Statement, StatementOutcome};
use super::super::time_series::{QuarantineWriter, ReadingTable, Written};
use super::{Append, LevelTable, attribute, measurement_row};
use weir_core::domain::reading::Reading;
use weir_core::id::LevelId;

/// How the level's part of the request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is written.
    Done,
    /// The row does not have the revision that was expected; nothing is written.
    Overtaken,
    /// DynamoDB is throttling, or the row is part of a transaction; nothing is written.
    Busy,
    /// DynamoDB does not accept this form of statement, for the reason given here; nothing is written.
    Unsupported(String),
}

impl LevelTable {
    /// Appends a measurement to a row without `judge_next`, and stores its reading in `store`. `None`, with nothing done,
    /// when the reading has expired. The two results are those of the reading and of the level. If the latter
    /// is an error, it is unknown whether the row was written.
    pub async fn append_with_reading(
        &self,
        id: &LevelId,
        append: &Append,
        store: &ReadingTable,
        reading: &Reading,
        quarantine: &QuarantineWriter<'_>,
    ) -> Option<(Result<Written, AwsError>, Result<AppendOutcome, AwsError>)> {
        if store.expired(reading.at, quarantine.clock.now()) {
            return None;
        }
        let (written, outcome) = store.write_with(reading, self.append_statement(id, append), quarantine).await;
        let outcome = match outcome {
            StatementOutcome::Done => Ok(AppendOutcome::Done),
            StatementOutcome::ConditionFailed => Ok(AppendOutcome::Overtaken),
            StatementOutcome::Busy | StatementOutcome::Duplicate => Ok(AppendOutcome::Busy),
            StatementOutcome::Rejected(detail) => Ok(AppendOutcome::Unsupported(detail)),
            StatementOutcome::Unknown(error) => Err(error),
        };
        Some((written, outcome))
    }

    fn append_statement(&self, id: &LevelId, append: &Append) -> Statement {
        let row = measurement_row(&append.new);
        let remove = if append.drop_oldest { " REMOVE measurements[0]" } else { "" };
        let text = format!(
            "UPDATE \"{}\" SET measurements[{}]=? SET last_value=? SET last_update=? SET judge=? SET revision=?{remove} \
             WHERE id=? AND revision=?",
            self.name, append.length
        );
        let parameters = vec![
            attribute(&row),
            s(row.filling),
            n(row.dt),
            AttributeValue::Bool(append.judge),
            n(append.revision + 1),
            s(id.as_str()),
            n(append.revision),
        ];
        Statement { text, parameters }
    }
}
