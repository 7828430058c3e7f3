//! One change of people at a time: Cognito has no conditional write, so what is read, checked and written has to stand
//! behind a lock. It is a row in the table `users`. There is one for all changes, and one for each address that is added.
//!
//! The lock runs out by itself, for the function that holds it may be killed. It lasts longer than a function may run
//! (30 s), and who holds it asks before each step whether it will last for one more request, so a slow holder stops
//! before somebody else begins.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use sha2::{Digest, Sha256};

use super::super::AwsError;
use super::super::device::token;
use super::super::row::{n, s};
use weir_core::domain::Timestamp;
use weir_runtime::clock::Clock;

/// The key of the row for changes: no person's id has a `#`.
const PEOPLE: &str = "lock#people";
/// How the key of the row begins for an address that is being added; a mark of the address follows.
const ADDRESS: &str = "lock#add#";
const SECONDS: i64 = 45;
/// The longest that one request takes with all its attempts (8 s, `aws::config`), and what clocks may differ by.
const ONE_REQUEST_SECONDS: i64 = 10;
/// So often the lock is asked for: 3 s in all.
const ATTEMPTS: usize = 10;

/// The lock.
#[derive(Clone)]
pub struct Lock {
    client: Client,
    table: String,
    clock: Arc<dyn Clock>,
}

/// The lock while it is held. It is to be given back; one that is not runs out.
pub struct Held<'a> {
    lock: &'a Lock,
    key: String,
    token: String,
    until: Timestamp,
}

impl Lock {
    /// The lock in the table called `table`.
    pub fn new(client: Client, table: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { client, table: table.into(), clock }
    }

    /// Takes the lock on an address that is to be added, without waiting: whoever has it is adding it. The user pool alone
    /// does not promise that of two who add the same address in the same moment one is refused.
    ///
    /// # Errors
    /// When it is somebody else's, or DynamoDB does not answer.
    pub async fn take_address(&self, email: &str) -> Result<Held<'_>, AwsError> {
        let mark: String = Sha256::digest(email).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{ADDRESS}{mark}");
        self.take_once(&key, &token()).await?.ok_or_else(|| busy(&key))
    }

    /// Takes the lock on changes, waiting for whoever has it.
    ///
    /// # Errors
    /// When it stays somebody else's, or DynamoDB does not answer.
    pub async fn take(&self) -> Result<Held<'_>, AwsError> {
        let token = token();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(if attempt < 4 { 100 } else { 450 })).await;
            }
            if let Some(held) = self.take_once(PEOPLE, &token).await? {
                return Ok(held);
            }
        }
        Err(busy(PEOPLE))
    }

    async fn take_once(&self, key: &str, token: &str) -> Result<Option<Held<'_>>, AwsError> {
        let now = self.clock.now();
        let until = now.plus_seconds(SECONDS);
        let held = Held { lock: self, key: key.to_owned(), token: token.to_owned(), until };
        Ok(self.put(key, token, now, until).await?.then_some(held))
    }

    async fn put(&self, key: &str, token: &str, now: Timestamp, until: Timestamp) -> Result<bool, AwsError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("sub", s(key))
            .item("token", s(token))
            .item("until", n(until.millis()))
            // One that nobody ever gives back is cleared away by the table itself, some time after it has run out.
            .item("expires_at", n(until.seconds()))
            .condition_expression("attribute_not_exists(#sub) OR #until < :now")
            .expression_attribute_names("#sub", "sub")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", n(now.millis()))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                // Taken the first time without saying so, and found there when it was sent again.
                Ok(failed.item().and_then(|item| item.get("token")) == Some(&s(token)))
            }
            _ => Err(AwsError::call("PutItem users lock", error)),
        }
    }
}

impl Held<'_> {
    /// Whether there is time for one more request.
    ///
    /// # Errors
    /// When the lock may run out before its end.
    pub fn lasts(&self) -> Result<(), AwsError> {
        let end = self.lock.clock.now().plus_seconds(ONE_REQUEST_SECONDS);
        if end < self.until { Ok(()) } else { Err(busy(&self.key)) }
    }

    /// Gives the lock back. When that fails it runs out.
    pub async fn give_back(self) {
        let sent = self
            .lock
            .client
            .delete_item()
            .table_name(&self.lock.table)
            .key("sub", s(&self.key))
            .condition_expression("#token = :token")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", s(&self.token))
            .send()
            .await;
        if let Err(error) = sent {
            let error = AwsError::call("DeleteItem users lock", error);
            tracing::warn!(%error, "the lock on people was not given back");
        }
    }
}

fn busy(key: &str) -> AwsError {
    AwsError::Contended { table: "users", key: key.to_owned() }
}
