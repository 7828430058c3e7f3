//! What a person wants to be told: `/users/me/subscriptions`.

use serde::Deserialize;
use weir_core::wire::subscription::{ChannelJson, FilterJson, QuietJson};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// How it tells.
    pub channel: ChannelJson,
    /// Which problems it tells.
    #[serde(default)]
    pub filter: FilterJson,
    /// For how many minutes notices are collected.
    #[serde(default)]
    pub digest_minutes: u32,
    /// Hours in which nothing is told.
    #[serde(default)]
    pub quiet: Option<QuietJson>,
    /// After how many hours an open problem is told again; 0: never.
    #[serde(default)]
    pub remind_hours: u32,
    /// The time zone of times in e-mails.
    #[serde(default)]
    pub zone: Option<String>,
    /// Whether it tells anything.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Why it does not: `owner`, `unsubscribed` or `gone`. There may be others.
    #[serde(default)]
    pub disabled_because: Option<String>,
    /// The secret that webhooks are signed with, in the answer that made it only.
    #[serde(default)]
    pub secret: Option<String>,
    /// Counts the changes; its `ETag`.
    pub version: u64,
}

const fn yes() -> bool {
    true
}

/// How a test ended: `POST /users/me/subscriptions/{id}/test`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tested {
    /// Whether the receiver has taken it.
    pub delivered: bool,
    /// Why not.
    #[serde(default)]
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::document::holds;

    #[test]
    fn subscriptions_are_read_as_the_document_says() {
        holds::<Subscription>("Subscription");
        holds::<Tested>("TestJson");
    }
}
