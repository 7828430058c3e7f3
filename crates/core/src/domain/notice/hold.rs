//! Whether a notice is sent at once, or held back for a digest.
//!
//! Two windows of an hour count what was sent at once: one of the subscription, one of each of its problems. Each begins with the
//! first notice after the window before it has ended.

use super::subscription::Subscription;
use crate::domain::Timestamp;
use crate::domain::alert::Severity;

/// The length of a window, in seconds.
pub const HOUR: i64 = 3_600;
/// Maximum notices that are sent at once to a subscription in a window.
pub const MOST_AN_HOUR: u32 = 20;
/// Maximum notices about one problem that are sent at once to a subscription in a window. So a problem that flaps for an hour is
/// told twice (it opened, it was resolved), and then with one digest.
pub const MOST_OF_A_PROBLEM: u32 = 2;

/// A window and what was sent in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// When it began; `None` when nothing was sent yet.
    pub began: Option<Timestamp>,
    /// How many notices were sent at once.
    pub sent: u32,
}

impl Window {
    /// The end, if it is not over at `now`.
    fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.began.map(|began| began.plus_seconds(HOUR)).filter(|end| now < *end)
    }

    /// Whether it has room for one more notice at `now`.
    pub fn has_room(&self, now: Timestamp, most: u32) -> bool {
        self.open_until(now).is_none() || self.sent < most
    }

    /// The window with one more notice.
    #[must_use]
    pub fn counted(self, now: Timestamp) -> Self {
        match self.open_until(now) {
            Some(_) => Self { sent: self.sent.saturating_add(1), ..self },
            None => Self { began: Some(now), sent: 1 },
        }
    }
}

/// How much a subscription was sent, and which digests it collects for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pace {
    /// What was sent at once to the subscription.
    pub window: Window,
    /// When the digest of what was too much is sent, or was last sent.
    pub surplus: Option<Timestamp>,
    /// When the digest of a subscription that always collects is sent, or was last sent.
    pub regular: Option<Timestamp>,
}

/// When a notice is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// At once.
    Now,
    /// In the digest of this time.
    Held(Timestamp),
}

/// When a notice of this severity is sent, if it is about a problem of which `of_problem` was sent at once so far and of which
/// notices are `held` back until then. Tells also the pace and the problem's window afterwards.
///
/// What follows something that is held back is held back with it, so that the order stays. Only what is critical passes: whoever
/// sends it has to send the digest first.
pub fn when(
    subscription: &Subscription,
    severity: Option<Severity>,
    pace: &Pace,
    of_problem: Window,
    held: Option<Timestamp>,
    now: Timestamp,
) -> (Delivery, Pace, Window) {
    let passes =
        severity == Some(Severity::Critical) && subscription.quiet.as_ref().is_some_and(|quiet| quiet.except_critical);
    let quiet = |at: Timestamp| subscription.quiet.as_ref().filter(|_| !passes)?.end(at);
    let before = held.filter(|until| *until > now);
    let held = |until: Timestamp, pace: Pace| {
        let until = quiet(until).unwrap_or(until);
        (Delivery::Held(before.map_or(until, |before| before.max(until))), pace, of_problem)
    };
    if let Some(end) = quiet(now) {
        return held(end, pace.clone());
    }
    if let Some(before) = before.filter(|_| !passes) {
        return held(before, pace.clone());
    }
    if subscription.digest_minutes > 0 {
        let collecting = pace.regular.filter(|at| *at > now);
        let until = collecting.unwrap_or(now.plus_seconds(i64::from(subscription.digest_minutes) * 60));
        return held(until, Pace { regular: Some(until), ..pace.clone() });
    }
    let full = [(of_problem, MOST_OF_A_PROBLEM), (pace.window, MOST_AN_HOUR)];
    let ends = full.iter().filter(|(window, most)| !window.has_room(now, *most));
    let Some(end) = ends.filter_map(|(window, _)| window.open_until(now)).max() else {
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
