//! The transaction that writes a verdict, if nothing it was reached from has changed since.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::{Judged, ProblemTable, Stored, TABLE, Verdict, row};
use weir_core::domain::problem::{Problem, Subject};

const OPERATION: &str = "TransactWriteItems problems";

fn request(error: BuildError) -> AwsError {
    AwsError::request(OPERATION, error)
}

impl ProblemTable {
    /// Writes the verdict together with what is to hold of the levels, or to become of them. `None` when a sensor or the
    /// problem has changed since they were read: nothing is written then, and the verdict has to be reached anew. `first`
    /// is the revision of a row that is new.
    pub(super) async fn write(
        &self,
        subject: &Subject,
        stored: Option<&Stored>,
        verdict: Verdict,
        first: u64,
        levels: impl IntoIterator<Item = Result<TransactWriteItem, BuildError>>,
    ) -> Result<Option<Judged>, AwsError> {
        let (judged, change) = match verdict {
            Verdict::Unchanged => (Judged::Unchanged, None),
            Verdict::Write(problem) => (Judged::Written, Some(self.put(subject, &problem, stored, first)?)),
            Verdict::Withdraw => (Judged::Withdrawn, Some(self.delete(subject, stored)?)),
        };
        Ok(self.transact(levels, change).await?.then_some(judged))
    }

    /// Writes the problem together with what is to hold of the levels; false when something has changed since it was
    /// read, and nothing is written.
    pub(super) async fn transact(
        &self,
        levels: impl IntoIterator<Item = Result<TransactWriteItem, BuildError>>,
        change: Option<TransactWriteItem>,
    ) -> Result<bool, AwsError> {
        let levels: Vec<_> = levels.into_iter().collect::<Result<_, _>>().map_err(request)?;
        let items = levels.into_iter().chain(change).collect();
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let overtaken = cancelled
                        .cancellation_reasons()
                        .iter()
                        .any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict")));
                    if overtaken { Ok(false) } else { Err(AwsError::call(OPERATION, error)) }
                }
                _ => Err(AwsError::call(OPERATION, error)),
            },
        }
    }

    /// A problem's row, to be written if the one stored is still there as it was.
    pub(super) fn item(&self, subject: &Subject, problem: &Problem, revision: u64) -> Result<Item, AwsError> {
        let corrupt = |detail: String| AwsError::corrupt(TABLE, subject.key(), detail);
        let last = problem.last().ok_or_else(|| corrupt("a problem without an episode".to_owned()))?;
        serde_dynamo::to_item(row::written(subject, problem, last, revision))
            .map_err(|error| corrupt(error.to_string()))
    }

    /// The problem's row, if the one stored is still there as it was. `first` is the revision of a row that is new.
    pub(super) fn put(
        &self,
        subject: &Subject,
        problem: &Problem,
        stored: Option<&Stored>,
        first: u64,
    ) -> Result<TransactWriteItem, AwsError> {
        let item = self.item(subject, problem, stored.map_or(first, |stored| stored.revision + 1))?;
        let put = Put::builder().table_name(&self.name).set_item(Some(item));
        let put = match stored {
            None => put.condition_expression("attribute_not_exists(problem_id)"),
            Some(stored) => {
                put.condition_expression("revision = :r").expression_attribute_values(":r", n(stored.revision))
            }
        };
        let put = put.build().map_err(request)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete(&self, subject: &Subject, stored: Option<&Stored>) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("problem_id", s(subject.key()))
            .condition_expression("revision = :r")
            .expression_attribute_values(":r", n(stored.map_or(0, |stored| stored.revision)))
            .build()
            .map_err(request)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
