//! Brings the retained message and the shadow of a device to the newest settings.

use serde_json::{Map, Value};
use weir_aws::device::PendingDelivery;
use weir_aws::iot::{Iot, IotError};
use weir_aws::{AwsError, WriteOutcome};
use weir_core::id::DeviceId;

/// Maximum attempts to update a shadow while the device reports at the same time.
const SHADOW_ATTEMPTS: usize = 3;

/// Publishes the settings and writes them to the shadow, or removes both when the device was deleted. Doing it twice is the
/// same as once. A refused message does not keep the settings from the shadow.
///
/// # Errors
/// [`IotError::Unknown`] when a request may still take effect, else the first that was refused.
pub async fn publish(iot: &Iot, id: &DeviceId, pending: &PendingDelivery) -> Result<(), IotError> {
    let message = match &pending.settings {
        Some(settings) => format!(r#"{{"version":{},"settings":{settings}}}"#, pending.version),
        None => String::new(),
    };
    let published = iot.publish_settings(id, message).await;
    if let Err(unknown @ IotError::Unknown(_)) = published {
        return Err(unknown);
    }
    let shadow = match &pending.settings {
        Some(settings) => write_shadow(iot, id, pending.version, settings).await,
        None => iot.delete_shadow(id).await,
    };
    match (published, shadow) {
        (_, Err(unknown @ IotError::Unknown(_))) => Err(unknown),
        (published, shadow) => published.and(shadow),
    }
}

/// Makes the settings the desired state. A shadow is merged and not replaced, so names that should go are removed one by
/// one.
async fn write_shadow(iot: &Iot, id: &DeviceId, version: u64, settings: &str) -> Result<(), IotError> {
    let settings: Value = serde_json::from_str(settings).map_err(|error| {
        IotError::Refused(AwsError::Corrupt { table: "devices", key: id.to_string(), detail: error.to_string() })
    })?;
    let wanted = Map::from_iter([("version".to_owned(), version.into()), ("settings".to_owned(), settings)]);
    for _ in 0..SHADOW_ATTEMPTS {
        let shadow = iot.shadow(id).await?;
        let patch = merge_patch(&shadow.desired, &wanted);
        if patch.is_empty() || iot.update_shadow(id, patch, shadow.version).await? == WriteOutcome::Done {
            return Ok(());
        }
    }
    Err(IotError::Refused(AwsError::Contended { table: "shadow", key: id.to_string() }))
}

/// The merge patch that turns `current` into `wanted`. Names at the top level that `wanted` does not have belong to others and
/// are left as they are.
fn merge_patch(current: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let changed = |(name, wanted): (&String, &Value)| {
        let change = match (current.get(name), wanted) {
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
    use serde_json::json;

    use super::*;

    fn merged(current: Value, wanted: Value) -> (Value, Value) {
        let change = Value::Object(merge_patch(current.as_object().unwrap(), wanted.as_object().unwrap()));
        let mut after = current;
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
        ] {
            let (_, after) = merged(current.clone(), wanted.clone());
            assert_eq!((&after["version"], &after["settings"]), (&wanted["version"], &wanted["settings"]), "{current}");
            assert_eq!(after.get("other"), current.get("other"), "other names are left as they are");
        }
    }

    #[test]
    fn the_patch_is_empty_when_nothing_changes() {
        let same = json!({"version": 2, "settings": {"a": {"b": 1}}});
        assert_eq!(merged(same.clone(), same).0, json!({}));
    }
}
