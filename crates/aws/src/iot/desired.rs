//! Writing a part of the desired state of a shadow. Settings and commands share one shadow: each names the parts that are its
//! own, and leaves the others as they are.

use serde_json::{Map, Value, json};

use super::super::{AwsError, WriteOutcome};
use super::{Iot, IotError, Shadow};
use weir_core::id::DeviceId;

/// Maximum attempts to update a shadow while the device reports at the same time.
const ATTEMPTS: usize = 3;

/// The outcome of writing a part of the desired state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesiredOutcome {
    /// The shadow has the wanted state.
    Done,
    /// The shadow would become too large, and was not changed.
    NoRoom {
        /// The size that its state would have, in bytes.
        bytes: usize,
    },
}

impl Iot {
    /// Sets these names of the desired state to these values; `null` removes a name. Other names are left as they are. It is
    /// idempotent: nothing is sent when nothing would change. Nothing is sent either when something is added and the desired and
    /// the reported state together would exceed `most` bytes.
    ///
    /// It makes at most 6 requests.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn write_desired(
        &self,
        id: &DeviceId,
        wanted: &Map<String, Value>,
        most: usize,
    ) -> Result<DesiredOutcome, IotError> {
        for _ in 0..ATTEMPTS {
            let shadow = self.shadow(id).await?;
            let patch = merge_patch(&shadow.desired, wanted);
            if patch.is_empty() {
                return Ok(DesiredOutcome::Done);
            }
            let bytes = size_after(&shadow, &patch);
            if bytes > most && !patch.values().all(Value::is_null) {
                return Ok(DesiredOutcome::NoRoom { bytes });
            }
            if self.update_shadow(id, patch, shadow.version).await? == WriteOutcome::Done {
                return Ok(DesiredOutcome::Done);
            }
        }
        Err(IotError::Refused(AwsError::Contended { table: "shadow", key: id.to_string() }))
    }
}

/// The size of the desired and the reported state as compact JSON after the patch.
fn size_after(shadow: &Shadow, patch: &Map<String, Value>) -> usize {
    let mut state = json!({"desired": shadow.desired, "reported": shadow.reported});
    json_patch::merge(&mut state, &json!({"desired": patch}));
    state.to_string().len()
}

/// The merge patch that turns `current` into `wanted`, where `null` removes a name at the top level. Other names at the top
/// level, which `wanted` does not have, are left as they are. A shadow is merged, not replaced, so nested names are removed one by
/// one.
fn merge_patch(current: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let changed = |(name, wanted): (&String, &Value)| {
        let change = match (current.get(name), wanted) {
            (None, Value::Null) => None,
            (Some(current), wanted) if current == wanted => None,
            (Some(Value::Object(current)), Value::Object(wanted)) => {
                let mut change = merge_patch(current, wanted);
                let gone = current.keys().filter(|name| !wanted.contains_key(*name));
                change.extend(gone.map(|name| (name.clone(), Value::Null)));
                Some(Value::Object(change))
            }
            (_, wanted) => Some(wanted.clone()),
        };
        change.map(|change| (name.clone(), change))
    };
    wanted.iter().filter_map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(current: &Value, wanted: &Value) -> (Value, Value) {
        let change = Value::Object(merge_patch(current.as_object().unwrap(), wanted.as_object().unwrap()));
        let mut after = current.clone();
        json_patch::merge(&mut after, &change);
        (change, after)
    }

    #[test]
    fn the_patch_results_in_exactly_what_is_wanted() {
        let wanted = json!({"version": 2, "settings": {"a": 1, "b": {"c": [1], "d": {}}}});
        for current in [
            json!({}),
            json!({"version": 1, "settings": {"a": 0, "x": 1}}),
            json!({"version": 1, "settings": {"a": {"y": 1}, "b": {"c": [2, 3], "z": {"y": 1}, "d": {"e": 1}}}}),
            json!({"version": 1, "settings": "none", "other": true}),
            json!({"version": 1, "command": {"id": "1"}}),
        ] {
            let (_, after) = patched(&current, &wanted);
            assert_eq!((&after["version"], &after["settings"]), (&wanted["version"], &wanted["settings"]), "{current}");
            for other in ["other", "command"] {
                assert_eq!(after.get(other), current.get(other), "other names are left as they are");
            }
        }
    }

    #[test]
    fn the_patch_is_empty_when_nothing_changes() {
        let same = json!({"version": 2, "settings": {"a": {"b": 1}}});
        assert_eq!(patched(&same, &same).0, json!({}));
        assert_eq!(patched(&same, &json!({"command": null})).0, json!({}), "what is not there need not go");
    }

    #[test]
    fn another_command_takes_the_place_of_the_one_before_and_none_removes_it() {
        let current = json!({"version": 2, "command": {"id": "1", "name": "a", "args": {"x": 1, "y": {"z": 2}}}});
        let next = json!({"command": {"id": "2", "name": "b", "args": {"y": {}}}});
        assert_eq!(patched(&current, &next).1, json!({"version": 2, "command": next["command"]}));
        assert_eq!(patched(&current, &json!({"command": null})).1, json!({"version": 2}));
    }

    #[test]
    fn the_size_is_that_of_both_states_after_the_patch() {
        let part = |value: Value| value.as_object().unwrap().clone();
        let shadow =
            Shadow { desired: part(json!({"a": 1, "b": 2})), reported: part(json!({"c": 3})), version: Some(1) };
        let bytes = size_after(&shadow, &part(json!({"a": null, "b": {"x": 1}})));
        assert_eq!(bytes, json!({"desired": {"b": {"x": 1}}, "reported": {"c": 3}}).to_string().len());
    }
}
