//! A report and its reading with one request, where DynamoDB keeps the history: half the processor time of two requests, and
//! one way to DynamoDB instead of two at once.
//!
//! A batch of PartiQL statements is no transaction: each is carried out by itself, and says for itself what came of it. So
//! this is possible only where the row of the level is known, and is then exactly what the two requests would have done:
//! an `UPDATE` under the condition that the row is as it was known, and an `INSERT`. Whatever comes of the `UPDATE` but
//! success, [`LevelTable::report`] does the rest.

use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementErrorCodeEnum as Code, BatchStatementRequest};

use super::super::AwsError;
use super::super::row::{n, s};
use super::super::time_series::{QuarantineWriter, ReadingTable, Written};
use super::write::{Append, attribute};
use super::{Change, Keeping, LevelTable, measurement_row};
use weir_core::domain::level::{Measurement, Reported};
use weir_core::domain::reading::Reading;
use weir_core::id::LevelId;

/// How the reading ended, and what the report came to.
pub type Both = (Result<Written, AwsError>, Result<Reported, AwsError>);

impl LevelTable {
    /// Takes in a report as [`LevelTable::report`] does, and stores its reading in `store`; `None`, and nothing done, where
    /// that takes two requests.
    pub async fn report_with(
        &self,
        id: &LevelId,
        new: Measurement,
        keeping: &Keeping,
        store: &ReadingTable,
        reading: &Reading,
        quarantine: &QuarantineWriter<'_>,
    ) -> Option<Both> {
        if self.apart.load(Ordering::Relaxed) || store.expired(reading.at, quarantine.clock.now()) {
            return None;
        }
        let change = Change::of(Some(self.remembered(id, new, keeping)?), new, keeping);
        // What this process wrote last carries no mark; one that does is not for this statement.
        let append = change.append.as_ref().filter(|append| !append.again)?;
        let statement = self.statement(id, append).ok()?;
        let (written, answer) = store.write_with(reading, statement, quarantine).await;
        let refused = match answer {
            // Whether the row was written is not known: the message is delivered again.
            Err(error) => return Some((written, Err(error))),
            Ok(answer) => answer.error,
        };
        let Some(refused) = refused else {
            self.recent().wrote(id, change.state);
            return Some((written, Ok(change.outcome)));
        };
        match refused.code {
            Some(Code::ConditionalCheckFailed) => self.recent().wrong(),
            Some(Code::ValidationError | Code::AccessDenied) | None => {
                // What DynamoDB does not take in this form it takes as two requests; it need not be asked again.
                self.apart.store(true, Ordering::Relaxed);
                let detail = refused.message.unwrap_or_default();
                tracing::warn!(detail, "a level and its reading cannot be written with one request");
            }
            // Throttled, or the detector has the row in a transaction: the next attempt finds it free.
            Some(_) => {}
        }
        Some((written, self.report(id, new, keeping).await))
    }

    fn statement(&self, id: &LevelId, append: &Append) -> Result<BatchStatementRequest, BuildError> {
        let row = measurement_row(&append.new);
        let drop = if append.full { " REMOVE measurements[0]" } else { "" };
        let text = format!(
            "UPDATE \"{}\" SET measurements[{}]=? SET last_value=? SET last_update=? SET judge=? SET revision=?{drop} \
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
        BatchStatementRequest::builder().statement(text).set_parameters(Some(parameters)).build()
    }
}
