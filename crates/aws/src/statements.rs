//! Batches of PartiQL statements: `BatchExecuteStatement`, with a retry of statements that DynamoDB was too busy for.
//!
//! The statements of a batch succeed or fail independently; DynamoDB answers for each of them, in their order. A
//! statement costs as much as the same single request, so a batch of inserts that detects duplicates costs one write
//! unit per row.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::BatchStatementErrorCodeEnum as Code;
use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, BatchStatementResponse};

use super::{AwsError, attempts};

/// Maximum statements per `BatchExecuteStatement`.
pub(crate) const MAXIMUM: usize = 25;

/// A PartiQL statement.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The text, with `?` for each parameter.
    pub text: String,
    /// The parameters, in the order of the `?`.
    pub parameters: Vec<AttributeValue>,
}

/// How one statement ended.
#[derive(Debug)]
pub(crate) enum StatementOutcome {
    /// It was executed.
    Done,
    /// An `INSERT` found a row with the same key.
    Duplicate,
    /// The row does not meet the conditions in the `WHERE` of an `UPDATE`.
    ConditionFailed,
    /// Nothing was changed; the same statement may succeed later: throttled, or the row is in another transaction.
    Busy,
    /// DynamoDB rejects the statement, and would reject it again; the text is for the log.
    Rejected(String),
    /// The request failed or did not answer for this statement: it may or may not have been executed.
    Unknown(AwsError),
}

impl StatementOutcome {
    fn of(response: BatchStatementResponse) -> Self {
        let Some(error) = response.error else { return Self::Done };
        match error.code {
            Some(Code::DuplicateItem) => Self::Duplicate,
            Some(Code::ConditionalCheckFailed) => Self::ConditionFailed,
            Some(
                Code::InternalServerError
                | Code::ProvisionedThroughputExceeded
                | Code::RequestLimitExceeded
                | Code::ThrottlingError
                | Code::TransactionConflict,
            ) => Self::Busy,
            code => {
                let code = code.as_ref().map_or("no code", Code::as_str);
                Self::Rejected(format!("{code}: {}", error.message.unwrap_or_default()))
            }
        }
    }

    /// The outcome as an error of `operation`, for callers that do not expect it.
    pub(crate) fn into_error(self, operation: &'static str) -> AwsError {
        match self {
            Self::Busy => AwsError::Leftover { operation, left: 1 },
            Self::Unknown(error) => error,
            Self::Rejected(detail) => AwsError::Call { operation, detail },
            other @ (Self::Done | Self::Duplicate | Self::ConditionFailed) => {
                AwsError::Call { operation, detail: format!("unexpected outcome: {other:?}") }
            }
        }
    }
}

/// How statements are sent.
#[derive(Debug)]
pub(crate) struct StatementBatch<'a> {
    /// The client.
    pub client: &'a Client,
    /// The name of the operation in errors, e.g. `BatchExecuteStatement readings`.
    pub operation: &'static str,
    /// Maximum attempts per statement; 1 means that busy ones are not retried.
    pub attempts: u32,
}

