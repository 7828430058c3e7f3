//! What admins do to people, in the log: who, to whom, what, before and after. A query of the log picks these lines out by
//! `kind = "audit"`; they are written whatever level the log has.

use serde_json::{Map, Value};

use super::Caller;
use weir_runtime::telemetry::AUDIT;

/// A change that an admin makes. It says in the log that it begins, and how it ended: a beginning without an end is one
/// that was killed on its way.
#[derive(Debug, Clone)]
pub struct Audit {
    action: &'static str,
    actor: String,
    actor_sub: String,
    target: String,
}

impl Audit {
    /// The admin `caller` does `action` to `target`, who is named by an id.
    pub fn of(caller: &Caller, action: &'static str, target: impl ToString) -> Self {
        Self { action, actor: caller.name(), actor_sub: caller.sub.clone(), target: target.to_string() }
    }

    /// Something is about to be done. Neither this nor the others may be given a password.
    pub fn begins(&self, what: &Value) {
        self.write("begun", "", &what.to_string());
    }

    /// It is done: of what was before and what is now, the log gets what differs.
    pub fn done(&self, before: &Value, after: &Value) {
        let (before, after) = differing(before, after);
        self.write("done", &before, &after);
    }

    /// It came to no end: part of it may be done.
    pub fn broken_off(&self, before: &Value) {
        self.write("broken_off", &before.to_string(), "");
    }

    fn write(&self, outcome: &str, before: &str, after: &str) {
        let Self { action, actor, actor_sub, target } = self;
        tracing::info!(target: AUDIT, kind = "audit", outcome, action, actor, actor_sub, whom = target, before, after, "audit");
    }
}

/// The fields that differ, as JSON.
fn differing(before: &Value, after: &Value) -> (String, String) {
    let nothing = Map::new();
    let (one, other) = (before.as_object().unwrap_or(&nothing), after.as_object().unwrap_or(&nothing));
    let only = |these: &Map<String, Value>, those: &Map<String, Value>| {
        let differ = these.iter().filter(|(name, value)| those.get(*name) != Some(value));
        Value::from(differ.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()).to_string()
    };
    (only(one, other), only(other, one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_told() {
        let (before, after) = (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3, "c": 4}));
        assert_eq!(differing(&before, &after), (r#"{"b":2}"#.into(), r#"{"b":3,"c":4}"#.into()));
        assert_eq!(differing(&Value::Null, &json!({"a": 1})), ("{}".into(), r#"{"a":1}"#.into()));
    }
}
