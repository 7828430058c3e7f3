//! What a person did to a problem, as far as the page shows it: who did it and when is in the event anyway.

use serde::Deserialize;
use serde_json::Value;
use weir_core::wire::problem::StatusJson;

use crate::wire::event::Event;

/// A change of a problem.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// It has another status.
    Status(StatusJson),
    /// It has another note, or none any more.
    Note(Option<String>),
}

/// The changes of an event of a problem.
pub fn deeds(event: &Event) -> Vec<Deed> {
    let deed = |pointer: &str, after: Option<&Value>| match pointer {
        "/problem_status" => Some(Deed::Status(StatusJson::deserialize(after?).ok()?)),
        "/note" => Some(Deed::Note(after.and_then(Value::as_str).map(str::to_owned))),
        _ => None,
    };
    event.changes.iter().filter_map(|change| deed(&change.pointer, change.after.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_says_what_was_done_without_when_and_by_whom() {
        let event = |changes: Value| {
            let whole = json!({"id": "a", "kind": "problem", "at": "1970-01-01T00:00:01.000Z", "changes": changes});
            deeds(&serde_json::from_value::<Event>(whole).unwrap())
        };
        let acknowledged = json!([
            {"pointer": "/acknowledged_at", "after": 1_796_111_040},
            {"pointer": "/note", "after": "on the way"},
            {"pointer": "/problem_status", "before": "UNRESOLVED", "after": "ACKNOWLEDGED"},
        ]);
        let note = Deed::Note(Some("on the way".to_owned()));
        assert_eq!(event(acknowledged), [note, Deed::Status(StatusJson::Acknowledged)]);
        assert_eq!(event(json!([{"pointer": "/note", "before": "on the way"}])), [Deed::Note(None)]);
        assert_eq!(event(json!([{"pointer": "/problem_status", "after": "OF_THE_FUTURE"}])), []);
    }
}
