//! Changes of a problem by a person.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::super::event::WithEvents;
use super::super::level::LevelState;
use super::super::row::n;
use super::super::{AwsError, WriteOutcome};
use super::row::{item_of, problem_of};
use super::{ProblemTable, StoredProblem};
use weir_core::domain::problem::{Problem, Subject};
use weir_core::id::LevelId;

/// A sensor whose next report the detector has to judge in any case.
#[derive(Debug, Clone, Copy)]
pub struct JudgeNext<'a> {
    /// The sensor.
    pub id: &'a LevelId,
    /// Its row as it was read.
    pub read: &'a LevelState,
    /// Whether the detector has to judge the sensor at once as well.
    pub now: bool,
}

impl ProblemTable {
    /// Replaces the problem that is `stored` by a person's change of it, and increments its revision.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change(
        &self,
        subject: &Subject,
        stored: &StoredProblem,
        changed: &Problem,
    ) -> Result<WriteOutcome, AwsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item_of(subject, changed, stored.revision + 1)?))
            .condition_expression("revision = :r")
            .expression_attribute_values(":r", n(stored.revision))
            .return_values_on_condition_check_failure(AllOld);
        let Err(error) = put.send().await else { return Ok(WriteOutcome::Done) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let now = failed.item.clone().map(|item| problem_of(subject, item)).transpose()?;
                Ok(written_before(now, stored, changed))
            }
            Some(PutItemError::TransactionConflictException(_)) => Ok(WriteOutcome::Overtaken),
            _ => Err(AwsError::call("PutItem problems", error)),
        }
    }

    /// As [`ProblemTable::change`], and in the same transaction writes the events and marks sensors so that the detector judges
    /// their next reports.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change_and_judge_next(
        &self,
        subject: &Subject,
        stored: &StoredProblem,
        changed: &Problem,
        sensors: &[JudgeNext<'_>],
        events: WithEvents<'_>,
    ) -> Result<WriteOutcome, AwsError> {
        let put = self.put(subject, changed, Some(stored), stored.revision + 1)?;
        let marks = sensors.iter().map(|sensor| self.levels.mark_judge_next(sensor.id, sensor.read, sensor.now));
        match self.transact(marks.chain(events.items()?.into_iter().map(Ok)), Some(put)).await? {
            WriteOutcome::Done => Ok(WriteOutcome::Done),
            WriteOutcome::Overtaken => Ok(written_before(self.find(subject).await?, stored, changed)),
        }
    }

    /// As [`ProblemTable::change`], with the events, on condition that the level of this sensor has no row. False when nothing is
    /// written, because it has one, or another writer was faster.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change_without_level(
        &self,
        subject: &Subject,
        stored: &StoredProblem,
        changed: &Problem,
        sensor: &LevelId,
        events: WithEvents<'_>,
    ) -> Result<bool, AwsError> {
        let put = self.put(subject, changed, Some(stored), stored.revision + 1)?;
        let absent = self.levels.is_absent(sensor);
        let others = [absent].into_iter().chain(events.items()?.into_iter().map(Ok));
        Ok(self.transact(others, Some(put)).await? == WriteOutcome::Done)
    }
}

/// The outcome of a write whose condition failed. DynamoDB may have executed it, but the answer was lost, and the SDK's repetition was
/// refused. In this case `now`, the current row, is the one that was written.
fn written_before(now: Option<StoredProblem>, stored: &StoredProblem, changed: &Problem) -> WriteOutcome {
    match now {
        Some(now) if now.revision == stored.revision + 1 && now.problem == *changed => WriteOutcome::Done,
        Some(_) | None => WriteOutcome::Overtaken,
    }
}
