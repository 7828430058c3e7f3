//! What happened, as marks on the time axis of curves: only what can have to do with the values.

use chart::Event as Mark;
use serde_json::Value;

use super::moment;
use crate::messages as m;
use crate::text::{fill, t};
use crate::wire::event::Event;

/// The kinds of events that can become marks, as the API names them.
pub const KINDS: [&str; 9] =
    ["calibration", "recalculation", "settings", "alert", "connected", "disconnected", "command", "job", "device"];

/// The mark of an event; `None` for what says nothing about values. That of another device than the page's is told with its id.
pub fn mark(event: &Event, other: Option<&str>) -> Option<Mark> {
    let words = words(event)?;
    let label = other.map_or_else(|| words.clone(), |device| format!("{device}: {words}"));
    Some(Mark { at: moment::parse(&event.at)?, label })
}

fn words(event: &Event) -> Option<String> {
    let target = event.target.as_deref().unwrap_or_default();
    let of_target = |text| fill(text, &[("target", target)]).trim_end().to_owned();
    let after = |pointer: &str| {
        event.changes.iter().find(|change| change.pointer == pointer).and_then(|change| change.after.as_ref())
    };
    Some(match event.kind.as_str() {
        "calibration" => of_target(m::MARK_CALIBRATION),
        "recalculation" => of_target(m::MARK_RECALCULATION),
        "settings" => t(m::EVENT_SETTINGS).to_owned(),
        "alert" => t(m::EVENT_ALERT).to_owned(),
        "connected" => t(m::EVENT_CONNECTED).to_owned(),
        "disconnected" => t(m::EVENT_DISCONNECTED).to_owned(),
        // A command is told once, when it is entered; what becomes of it stands in the list of commands.
        "command" => fill(m::MARK_COMMAND, &[("name", after("/name")?.as_str()?)]),
        "job" => fill(m::MARK_FIRMWARE, &[("status", after("/status").and_then(Value::as_str).unwrap_or_default())]),
        // Of all that can be changed about a device, only whether it is switched on has to do with its values.
        "device" => match after("/enabled")? {
            Value::Bool(true) => t(m::MARK_ENABLED).to_owned(),
            _ => t(m::MARK_DISABLED).to_owned(),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(value: Value) -> Event {
        let mut whole = json!({"id": "a", "at": "1970-01-01T00:00:01.000Z"});
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn only_what_has_to_do_with_values_is_marked() {
        for (told, label) in [
            (json!({"kind": "calibration", "target": "ph"}), Some("Calibration ph")),
            (json!({"kind": "disconnected", "detail": "MQTT_KEEP_ALIVE_TIMEOUT"}), Some("Disconnected")),
            (
                json!({"kind": "command", "target": "17", "changes": [{"pointer": "/state", "after": "queued"},
                    {"pointer": "/name", "after": "dispense"}]}),
                Some("Command dispense"),
            ),
            (json!({"kind": "command", "target": "17", "changes": [{"pointer": "/state", "after": "sent"}]}), None),
            (
                json!({"kind": "job", "changes": [{"pointer": "/status", "after": "SUCCEEDED"}]}),
                Some("Firmware SUCCEEDED"),
            ),
            (
                json!({"kind": "device", "changes": [{"pointer": "/enabled", "before": true, "after": false}]}),
                Some("Switched off"),
            ),
            (json!({"kind": "device", "changes": [{"pointer": "/name", "after": "Buoy"}]}), None),
            (json!({"kind": "of_the_future"}), None),
        ] {
            let found = mark(&event(told.clone()), None);
            assert_eq!(found.map(|mark| mark.label).as_deref(), label, "{told}");
        }
        let other = mark(&event(json!({"kind": "connected"})), Some("buoy-02")).unwrap();
        assert_eq!((other.at, other.label.as_str()), (1_000.0, "buoy-02: Connected"));
    }

    #[test]
    fn every_kind_that_is_asked_for_can_become_a_mark() {
        let whole = json!([{"pointer": "/name", "after": "a"}, {"pointer": "/enabled", "after": true}]);
        for kind in KINDS {
            assert!(mark(&event(json!({"kind": kind, "changes": whole})), None).is_some(), "{kind}");
        }
    }
}
