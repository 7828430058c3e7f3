//! Optimistic concurrency: a row is read, changed, and written only if nobody else has written it since. Otherwise
//! all of this is repeated after a pause.

use std::fmt::Display;
use std::time::Duration;

use super::AwsError;

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is written.
    Done,
    /// Overtaken: another writer was faster, and nothing is written.
    Overtaken,
}

/// The attempts to change one row.
///
/// ```
/// # use weir_aws::{Attempts, AwsError, WriteOutcome};
/// # async fn write(version: u64) -> Result<WriteOutcome, AwsError> { Ok(WriteOutcome::Done) }
/// # async fn read() -> Result<u64, AwsError> { Ok(1) }
/// async fn increment(id: &str) -> Result<u64, AwsError> {
///     let mut attempts = Attempts::new("devices", &id, 20);
///     loop {
///         attempts.next().await?;
///         let version = read().await? + 1;
///         if write(version).await? == WriteOutcome::Done {
///             return Ok(version);
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Attempts<'a, K> {
    table: &'static str,
    key: &'a K,
    limit: u32,
    made: u32,
}

impl<'a, K: Display> Attempts<'a, K> {
    /// At most `limit` attempts to change the row `key` of `table`; both are only named in the error.
    pub fn new(table: &'static str, key: &'a K, limit: u32) -> Self {
        Self { table, key, limit, made: 0 }
    }

    /// Begins the next attempt: the first one at once, the second after 10 to 20 ms, and each further one after twice the previous
    /// pause, up to 640 ms.
    ///
    /// # Errors
    /// [`AwsError::Contended`] when there were `limit` attempts.
    pub async fn next(&mut self) -> Result<(), AwsError> {
        if self.made == self.limit {
            return Err(AwsError::Contended { table: self.table, key: self.key.to_string() });
        }
        pause(self.made).await;
        self.made += 1;
        Ok(())
    }
}

/// Waits before an attempt, where 0 is the first one: not at all, then 10 to 20 ms, doubling up to 320 to 640 ms. The time
/// is random, so that two writers that collided once do not collide again.
pub(crate) async fn pause(attempt: u32) {
    if let Some(before) = attempt.checked_sub(1) {
        let millis = fastrand::u64(10..20) << before.min(5);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn after_the_last_attempt_the_row_is_contended() {
        runtime().block_on(async {
            let mut attempts = Attempts::new("devices", &"a", 2);
            assert!(attempts.next().await.is_ok());
            assert!(attempts.next().await.is_ok());
            let error = attempts.next().await.unwrap_err();
            assert!(matches!(&error, AwsError::Contended { table: "devices", key } if key == "a"), "{error}");
        });
    }

    #[test]
    fn only_the_first_attempt_does_not_wait() {
        runtime().block_on(async {
            let begun = Instant::now();
            pause(0).await;
            assert!(begun.elapsed() < Duration::from_millis(10));
            for (attempt, least) in [(1, 10), (2, 20), (3, 40)] {
                let begun = Instant::now();
                pause(attempt).await;
                assert!(begun.elapsed() >= Duration::from_millis(least), "attempt {attempt}");
            }
        });
    }
}
