//! Notices: who is told what of a problem, when, and how often.
//!
//! A [`Subscription`] says what a person wants to be told. A [`Thread`] is what one subscription was told about one problem;
//! [`follow`] compares it with the problem as it is stored and says what is to be told now. [`when`] decides whether that is sent
//! at once or held back for a digest. All of these are functions of values: changes that are
//! repeated or arrive in another order are told once.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Timestamp;
use crate::id::{BadId, NoticeId, SubscriptionId};

mod hold;
mod listed;
mod queue;
mod quiet;
mod retry;
mod subscription;
mod target;
mod thread;

pub use hold::{Delivery, HOUR, MOST_AN_HOUR, MOST_OF_A_PROBLEM, Pace, Window, when};
pub use listed::listed;
pub use queue::{LEASE_SECONDS, Next, Queue};
pub use quiet::{QuietHours, TimeOfDay, Zone};
pub use retry::{GIVE_UP_SECONDS, Retry, retry};
pub use subscription::{
    Channel, Disabled, Filter, MOST_DEVICES, MOST_DIGEST_MINUTES, MOST_REMIND_HOURS, MOST_SUBSCRIPTIONS, Subscription,
};
pub use target::{WebhookUrl, is_public};
pub use thread::{Step, Thread, Told, follow, remind};

/// What has happened to a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transition {
    /// An episode has begun.
    Opened,
    /// The kind or the severity of the open episode has changed.
    Changed,
    /// The episode is over.
    Resolved,
    /// The episode is still open, and nobody has acknowledged it.
    Reminder,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Changed, Self::Resolved, Self::Reminder];

    /// The code, as stored and as sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Resolved => "resolved",
            Self::Reminder => "reminder",
        }
    }

    /// The transition with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transition| transition.code() == code)
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a notice is about. Its id is derived from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// A transition of a problem.
    Transition {
        /// The problem's id.
        problem: &'a str,
        /// The number of the episode among those told to the subscription, from 1.
        episode: u32,
        /// The beginning of the episode as it was when `opened` was told.
        began: Timestamp,
        /// The transition.
        transition: Transition,
        /// The number of the change or reminder within the episode, from 1; 0 for the other transitions.
        number: u32,
    },
    /// A digest that is sent at this time.
    Digest(Timestamp),
    /// What the digest of this time holds of the problem with this id, which is sent before the rest of the digest.
    Part(Timestamp, &'a str),
}

/// The id of a notice: the subscription's, and a hash of what the notice is about. However often a notice is sent, its id is the
/// same, and no other notice has it.
///
/// # Errors
/// Never in practice: the text always has the form of an id.
pub fn notice_id(subscription: &SubscriptionId, about: &About<'_>) -> Result<NoticeId, BadId> {
    let mut hash = Sha256::new();
    hash.update(subscription.as_str());
    match about {
        About::Transition { problem, episode, began, transition, number } => {
            hash.update(format!("#{problem}#{episode}#{}#{transition}#{number}", began.millis()));
        }
        About::Digest(at) => hash.update(format!("#digest#{}", at.millis())),
        About::Part(at, problem) => hash.update(format!("#part#{}#{problem}", at.millis())),
    }
    let digest: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{subscription}-{digest}").parse()
}

#[cfg(test)]
mod tests;
