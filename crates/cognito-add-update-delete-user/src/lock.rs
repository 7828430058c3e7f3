//! One change of users at a time. Cognito has no conditional writes, so a change that reads, checks and then writes holds a
//! lock: a lease in the table `users`. There is one lock for all changes, and one for each e-mail address being added.
//!
//! A lock lease expires by itself, because the function that holds it may be killed. It lasts longer than a function may
//! run (30 s), and its holder checks before each request that enough time is left for that request. So a slow holder stops
//! before somebody else begins.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use weir_aws::profile::ProfileTable;
use weir_aws::{AwsError, token};
use weir_core::domain::Timestamp;
use weir_runtime::clock::Clock;

/// The key of the lock for changes.
const CHANGES: &str = "lock#people";
/// The beginning of the key of the lock for an address; a digest of the address follows.
const ADDRESS: &str = "lock#add#";
/// How long a lease lasts, in seconds.
const LEASE_SECONDS: i64 = 45;
/// Maximum duration of one request with all its attempts (8 s, see `weir_aws::config`), plus the difference of clocks.
const REQUEST_SECONDS: i64 = 10;
/// Maximum number of attempts to take the lock for changes: they take 3 s in total.
const ATTEMPTS: usize = 10;

/// The lock.
#[derive(Clone)]
pub struct Lock {
    table: ProfileTable,
    clock: Arc<dyn Clock>,
}

/// A lock that is held. Release it; otherwise it expires after 45 s.
pub(super) struct LockLease<'a> {
    lock: &'a Lock,
    key: String,
    token: String,
    until: Timestamp,
}

impl Lock {
    /// The lock with its leases in this table.
    pub fn new(table: ProfileTable, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock }
    }

    /// Takes the lock for adding this address, without waiting. It is needed because Cognito does not guarantee that one of
    /// two simultaneous creations with the same address fails.
    ///
    /// # Errors
    /// When another request is adding the address, or DynamoDB does not answer.
    pub(super) async fn take_address(&self, email: &str) -> Result<LockLease<'_>, AwsError> {
        let digest: String = Sha256::digest(email).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{ADDRESS}{digest}");
        self.try_take(&key, &token()).await?.ok_or_else(|| contended(&key))
    }

    /// Takes the lock for changes, waiting up to 3 s for it.
    ///
    /// # Errors
    /// When another request keeps holding it, or DynamoDB does not answer.
    pub(super) async fn take(&self) -> Result<LockLease<'_>, AwsError> {
        let token = token();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(if attempt < 4 { 100 } else { 450 })).await;
            }
            if let Some(lease) = self.try_take(CHANGES, &token).await? {
                return Ok(lease);
            }
        }
        Err(contended(CHANGES))
    }

    async fn try_take(&self, key: &str, token: &str) -> Result<Option<LockLease<'_>>, AwsError> {
        let now = self.clock.now();
        let until = now.plus_seconds(LEASE_SECONDS);
        let taken = self.table.take_lease(key, token, now, until).await?;
        Ok(taken.then(|| LockLease { lock: self, key: key.to_owned(), token: token.to_owned(), until }))
    }
}

impl LockLease<'_> {
    /// Checks that the lease lasts for one more request.
    ///
    /// # Errors
    /// When it may expire before the request ends.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        let end = self.lock.clock.now().plus_seconds(REQUEST_SECONDS);
        if end < self.until { Ok(()) } else { Err(contended(&self.key)) }
    }

    /// Releases the lock. If that fails, the lease expires by itself.
    pub(super) async fn release(self) {
        if let Err(error) = self.lock.table.release_lease(&self.key, &self.token).await {
            tracing::warn!(%error, "the lock on people was not released");
        }
    }
}

fn contended(key: &str) -> AwsError {
    AwsError::Contended { table: "users", key: key.to_owned() }
}
