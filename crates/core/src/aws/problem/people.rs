//! What people do with a problem: read it, and write what they have decided if it is still as they saw it.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::super::AwsError;
use super::super::row::{n, s};
use super::{ProblemTable, Stored, row};
use crate::domain::Timestamp;
use crate::domain::problem::{Problem, Subject};

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

    /// The newest report of the problem's sensors: what a person who decides now can know of. A report that comes in
    /// later is judged against the decision.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn newest_report(&self, subject: &Subject) -> Result<Option<Timestamp>, AwsError> {
        let (current, following) = subject.sensors();
        let ids: Vec<_> = [Some(current), following].into_iter().flatten().cloned().collect();
        let mut newest = None;
        for (_, state) in self.levels.of_ids(&ids).await? {
            // Kept to the second, like the timeline.
            let last = state?.measurements.last().map(|last| Timestamp::from_seconds(last.at.seconds()));
            newest = newest.max(last);
        }
        Ok(newest)
    }

    /// Writes what a person has made of the problem that is stored.
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
