//! Whether a notice is sent at once, or held back for a digest.
//!
//! Windows of an hour count the notices that were sent at once: one window for the subscription, and one for each of its problems. A
//! window begins with the first notice after the previous window has ended.

use super::subscription::Subscription;
use crate::domain::Timestamp;
use crate::domain::alert::Severity;

/// The length of a window, in seconds.
pub const HOUR: i64 = 3_600;
/// Maximum notices that are sent at once to a subscription in a window.
pub const MOST_AN_HOUR: u32 = 20;
/// Maximum notices about one problem that are sent at once to a subscription in a window. So a problem that flaps for an hour
/// leads to two notices (opened, resolved) and one digest.
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
    /// Its end, if that is after `now`.
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

/// How many notices a subscription was sent at once, and the times of its digests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pace {
    /// The notices that were sent at once to the subscription.
    pub window: Window,
    /// When the digest of notices beyond the limits is sent, or was last sent.
    pub surplus: Option<Timestamp>,
    /// When the digest of a subscription with `digest_minutes` is sent, or was last sent.
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

/// Decides when a notice of this severity is sent. `of_problem` is the window of its problem, and `held` the time until which notices
/// of that problem are held back already. Also returns the pace and the window of the problem afterwards.
///
/// A notice after one that is held back is held back too, which keeps the order. Only critical notices are sent at once even then;
/// the sender has to send the digest before them.
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
