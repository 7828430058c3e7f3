//! The events of a person's replay or deletion of an entry.

use serde_json::{Map, Value, json};
use weir_aws::quarantine::StoredEntry;
use weir_core::domain::event::{Event, FieldChange, Kind, diff};
use weir_core::domain::{Refusal, Timestamp};

/// How an entry left the quarantine, or stayed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome<'a> {
    /// A person deleted it.
    Deleted,
    /// Its replay was accepted.
    Accepted,
    /// Its replay was refused for this.
    Refused(&'a Refusal),
}

/// The event; `by` is absent when an operator invoked the function without the API.
pub(super) fn of(entry: &StoredEntry, outcome: Outcome<'_>, by: Option<&str>, now: Timestamp) -> Event {
    let (detail, changes) = match outcome {
        Outcome::Deleted => ("deleted", left(entry)),
        Outcome::Accepted => ("replay accepted", left(entry)),
        Outcome::Refused(refusal) => {
            let after = json!({"reason": refusal.reason.code(), "detail": refusal.detail});
            ("replay refused", diff(&json!({"reason": entry.reason, "detail": entry.detail}), &after))
        }
    };
    // The topic of a message may name what is no device.
    let device = entry.device.as_deref().and_then(|device| device.parse().ok());
    let key = format!("{}-{}", entry.id, entry.attempts.saturating_add(1));
    let event = Event::new(device, Kind::Quarantine, &key, now).target(&entry.id).detail(detail).changes(changes);
    match by {
        Some(by) => event.by(by),
        None => event,
    }
}

/// The fields of a deleted entry, without its payload.
fn left(entry: &StoredEntry) -> Vec<FieldChange> {
    let known = [
        ("reason", Some(&entry.reason)),
        ("detail", Some(&entry.detail)),
        ("function", Some(&entry.function)),
        ("topic", Some(&entry.topic)),
        ("sensor", entry.sensor.as_ref()),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    diff(&Value::Object(known.collect::<Map<_, _>>()), &json!({}))
}