impl StatementBatch<'_> {
    /// Executes the statement of each row, [`MAXIMUM`] at most, and retries those that DynamoDB was too busy for.
    /// The outcomes are in the order of the rows.
    pub(crate) async fn execute<T>(&self, rows: &[T], statement: impl Fn(&T) -> Statement) -> Vec<StatementOutcome> {
        self.run(rows, statement, None).await.0
    }

    /// As [`StatementBatch::execute`], with one more statement in the first request, which is never retried; its
    /// outcome is the second one. There may be `MAXIMUM - 1` rows.
    pub(crate) async fn execute_with<T>(
        &self,
        rows: &[T],
        statement: impl Fn(&T) -> Statement,
        companion: Statement,
    ) -> (Vec<StatementOutcome>, StatementOutcome) {
        self.run(rows, statement, Some(companion)).await
    }

    async fn run<T>(
        &self,
        rows: &[T],
        statement: impl Fn(&T) -> Statement,
        mut companion: Option<Statement>,
    ) -> (Vec<StatementOutcome>, StatementOutcome) {
        let mut outcomes: Vec<StatementOutcome> = rows.iter().map(|_| StatementOutcome::Busy).collect();
        let mut of_companion = StatementOutcome::Unknown(AwsError::Leftover { operation: self.operation, left: 1 });
        for attempt in 0..self.attempts {
            attempts::pause(attempt).await;
            let pending =
                || rows.iter().zip(&outcomes).filter(|(_, outcome)| matches!(outcome, StatementOutcome::Busy));
            let mut statements: Vec<Statement> = pending().map(|(row, _)| statement(row)).collect();
            let sent = statements.len();
            statements.extend(companion.take());
            let with_companion = statements.len() > sent;
            let mut answers = match self.send(statements).await {
                Ok(answers) => answers.into_iter().map(StatementOutcome::of),
                Err(error) => {
                    for outcome in outcomes.iter_mut().filter(|outcome| matches!(outcome, StatementOutcome::Busy)) {
                        *outcome = StatementOutcome::Unknown(error.clone());
                    }
                    if with_companion {
                        of_companion = StatementOutcome::Unknown(error);
                    }
                    return (outcomes, of_companion);
                }
            };
            for outcome in outcomes.iter_mut().filter(|outcome| matches!(outcome, StatementOutcome::Busy)) {
                // A row without an answer is sent again: both `INSERT` and a conditional `UPDATE` can be repeated.
                *outcome = answers.next().unwrap_or(StatementOutcome::Busy);
            }
            if let Some(answer) = answers.next().filter(|_| with_companion) {
                of_companion = answer;
            }
            if !outcomes.iter().any(|outcome| matches!(outcome, StatementOutcome::Busy)) {
                break;
            }
        }
        (outcomes, of_companion)
    }

    async fn send(&self, statements: Vec<Statement>) -> Result<Vec<BatchStatementResponse>, AwsError> {
        let request = |Statement { text, parameters }| {
            BatchStatementRequest::builder().statement(text).set_parameters(Some(parameters)).build()
        };
        let statements = statements.into_iter().map(request).collect::<Result<_, _>>();
        let statements = statements.map_err(|error| AwsError::request(self.operation, error))?;
        let sent = self.client.batch_execute_statement().set_statements(Some(statements)).send().await;
        Ok(sent.map_err(|error| AwsError::call(self.operation, error))?.responses.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::BatchStatementError;

    fn refused(code: Option<Code>) -> StatementOutcome {
        let error = BatchStatementError::builder().set_code(code).message("why").build();
        StatementOutcome::of(BatchStatementResponse::builder().error(error).build())
    }

    #[test]
    fn busy_is_told_from_rejected() {
        assert!(matches!(StatementOutcome::of(BatchStatementResponse::builder().build()), StatementOutcome::Done));
        assert!(matches!(refused(Some(Code::DuplicateItem)), StatementOutcome::Duplicate));
        assert!(matches!(refused(Some(Code::ConditionalCheckFailed)), StatementOutcome::ConditionFailed));
        for (code, temporary) in [
            (Some(Code::ThrottlingError), true),
            (Some(Code::ProvisionedThroughputExceeded), true),
            (Some(Code::RequestLimitExceeded), true),
            (Some(Code::InternalServerError), true),
            (Some(Code::TransactionConflict), true),
            (Some(Code::ValidationError), false),
            (Some(Code::AccessDenied), false),
            (Some(Code::ItemCollectionSizeLimitExceeded), false),
            (Some(Code::ResourceNotFound), false),
            (None, false),
        ] {
            let shown = format!("{code:?}");
            let error = refused(code).into_error("BatchExecuteStatement readings");
            assert_eq!(error.is_temporary(), temporary, "{shown}: {error}");
        }
    }
}
