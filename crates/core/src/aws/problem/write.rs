//! The transaction that writes a verdict, if nothing it was reached from has changed since.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem};

use super::super::AwsError;
use super::super::level::LevelState;
use super::super::row::{n, s};
use super::{ProblemTable, Stored, TABLE, Verdict, row};
use crate::domain::problem::Problem;
use crate::domain::topology::Pair;
use crate::id::LevelId;

const OPERATION: &str = "TransactWriteItems problems";

fn request(error: BuildError) -> AwsError {
    AwsError::request(OPERATION, error)
}

impl ProblemTable {
    /// Writes the verdict. False when a sensor or the problem has changed since they were read: nothing is written
    /// then, and the verdict has to be reached anew.
    pub(super) async fn write(
        &self,
        pair: &Pair,
        stored: Option<&Stored>,
        verdict: Verdict,
        [current, following]: [&LevelState; 2],
    ) -> Result<bool, AwsError> {
        let change = match verdict {
            Verdict::Unchanged => return Ok(true),
            Verdict::Write(problem) => self.put(pair, &problem, stored)?,
            Verdict::Withdraw => self.delete(pair, stored)?,
        };
        let sent = self
            .client
            .transact_write_items()
            .transact_items(self.unchanged(&pair.current, current).map_err(request)?)
            .transact_items(self.unchanged(&pair.following, following).map_err(request)?)
            .transact_items(change)
            .send()
            .await;
        match sent {
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

    fn unchanged(&self, id: &LevelId, state: &LevelState) -> Result<TransactWriteItem, BuildError> {
        let check = ConditionCheck::builder().table_name(self.levels.name()).key("id", s(id.as_str()));
        let check = match state.revision {
            Some(revision) => {
                check.condition_expression("revision = :r").expression_attribute_values(":r", n(revision))
            }
            None => check.condition_expression("attribute_exists(id) AND attribute_not_exists(revision)"),
        };
        Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
    }

    fn put(&self, pair: &Pair, problem: &Problem, stored: Option<&Stored>) -> Result<TransactWriteItem, AwsError> {
        let corrupt = |detail: String| AwsError::corrupt(TABLE, pair.key(), detail);
        let last = problem.last().ok_or_else(|| corrupt("a problem without an episode".to_owned()))?;
        let revision = stored.map_or(0, |stored| stored.revision) + 1;
        let item = serde_dynamo::to_item(row::written(pair, problem, last, revision))
            .map_err(|error| corrupt(error.to_string()))?;
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

    fn delete(&self, pair: &Pair, stored: Option<&Stored>) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("problem_id", s(pair.key()))
            .condition_expression("revision = :r")
            .expression_attribute_values(":r", n(stored.map_or(0, |stored| stored.revision)))
            .build()
            .map_err(request)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
