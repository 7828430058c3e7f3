//! The events of subscriptions and notices. Secrets and the addresses of webhooks, which may contain some, are left out.

use serde_json::{Value, json};
use weir_aws::subscription::StoredSubscription;
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, Kind, diff};
use weir_core::id::NoticeId;

use super::show::shown;

/// Fields that events leave out: they follow from the change itself, or may be secret.
const UNTOLD: [&str; 6] = ["id", "owner", "secret", "version", "created_at", "updated_at"];

/// The event of a subscription that is made, changed or deleted by somebody; `None` when nothing is different.
pub(super) fn told(
    before: Option<&StoredSubscription>,
    after: Option<&StoredSubscription>,
    by: &str,
    at: Timestamp,
) -> Option<Event> {
    let (version, detail) = match (before, after) {
        (None, Some(after)) => (after.version, Some("subscribed")),
        (Some(before), None) => (before.version.saturating_add(1), Some("subscription deleted")),
        (_, after) => (after?.version, None),
    };
    let stored = after.or(before)?;
    let changes = diff(&known(before), &known(after));
    if changes.is_empty() && detail.is_none() {
        return None;
    }
    let event = Event::new(None, Kind::Subscription, &format!("{}-{version}", stored.id), at);
    let event = event.by(by).target(&stored.id).changes(changes);
    Some(match detail {
        Some(detail) => event.detail(detail),
        None => event,
    })
}

/// The event of a subscription that was ended by the link in an e-mail, whose owner is only known by id.
pub(super) fn unsubscribed(before: &StoredSubscription, after: &StoredSubscription) -> Option<Event> {
    told(Some(before), Some(after), after.owner.as_str(), after.updated_at)
}

/// The event of a notice that is sent again.
pub(super) fn retried(id: &NoticeId, by: &str, at: Timestamp) -> Event {
    let event = Event::new(None, Kind::Subscription, &format!("{id}-retry-{}", at.millis()), at);
    event.by(by).target(id).detail("notice tried again")
}

fn known(stored: Option<&StoredSubscription>) -> Value {
    match stored.map(|stored| serde_json::to_value(shown(stored)).unwrap_or_default()) {
        Some(Value::Object(mut fields)) => {
            fields.retain(|name, _| !UNTOLD.contains(&name.as_str()));
            if let Some(url) = fields.get_mut("channel").and_then(|channel| channel.pointer_mut("/webhook/url")) {
                *url = host(url);
            }
            Value::Object(fields)
        }
        _ => json!({}),
    }
}

/// The scheme and the host of an address, whose path may be a secret.
fn host(url: &Value) -> Value {
    let end = |url: &str| url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    url.as_str().and_then(|url| url.get(..end(url))).map_or(Value::Null, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_host_is_told() {
        for (url, told) in [
            ("https://example.org/hook/s3cret?a=b", "https://example.org"),
            ("https://example.org", "https://example.org"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(host(&url.into()), Value::from(told));
        }
    }
}
