//! Subscriptions to problems: `/users/me/subscriptions`.

use serde::Deserialize;
use weir_core::wire::subscription::{ChannelJson, FilterJson, QuietJson};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// Where notices are sent.
    pub channel: ChannelJson,
    /// The problems that it includes.
    #[serde(default)]
    pub filter: FilterJson,
    /// For how many minutes notices are collected; 0: not at all.
    #[serde(default)]
    pub digest_minutes: u32,
    /// Quiet hours, in which nothing is sent.
    #[serde(default)]
    pub quiet: Option<QuietJson>,
    /// After how many hours a notice of an open problem is repeated; 0: never.
    #[serde(default)]
    pub remind_hours: u32,
    /// The time zone of times in e-mails.
    #[serde(default)]
    pub zone: Option<String>,
    /// Whether it is active.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Why it is not: `owner`, `unsubscribed`, `gone`, or a reason of later versions.
    #[serde(default)]
    pub disabled_because: Option<String>,
    /// The secret for signing webhooks; only in the answer to the creation.
    #[serde(default)]
    pub secret: Option<String>,
    /// Number of changes; its entity tag.
    pub version: u64,
}

const fn yes() -> bool {
    true
}

/// The result of a test: `POST /users/me/subscriptions/{id}/test`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tested {
    /// Whether the receiver has accepted it.
    pub delivered: bool,
    /// Why it has not.
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
