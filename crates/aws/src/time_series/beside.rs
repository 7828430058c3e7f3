//! What readings are sent with: the request of a batch of inserts, and a statement of another table that may go with it.

use aws_sdk_dynamodb::types::{BatchStatementRequest, BatchStatementResponse};

use super::super::AwsError;
use super::readings::OPERATION;
use super::{QuarantineWriter, ReadingTable, Written};
use weir_core::domain::reading::Reading;

/// A statement that goes with readings.
#[allow(clippy::large_enum_variant, reason = "one of them lives for one request")]
pub(super) enum Beside {
    /// Still to be sent.
    Asked(BatchStatementRequest),
    /// What DynamoDB said of it.
    Answered(BatchStatementResponse),
}

impl ReadingTable {
    /// Writes one reading, and carries out the statement of another table with the same request, once; the answer to
    /// that one is an error when the request as a whole failed.
    pub(in super::super) async fn write_with(
        &self,
        reading: &Reading,
        statement: BatchStatementRequest,
        quarantine: &QuarantineWriter<'_>,
    ) -> (Result<Written, AwsError>, Result<BatchStatementResponse, AwsError>) {
        let placed = [(0, reading)];
        let mut beside = Some(Beside::Asked(statement));
        let outcomes = self.insert(&placed, quarantine, &mut beside).await;
        let written = self.forget(&placed, outcomes, quarantine).await.pop();
        let nothing = || AwsError::Leftover { operation: OPERATION, left: 1 };
        let answer = match beside {
            Some(Beside::Answered(answer)) => Ok(answer),
            _ => Err(nothing()),
        };
        (written.map_or_else(|| Err(nothing()), |(_, written)| written), answer)
    }

    pub(super) async fn send(
        &self,
        readings: &[(usize, &Reading)],
        beside: &mut Option<Beside>,
    ) -> Result<Vec<BatchStatementResponse>, AwsError> {
        let statements = readings.iter().map(|(_, reading)| self.statement(reading)).collect::<Result<_, _>>();
        let mut statements: Vec<_> = statements.map_err(|error| AwsError::request(OPERATION, error))?;
        let asked = match beside.take() {
            Some(Beside::Asked(statement)) => {
                statements.push(statement);
                true
            }
            answered => {
                *beside = answered;
                false
            }
        };
        let sent = self.client.batch_execute_statement().set_statements(Some(statements)).send().await;
        let sent = sent.map_err(|error| AwsError::call(OPERATION, error))?;
        let mut answers = sent.responses.unwrap_or_default();
        // The answers stand in the order of the statements; a shorter list does not say what came of the last one.
        if asked && answers.len() > readings.len() {
            *beside = answers.pop().map(Beside::Answered);
        }
        Ok(answers)
    }
}
