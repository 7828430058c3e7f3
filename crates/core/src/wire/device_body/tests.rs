use serde_json::json;

use super::*;
use crate::domain::Timestamp;
use crate::domain::device::{Author, Calibrations, Device, Versions};

fn body(value: Value) -> DeviceBody {
    serde_json::from_value(value).unwrap()
}

fn shown(value: Value) -> DeviceJson {
    let details = body(value).details(None).unwrap();
    let author = Author { by: "ann".into(), at: Timestamp::from_millis(1_795_155_884_123) };
    let id = "buoy-01".parse().unwrap();
    DeviceJson::of(&Device::new(id, details, Calibrations::new(), Versions::default(), author), &Default::default())
}

fn pointers(value: Value, current: Option<&DeviceJson>) -> Vec<String> {
    body(value).details(current).unwrap_err().into_iter().map(|error| error.pointer).collect()
}

fn buoy() -> Value {
    json!({
        "name": "Buoy 1", "description": "at the pier", "location": {"latitude": 48.2, "longitude": 16.4},
        "enabled": false, "history_from": "2019-04-07T00:00:00.000Z", "level_id": "01", "followed_by": ["03"], "level_format": "byte",
        "report_every": 60,
        "sensors": [{"code": "ph", "name": "pH", "unit": "pH", "enabled": true, "limits": {"min": 0.0, "max": 14.0},
            "alerts": [{"id": "sour", "below": 6.0, "clear": 6.5, "for": 2, "severity": "critical", "note": "lime", "enabled": true}]}],
        "settings": {"every": 60}
    })
}

#[test]
fn a_device_is_shown_as_it_was_written() {
    let mut written = buoy();
    let more = json!({
        "id": "buoy-01", "version": 1, "updated_by": "ann",
        "created_at": "2026-11-20T06:24:44.123Z", "updated_at": "2026-11-20T06:24:44.123Z"
    });
    written.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(serde_json::to_value(shown(buoy())).unwrap(), written);
}

#[test]
fn what_was_read_can_be_written_back_and_nothing_else_of_it() {
    let current = shown(buoy());
    let read = serde_json::to_value(&current).unwrap();
    assert!(body(read.clone()).details(Some(&current)).is_ok());
    for (name, other) in [
        ("id", json!("buoy-02")),
        ("version", json!(2)),
        ("created_at", json!("2026-11-20T06:24:44.124Z")),
        ("updated_at", json!("x")),
        ("updated_by", json!(null)),
    ] {
        let mut changed = read.clone();
        changed[name] = other.clone();
        // Null means "not said".
        let expected = if other.is_null() { vec![] } else { vec![format!("/{name}")] };
        let found = body(changed)
            .details(Some(&current))
            .map_or_else(|errors| errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>(), |_| Vec::new());
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(pointers(json!({"version": 1}), None), ["/version"], "a new device has none");
    assert_eq!(
        pointers(json!({"sensors": [{"code": "ph", "calibration": {"model": "identity"}}]}), Some(&current)),
        ["/sensors/0/calibration"]
    );
}

#[test]
fn every_wrong_field_is_named() {
    let wrong = json!({
        "location": {"latitude": 91, "longitude": 0}, "history_from": "1999-12-31T23:59:59Z",
        "sensors": [{"name": "no code"}, {"code": "ph", "limits": {"min": 2, "max": 1}}, {"code": "do", "alerts": [
            {"id": "a", "below": 4}, {"id": "b", "below": 4, "clear": 3}, {"id": "c"}]}],
        "settings": {"a": null}, "report_every": 0
    });
    assert_eq!(
        pointers(wrong, None),
        [
            "/sensors/0/code",
            "/sensors/1/limits/max",
            "/sensors/2/alerts/1/clear",
            "/sensors/2/alerts/2",
            "/settings/a",
            "/location/latitude",
            "/history_from",
            "/report_every"
        ]
    );
    let alert = json!({"id": "a", "above": 1});
    let twice =
        json!({"sensors": [{"code": "ph", "alerts": [alert, alert]}, {"code": "do", "alerts": vec![alert; 9]}]});
    let found = pointers(twice, None);
    assert!(found.starts_with(&["/sensors/0/alerts/1/id".to_owned(), "/sensors/1/alerts".to_owned()]), "{found:?}");
    for no_device in [
        json!({"colour": "red"}),
        json!({"history_from": "2007"}),
        json!({"history_from": 1_795_155_884_123_i64}),
        json!({"level_format": "float"}),
        json!({"report_every": 1.5}),
        json!({"sensors": [{"code": "ph", "alerts": [{"id": "Low", "below": 1}]}]}),
    ] {
        assert!(serde_json::from_value::<DeviceBody>(no_device.clone()).is_err(), "{no_device}");
    }
}

#[test]
fn a_patch_changes_what_it_names_and_null_removes() {
    let current = shown(buoy());
    let patch = json!({"name": "B", "location": null, "history_from": null, "report_every": null, "settings": {"every": null, "sleep": true}, "sensors": []});
    let patched = patched(&current, patch.as_object().unwrap().clone());
    let details = body(patched).details(Some(&current)).unwrap();
    assert_eq!((details.name.as_str(), details.description.as_str()), ("B", "at the pier"));
    assert_eq!((details.history_from, details.report_every), (None, None));
    assert!(details.location.is_none() && details.sensors.is_empty() && !details.enabled);
    assert_eq!(super::super::settings::settings_json(&details.settings), json!({"sleep": true}));
}

#[test]
fn a_sensor_keeps_the_code_of_its_path() {
    let code: SensorCode = "ph".parse().unwrap();
    let sensor = |value: Value| serde_json::from_value::<SensorBody>(value).unwrap().sensor(Some(&code));
    assert_eq!(sensor(json!({})).unwrap().code, code);
    assert_eq!(sensor(json!({"code": "ph"})).unwrap().code, code);
    assert_eq!(sensor(json!({"code": "do"})).unwrap_err()[0].pointer, "/code");
}

#[test]
fn the_beginning_of_the_history_is_always_shown() {
    let shown = |body| serde_json::to_value(shown(body)).unwrap()["history_from"].clone();
    assert_eq!(shown(json!({})), "2025-11-20T06:24:44.123Z");
    assert_eq!(shown(json!({"history_from": null})), "2025-11-20T06:24:44.123Z");
    assert_eq!(shown(json!({"history_from": "2007-04-06T02:00:00+02:00"})), "2007-04-06T00:00:00.000Z");
}
