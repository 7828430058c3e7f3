//! Events as marks on the time axis of charts: only those that may explain the values.

use chart::Event as Mark;
use serde_json::Value;

use super::moment;
use crate::messages as m;
use crate::text::{fill, t};
use crate::wire::event::Event;

/// The kinds of events that can become marks, by their names in the API.
pub const KINDS: [&str; 9] =
    ["calibration", "recalculation", "settings", "alert", "connected", "disconnected", "command", "job", "device"];

/// The mark of an event; `None` if it cannot explain values. The mark of another device than the page's contains its id, `other`. `of_job`
/// returns the name of a device's state in a firmware job.
pub fn mark(event: &Event, other: Option<&str>, of_job: impl Fn(&str) -> String) -> Option<Mark> {
    let words = words(event, of_job)?;
    let label = other.map_or_else(|| words.clone(), |device| format!("{device}: {words}"));
    Some(Mark { at: moment::parse(&event.at)?, label })
}

fn words(event: &Event, of_job: impl Fn(&str) -> String) -> Option<String> {
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
        // A command is marked once, when it is entered; the list of commands shows what became of it.
        "command" => fill(m::MARK_COMMAND, &[("name", after("/name")?.as_str()?)]),
        "job" => {
            let status = after("/status").and_then(Value::as_str).map(of_job).unwrap_or_default();
            fill(m::MARK_FIRMWARE, &[("status", &status)]).trim_end().to_owned()
        }
        // Of all changes of a device, only enabling and disabling affect its values.
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

    fn of_job(state: &str) -> String {
        if state == "SUCCEEDED" { "done".to_owned() } else { state.to_owned() }
    }

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
            (json!({"kind": "job", "changes": [{"pointer": "/status", "after": "SUCCEEDED"}]}), Some("Firmware done")),
            (
                json!({"kind": "device", "changes": [{"pointer": "/enabled", "before": true, "after": false}]}),
                Some("Switched off"),
            ),
            (json!({"kind": "device", "changes": [{"pointer": "/name", "after": "Buoy"}]}), None),
            (json!({"kind": "of_the_future"}), None),
        ] {
            let found = mark(&event(told.clone()), None, of_job);
            assert_eq!(found.map(|mark| mark.label).as_deref(), label, "{told}");
        }
        let other = mark(&event(json!({"kind": "connected"})), Some("buoy-02"), of_job).unwrap();
        assert_eq!((other.at, other.label.as_str()), (1_000.0, "buoy-02: Connected"));
    }

    #[test]
    fn every_kind_that_is_asked_for_can_become_a_mark() {
        let whole = json!([{"pointer": "/name", "after": "a"}, {"pointer": "/enabled", "after": true}]);
        for kind in KINDS {
            assert!(mark(&event(json!({"kind": kind, "changes": whole})), None, of_job).is_some(), "{kind}");
        }
    }
}
