//! Deadlines: until when a function may work.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use weir_core::domain::Timestamp;

use crate::clock::Clock;

/// Margin kept before Lambda's timeout to report unfinished work.
const MARGIN: Duration = Duration::from_secs(1);

/// Until when work may go on. It uses the monotonic clock, since a function is not frozen while it works.
#[derive(Debug, Clone, Copy)]
pub struct Until(Option<Instant>);

impl Until {
    /// No deadline.
    pub const NEVER: Self = Self(None);

    /// The given time from now; no deadline if that is beyond the range of the clock.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// One second before `deadline`, which is in epoch milliseconds as in Lambda's context. The second is for reporting
    /// unfinished work.
    ///
    /// A deadline before the process `started` counts as none: cargo-lambda's local Runtime API sends such deadlines.
    pub fn before(deadline: u64, started: Timestamp, clock: &dyn Clock) -> Self {
        let millis = |at: Timestamp| u64::try_from(at.millis()).unwrap_or_default();
        if deadline < millis(started) {
            return Self::NEVER;
        }
        Self::after(Duration::from_millis(deadline.saturating_sub(millis(clock.now()))).saturating_sub(MARGIN))
    }

    /// This deadline plus the given time: for guarding against work that does not stop by itself.
    pub fn plus(self, grace: Duration) -> Self {
        Self(self.0.and_then(|end| end.checked_add(grace)))
    }

    /// The earlier of the two.
    pub fn earlier(self, other: Self) -> Self {
        Self(self.0.into_iter().chain(other.0).min())
    }

    /// Whether the time is over.
    pub fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Does the work if there is time for it; `None` when it was cut off or not begun at all. Cutting work off is like killing the
    /// function at that point, so the work must be repeatable.
    ///
    /// The work is boxed first: it is some 10 KB large, and each layer of Lambda's runtime would copy it.
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
