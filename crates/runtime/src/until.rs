//! Deadlines: until when a function may work.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use weir_core::domain::Timestamp;

use crate::clock::Clock;

/// Margin kept before Lambda's timeout to report unfinished work.
const MARGIN: Duration = Duration::from_secs(1);

/// Until when work may go on. Told by the monotonic clock, since nothing is frozen while it works.
#[derive(Debug, Clone, Copy)]
pub struct Until(Option<Instant>);

impl Until {
    /// Without an end.
    pub const NEVER: Self = Self(None);

    /// From now on for the given time; without an end where that is longer than any clock counts.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// One second before `deadline`, in epoch milliseconds as Lambda's context has it. The second is for reporting what
    /// is unfinished.
    ///
    /// A deadline before the process `started` counts as none: cargo-lambda's local Runtime API hands out such ones.
    pub fn before(deadline: u64, started: Timestamp, clock: &dyn Clock) -> Self {
        let millis = |at: Timestamp| u64::try_from(at.millis()).unwrap_or_default();
        if deadline < millis(started) {
            return Self::NEVER;
        }
        Self::after(Duration::from_millis(deadline.saturating_sub(millis(clock.now()))).saturating_sub(MARGIN))
    }

    /// The given time later: what guards against work that does not stop by itself.
    pub fn plus(self, grace: Duration) -> Self {
        Self(self.0.and_then(|end| end.checked_add(grace)))
    }

    /// The earlier one of both.
    pub fn earlier(self, other: Self) -> Self {
        Self(self.0.into_iter().chain(other.0).min())
    }

    /// Whether the time is over.
    pub fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Does the work if there is time for it: `None` when it was cut off, and when it was not even begun. Work that was
    /// cut off is as if the function had been killed there, so it must be repeatable.
    ///
    /// The work is boxed before anything else: it is some 10 KB large, and each layer of Lambda's runtime that it is
    /// handed to would copy it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;

    #[tokio::test(start_paused = true)]
    async fn a_second_is_kept_for_the_report_and_nothing_is_left_after_the_end() {
        let started = Timestamp::from_millis(900_000);
        let clock = SetClock::new(Timestamp::from_millis(1_000_000));
        let (until, start) = (Until::before(1_030_000, started, &clock), Instant::now());
        assert_eq!(until.0, Some(start + Duration::from_secs(29)));
        assert!(Until::before(1_000_500, started, &clock).is_over());
        assert!(Until::before(900_000, started, &clock).is_over());
    }

    #[test]
    fn a_deadline_before_the_process_started_counts_as_none() {
        let clock = SetClock::new(Timestamp::from_millis(1_000_000));
        for deadline in [0, 899_999] {
            assert_eq!(Until::before(deadline, Timestamp::from_millis(900_000), &clock).0, None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_cut_off_and_none_is_begun_when_the_time_is_over() {
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
