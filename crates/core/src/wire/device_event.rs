//! The events of a person's change of a device: one for each kind of thing that changes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::calibration::CalibrationJson;
use super::device::DeviceJson;
use crate::domain::calibration::CalibrationEntry;
use crate::domain::device::{Author, Device};
use crate::domain::event::{Event, FieldChange, Kind, diff};
use crate::id::{DeviceId, SensorCode};

/// Fields that events leave out: they follow from the change itself, or have events of their own.
const UNTOLD: [&str; 8] =
    ["id", "version", "created_at", "updated_at", "updated_by", "connection", "firmware", "delivery"];

/// The event of a device that was registered.
pub fn registered(device: &Device) -> Event {
    let changes = diff(&json!({}), &told(device));
    of_version(device, Kind::Device, &author(device)).detail("registered").changes(changes)
}

/// The event of a device that was given a new claim code. The event does not contain the code.
pub fn claimable(device: &Device) -> Event {
    let key = format!("claim-{}", device.versions.device);
    let author = author(device);
    Event::new(Some(device.id.clone()), Kind::Device, &key, author.at).by(author.by).detail("claim code made")
}

/// The event of a device that was deleted.
pub fn deleted(device: &Device, author: &Author) -> Event {
    let version = device.versions.device.saturating_add(1);
    let event = Event::new(Some(device.id.clone()), Kind::Device, &version, author.at).by(&author.by);
    event.detail("deleted").changes(diff(&told(device), &json!({})))
}

/// The events of a change: of the settings, of alerts, and of the rest of the device. None when nothing is different.
pub fn changed(before: &Device, after: &Device) -> Vec<Event> {
    let mut kinds: BTreeMap<Kind, Vec<FieldChange>> = BTreeMap::new();
    for change in diff(&told(before), &told(after)) {
        kinds.entry(kind_of(&change.pointer)).or_default().push(change);
    }
    let author = author(after);
    kinds.into_iter().map(|(kind, changes)| of_version(after, kind, &author).changes(changes)).collect()
}

/// The event of a calibration that was added to a sensor; `after` is the device with it.
pub fn calibrated(
    after: &Device,
    sensor: &SensorCode,
    latest: Option<&CalibrationEntry>,
    added: &CalibrationEntry,
) -> Event {
    let shown = |entry: &CalibrationEntry| json!(CalibrationJson::of(entry));
    let pointer = format!("/sensors/{sensor}/calibration");
    let change = FieldChange { pointer, before: latest.map(shown), after: Some(shown(added)) };
    of_version(after, Kind::Calibration, &author(after)).target(sensor).changes(vec![change])
}

/// The event of a certificate that is to be removed.
pub fn certificate_removed(device: &DeviceId, certificate: &str, author: &Author) -> Event {
    let event = Event::new(Some(device.clone()), Kind::Certificate, &certificate, author.at);
    event.by(&author.by).target(certificate).detail("removed")
}

fn author(device: &Device) -> Author {
    Author { by: device.updated_by.clone(), at: device.updated_at }
}

fn of_version(device: &Device, kind: Kind, author: &Author) -> Event {
    Event::new(Some(device.id.clone()), kind, &device.versions.device, author.at).by(&author.by)
}

fn kind_of(pointer: &str) -> Kind {
    let mut names = pointer.split('/').skip(1);
    match (names.next(), names.nth(1)) {
        (Some("settings"), _) => Kind::Settings,
        (Some("sensors"), Some("alerts")) => Kind::Alert,
        _ => Kind::Device,
    }
}

/// The device in the form in which events show changes: as the API shows it, with sensors by code and alerts by id.
fn told(device: &Device) -> Value {
    let mut shown = json!(DeviceJson::of(device, &BTreeMap::new()));
    let Some(fields) = shown.as_object_mut() else { return shown };
    fields.retain(|name, _| !UNTOLD.contains(&name.as_str()));
    if let Some(sensors) = fields.get_mut("sensors") {
        *sensors = keyed(sensors, "code");
        for sensor in sensors.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            let alerts = keyed(sensor.get("alerts").unwrap_or(&Value::Null), "id");
            sensor.insert("alerts".to_owned(), alerts);
        }
    }
    shown
}

/// The objects of a list, by one of their fields.
fn keyed(list: &Value, by: &str) -> Value {
    let pair = |object: &Value| {
        let mut object = object.as_object()?.clone();
        let name = object.remove(by)?.as_str()?.to_owned();
        Some((name, Value::Object(object)))
    };
    list.as_array().into_iter().flatten().filter_map(pair).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::device::{Calibrations, DeviceDetails, Sensor, Versions};
    use crate::wire::alert::AlertJson;
    use crate::wire::settings::settings;

    fn details(value: &Value, alert: bool) -> DeviceDetails {
        let alert = alert.then(|| serde_json::from_value::<AlertJson>(json!({"id": "low", "below": 5})).unwrap());
        let alerts = alert.into_iter().map(|alert| alert.alert().unwrap()).collect();
        let ph = Sensor { unit: "pH".into(), alerts, ..Sensor::new("ph".parse().unwrap()) };
        let settings = settings(value.as_object().unwrap()).unwrap();
        DeviceDetails { name: "Buoy".into(), sensors: vec![ph], settings, ..DeviceDetails::default() }
    }

    fn device(details: DeviceDetails, at: i64) -> Device {
        let author = Author { by: "ann".into(), at: Timestamp::from_millis(at) };
        Device::new("buoy-01".parse().unwrap(), details, Calibrations::new(), Versions::default(), author)
    }

    fn with(device: &Device, details: DeviceDetails) -> Device {
        device.with_details(
            details,
            Calibrations::new(),
            Author { by: "bob".into(), at: Timestamp::from_millis(9_000) },
        )
    }

    fn pointers(event: &Event) -> Vec<&str> {
        event.changes.list().iter().map(|change| change.pointer.as_str()).collect()
    }

    #[test]
    fn a_change_of_several_kinds_is_an_event_of_each() {
        let before = device(details(&json!({"every": 60}), false), 5_000);
        let mut wanted = details(&json!({"every": 30}), true);
        wanted.name = "Buoy 1".into();
        let after = with(&before, wanted);
        let events = changed(&before, &after);
        let told: Vec<_> = events.iter().map(|event| (event.kind, pointers(event))).collect();
        let expected = vec![
            (Kind::Device, vec!["/name"]),
            (Kind::Settings, vec!["/settings/every"]),
            (Kind::Alert, vec!["/sensors/ph/alerts/low"]),
        ];
        assert_eq!(told, expected);
        for event in &events {
            assert_eq!((event.by.as_deref(), event.at.millis()), (Some("bob"), 9_000));
            assert_eq!(event.id.as_str(), format!("{}-2", event.kind));
        }
        assert_eq!(changed(&before, &with(&before, before.details.clone())), []);
    }

    #[test]
    fn a_device_that_comes_or_goes_is_one_event_with_all_of_it() {
        let device = device(details(&json!({"every": 60}), true), 5_000);
        let come = registered(&device);
        assert_eq!(
            (come.kind, come.detail.as_deref(), come.id.as_str()),
            (Kind::Device, Some("registered"), "device-1")
        );
        assert!(pointers(&come).contains(&"/sensors") && !pointers(&come).contains(&"/version"), "{come:?}");
        let gone = deleted(&device, &Author { by: "bob".into(), at: Timestamp::from_millis(9_000) });
        assert_eq!((gone.detail.as_deref(), gone.id.as_str()), (Some("deleted"), "device-2"));
        assert!(gone.changes.list().iter().all(|change| change.after.is_none()));
    }
}
