//! The time of day, as something a test can set.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, timeout_at};

use crate::domain::Timestamp;

/// Tells the time. Wall time on purpose: a monotonic clock stands still while Lambda keeps a function frozen, and a
/// cache that should live 60 s would live for hours.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// So long before Lambda would cut it off a function stops, to say what is unfinished.
const TO_REPORT: Duration = Duration::from_secs(1);

/// How long a function may go on working when it has to have answered at `deadline`, in epoch milliseconds as Lambda's
/// context says it.
pub fn left(deadline: u64, clock: &dyn Clock) -> Duration {
    let now = u64::try_from(clock.now().millis()).unwrap_or_default();
    Duration::from_millis(deadline.saturating_sub(now)).saturating_sub(TO_REPORT)
}

/// Until when work may go on. Told by the monotonic clock, since nothing is frozen while it works.
#[derive(Debug, Clone, Copy)]
pub struct Until(Option<Instant>);

impl Until {
    /// Without an end.
    pub const NEVER: Self = Self(None);

    /// For so long from now on; without an end where that is longer than any clock counts.
    pub fn after(left: Duration) -> Self {
        Self(Instant::now().checked_add(left))
    }

    /// Whether the time is over.
    pub fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Does the work, if there is time for it: `None` when it was broken off, and when it was not even begun. What was
    /// broken off is as if the function had been killed there, so it must be such that it can be done again.
    ///
    /// The work is boxed before anything else: it is some 10 KB large, and whoever it is handed on to, up to Lambda's
    /// runtime, would copy it.
    pub fn finish<T>(self, work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
        let work = Box::pin(work);
        async move {
            match self.0 {
                None => Some(work.await),
                Some(_) if self.is_over() => None,
                Some(end) => timeout_at(end, work).await.ok(),
            }
        }
    }
}

/// A clock that shows what it was last set to: for tests and for replays at a recorded instant.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl SetClock {
    /// A clock standing at `at`.
    pub fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.millis()))
    }

    /// Sets the clock to `at`.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.millis(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_kept_for_the_report_and_nothing_is_left_after_the_end() {
        let clock = SetClock::new(Timestamp::from_millis(1_000_000));
        assert_eq!(left(1_030_000, &clock), Duration::from_secs(29));
        assert_eq!(left(1_000_500, &clock), Duration::ZERO);
        assert_eq!(left(0, &clock), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_broken_off_and_none_is_begun_when_the_time_is_over() {
        let (until, second) = (Until::after(Duration::from_secs(3)), Duration::from_secs(1));
        assert_eq!(until.finish(tokio::time::sleep(second)).await, Some(()));
        assert_eq!(until.finish(tokio::time::sleep(3 * second)).await, None);
        assert!(until.is_over());
        let mut begun = false;
        assert_eq!(until.finish(async { begun = true }).await, None);
        assert!(!begun);
        assert_eq!(Until::after(Duration::MAX).finish(tokio::time::sleep(100 * second)).await, Some(()));
    }
}
