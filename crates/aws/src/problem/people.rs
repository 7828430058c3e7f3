//! What people do with a problem: read it, and write what they have decided if it is still as they saw it.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::super::AwsError;
use super::super::level::LevelState;
use super::super::row::{n, s};
use super::{ProblemTable, Stored, row};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Problem, Subject};
use weir_core::id::LevelId;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// It is in, with this revision.
    Done(u64),
    /// Somebody else, or the detector, has written since.
    Overtaken,
}

impl ProblemTable {
    /// The problem at this moment: one read unit.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn find(&self, subject: &Subject) -> Result<Option<Stored>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("problem_id", s(subject.key()));
        let answer = request.consistent_read(true).send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem problems", error))?.item;
        item.map(|item| row::read(subject, item)).transpose()
    }

    /// What the problem's sensors have reported so far: what a person who decides now can know of.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn reported(&self, subject: &Subject) -> Result<Vec<(LevelId, LevelState)>, AwsError> {
        let (current, following) = subject.sensors();
        let ids: Vec<_> = [Some(current), following].into_iter().flatten().cloned().collect();
        let states = self.levels.of_ids(&ids).await?.into_iter();
        states.map(|(id, state)| Ok((id, state?))).collect()
    }

    /// Writes that a person has declared the problem over, knowing of reports up to `known`. In the same transaction the
    /// sensors of a pair, as they have `reported` since, are marked, so that the detector looks at the next report of
    /// each: one that says the same as the last would not wake it, and contradicts all the same. What has come in between
    /// wakes it at once. The next report of a silent sensor does anyway.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn resolve(
        &self,
        subject: &Subject,
        stored: &Stored,
        changed: &Problem,
        known: Timestamp,
        reported: &[(LevelId, LevelState)],
    ) -> Result<Write, AwsError> {
        let revision = stored.revision + 1;
        let put = self.put(subject, changed, Some(stored), revision)?;
        let pair = matches!(subject, Subject::Pair(_));
        let newer =
            |state: &LevelState| state.measurements.last().is_some_and(|last| last.at.seconds() > known.seconds());
        let marks = reported.iter().filter(|_| pair).map(|(id, state)| self.levels.again(id, state, newer(state)));
        if self.transact(marks, Some(put)).await? {
            return Ok(Write::Done(revision));
        }
        // Taken the first time without saying so, and refused when it was sent again.
        let now = self.find(subject).await?;
        let ours = now.is_some_and(|now| now.revision == revision && now.problem == *changed);
        Ok(if ours { Write::Done(revision) } else { Write::Overtaken })
    }

    /// Writes what else a person has made of the problem that is stored.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change(&self, subject: &Subject, stored: &Stored, changed: &Problem) -> Result<Write, AwsError> {
        let revision = stored.revision + 1;
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(self.item(subject, changed, revision)?))
            .condition_expression("revision = :r")
            .expression_attribute_values(":r", n(stored.revision))
            .return_values_on_condition_check_failure(AllOld);
        let Err(error) = put.send().await else { return Ok(Write::Done(revision)) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                // Taken the first time without saying so, and found there when it was sent again.
                let ours = failed.item.clone().map(|item| row::read(subject, item)).transpose()?;
                let ours = ours.is_some_and(|now| now.revision == revision && now.problem == *changed);
                Ok(if ours { Write::Done(revision) } else { Write::Overtaken })
            }
            Some(PutItemError::TransactionConflictException(_)) => Ok(Write::Overtaken),
            _ => Err(AwsError::call("PutItem problems", error)),
        }
    }
}
