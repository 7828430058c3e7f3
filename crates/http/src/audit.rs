//! The audit log: which admin changed which user, with the values before and after. Its lines have `kind = "audit"` and are
//! written at every log level.

use serde_json::{Map, Value};

use super::Caller;
use weir_runtime::telemetry::AUDIT;

/// A change that an admin or a function itself makes. It is logged when it begins and when it ends; a beginning without an end means
/// that the function was killed in between.
#[derive(Debug, Clone)]
pub struct Audit {
    action: &'static str,
    actor: String,
    actor_sub: String,
    target: String,
}

impl Audit {
    /// The change `action` of the user `target`, named by an id or an address, by the admin `caller`.
    pub fn of(caller: &Caller, action: &'static str, target: impl ToString) -> Self {
        Self { action, actor: caller.name(), actor_sub: caller.sub.clone(), target: target.to_string() }
    }

    /// The change `action` of the user `target`, which the function makes by itself.
    pub fn by_itself(function: &'static str, action: &'static str, target: impl ToString) -> Self {
        Self { action, actor: function.to_owned(), actor_sub: String::new(), target: target.to_string() }
    }

    /// Logs that the change begins. Arguments of this and the other methods must not contain passwords.
    pub fn begin(&self, what: &Value) {
        self.write("begun", "", &what.to_string());
    }

    /// Logs that the change is made, with the fields that differ.
    pub fn done(&self, before: &Value, after: &Value) {
        let (before, after) = differing(before, after);
        self.write("done", &before, &after);
    }

    /// Logs that the change failed; part of it may have been made.
    pub fn interrupted(&self, before: &Value) {
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
    fn only_differences_are_logged() {
        let (before, after) = (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3, "c": 4}));
        assert_eq!(differing(&before, &after), (r#"{"b":2}"#.into(), r#"{"b":3,"c":4}"#.into()));
        assert_eq!(differing(&Value::Null, &json!({"a": 1})), ("{}".into(), r#"{"a":1}"#.into()));
    }
}
