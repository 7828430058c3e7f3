//! Whether a notice is sent at once, or held back for a digest.
//!
//! Windows of the last hour count the notices that were sent at once: one window for the subscription, and one for each of its problems.

use std::collections::BTreeSet;

use super::subscription::Subscription;
use crate::domain::Timestamp;
use crate::domain::alert::Severity;

/// The length of a window, in seconds.
pub const HOUR: i64 = 3_600;
/// Maximum notices that are sent at once to a subscription within any hour.
pub const MOST_AN_HOUR: usize = 20;
/// Maximum notices about one problem that are sent at once to a subscription within any hour. So a problem that flaps for an hour
/// leads to two notices (opened, resolved) and one digest.
pub const MOST_OF_A_PROBLEM: usize = 2;
/// How long the time of a closed digest is remembered after it has passed, in seconds: longer than a function runs, and than clocks differ.
const REMEMBERED: i64 = 600;

/// When notices were sent at once within the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// The times, the earliest one first. Earlier ones than an hour ago do not count.
    pub sent: Vec<Timestamp>,
}

impl Window {
    fn recent(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.sent.iter().copied().filter(move |at| at.plus_seconds(HOUR) > now)
    }

    /// Until when there is no room for another notice; `None` when there is room at `now`.
    fn full_until(&self, now: Timestamp, most: usize) -> Option<Timestamp> {
        let surplus = self.recent(now).count().checked_sub(most)?;
        self.recent(now).nth(surplus).map(|at| at.plus_seconds(HOUR))
    }

    /// Whether it has room for one more notice at `now`.
    pub fn has_room(&self, now: Timestamp, most: usize) -> bool {
        self.full_until(now, most).is_none()
    }

    /// The window with one more notice.
    #[must_use]
    pub fn counted(&self, now: Timestamp) -> Self {
        let mut sent: Vec<_> = self.recent(now).chain([now]).collect();
        sent.sort();
        Self { sent }
    }
}

/// How many notices a subscription was sent at once, and the times of its digests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pace {
    /// The notices that were sent at once to the subscription.
    pub window: Window,
    /// When the digest of notices beyond the limits is sent, or was last sent.
    pub surplus: Option<Timestamp>,
    /// When the digest of a subscription with `digest_minutes` is sent, or was last sent.
    pub regular: Option<Timestamp>,
    /// The times of digests that take nothing more. A digest is known by its time: if something were added after it
    /// was sent, it would be sent again under the same id.
    pub closed: BTreeSet<Timestamp>,
}

impl Pace {
    /// The time of the first digest from `until` on that still takes notices.
    pub fn open(&self, mut until: Timestamp) -> Timestamp {
        while self.closed.contains(&until) {
            until = Timestamp::from_millis(until.millis().saturating_add(1));
        }
        until
    }

    /// Nothing is added to the digest of this time any more.
    pub fn close(&mut self, until: Timestamp, now: Timestamp) {
        self.closed.retain(|at| at.plus_seconds(REMEMBERED) > now);
        self.closed.insert(until);
    }
}

/// When a notice is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// At once.
    Now,
    /// In the digest of this time.
    Held(Timestamp),
}

impl Delivery {
    /// Whether that is before this time, which is not over yet.
    pub fn is_before(self, at: Timestamp) -> bool {
        match self {
            Self::Now => true,
            Self::Held(until) => until < at,
        }
    }
}

/// Decides when a notice of this severity is sent. `of_problem` is the window of its problem, and `held` the time until which notices
/// of that problem are held back already. Also returns the pace and the window of the problem afterwards.
///
/// A notice after one that is held back is held back too, which keeps the order. The end of quiet hours does not hold back what may be
/// sent in them: what waits for it of the same problem has to be sent first.
pub fn when(
    subscription: &Subscription,
    severity: Option<Severity>,
    pace: &Pace,
    of_problem: &Window,
    held: Option<Timestamp>,
    now: Timestamp,
) -> (Delivery, Pace, Window) {
    let passes =
        severity == Some(Severity::Critical) && subscription.quiet.as_ref().is_some_and(|quiet| quiet.except_critical);
    let quiet = |at: Timestamp| subscription.quiet.as_ref().filter(|_| !passes)?.end(at);
    let waits = |until: &Timestamp| !passes || [pace.surplus, pace.regular].contains(&Some(*until));
    let before = held.filter(|until| *until > now).filter(waits);
    let held = |until: Timestamp, pace: Pace| {
        let until = quiet(until).unwrap_or(until);
        let until = pace.open(before.map_or(until, |before| before.max(until)));
        (Delivery::Held(until), pace, of_problem.clone())
    };
    if let Some(end) = quiet(now).or(before) {
        return held(end, pace.clone());
    }
    if subscription.digest_minutes > 0 {
        let collecting = pace.regular.filter(|at| *at > now);
        let until = collecting.unwrap_or(now.plus_seconds(i64::from(subscription.digest_minutes) * 60));
        return held(until, Pace { regular: Some(until), ..pace.clone() });
    }
    let ends = [of_problem.full_until(now, MOST_OF_A_PROBLEM), pace.window.full_until(now, MOST_AN_HOUR)];
    let Some(end) = ends.into_iter().flatten().max() else {
        return (Delivery::Now, Pace { window: pace.window.counted(now), ..pace.clone() }, of_problem.counted(now));
    };
    // One digest at a time, and an hour between two of them.
    let until = match pace.surplus {
        Some(collecting) if collecting > now => collecting,
        Some(last) => end.max(last.plus_seconds(HOUR)),
        None => end,
    };
    held(until, Pace { surplus: Some(until), ..pace.clone() })
}
