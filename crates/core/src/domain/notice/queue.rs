//! The outbox of one subscription: which notices are to be sent, in which order, and when.
//!
//! Notices of a subscription are sent one after the other, so that no receiver learns that a problem is over before it learns that
//! it began. While a receiver fails, everything for it waits.

use std::collections::BTreeSet;

use super::hold::Pace;
use super::retry::{Retry, retry};
use crate::domain::Timestamp;
use crate::id::NoticeId;

/// How long a sender holds the lease of an outbox, in seconds: longer than a function runs.
pub const LEASE_SECONDS: i64 = 60;

/// The outbox of a subscription.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Queue {
    /// Notices to send, in order.
    pub pending: Vec<NoticeId>,
    /// The times of digests that collect notices.
    pub digests: BTreeSet<Timestamp>,
    /// How many notices were sent at once, and the times of the digests.
    pub pace: Pace,
    /// How many deliveries of the first pending notice have failed in a row.
    pub failures: u32,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// Until when a sender holds the lease of the outbox.
    pub lease_until: Option<Timestamp>,
}

/// What a sender does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Close the digest of this time, and send it.
    Close(Timestamp),
    /// Send this notice.
    Send(NoticeId),
    /// Nothing now.
    Wait,
}

impl Queue {
    /// What the sender does at `now`.
    pub fn next(&self, now: Timestamp) -> Next {
        if self.retry_at.is_some_and(|at| at > now) {
            return Next::Wait;
        }
        // Pending notices are older than those that the digest holds.
        match (self.pending.first(), self.digests.first()) {
            (Some(id), _) => Next::Send(id.clone()),
            (None, Some(at)) if *at <= now => Next::Close(*at),
            (None, _) => Next::Wait,
        }
    }

    /// The digests that are due at `now`.
    pub fn due_digests(&self, now: Timestamp) -> Vec<Timestamp> {
        self.digests.range(..=now).copied().collect()
    }

    /// Closes a digest: from now on nothing is added to it.
    pub fn close(&mut self, at: Timestamp, id: NoticeId, now: Timestamp) {
        if self.digests.remove(&at) {
            self.pace.close(at, now);
            self.pending.push(id);
        }
    }

    /// Sends a part of the digest of this time at once. The rest is sent at its time, and nothing is added to it.
    pub fn part(&mut self, at: Timestamp, id: NoticeId, now: Timestamp) {
        self.pace.close(at, now);
        self.pending.push(id);
    }

    /// Removes the first notice: it was delivered, or no longer has to be.
    pub fn done(&mut self, id: &NoticeId) {
        self.pending.retain(|pending| pending != id);
        self.failures = 0;
        self.retry_at = None;
    }

    /// Records that the delivery of the first notice, due at `since`, has failed. Returns whether it is given up.
    pub fn failed(&mut self, id: &NoticeId, since: Timestamp, now: Timestamp) -> bool {
        self.failures = self.failures.saturating_add(1);
        match retry(since, self.failures, now) {
            Retry::At(at) => {
                self.retry_at = Some(at);
                false
            }
            Retry::GiveUp => {
                self.done(id);
                true
            }
        }
    }

    /// Whether a sender may take the lease at `now`.
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.lease_until.is_none_or(|until| until <= now)
    }

    /// When a sender has to look at the outbox; `None`: not until something is added.
    pub fn due(&self) -> Option<Timestamp> {
        let next = match (self.pending.is_empty(), self.digests.first()) {
            (false, _) => Some(self.retry_at.unwrap_or(Timestamp::from_seconds(0))),
            (true, first) => first.copied(),
        };
        match (next, self.lease_until) {
            (Some(next), Some(until)) => Some(next.max(until)),
            (next, _) => next,
        }
    }
}
