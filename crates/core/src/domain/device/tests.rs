use super::super::calibration::{Model, Options};
use super::super::settings::Setting;
use super::*;

fn details(codes: &[&str]) -> DeviceDetails {
    let sensors = codes.iter().map(|code| Sensor::new(code.parse().unwrap())).collect();
    DeviceDetails { name: "Buoy".into(), sensors, ..DeviceDetails::default() }
}

fn author(millis: i64) -> Author {
    Author { by: "ann".into(), at: Timestamp::from_millis(millis) }
}

fn entry(version: u32, valid_from: i64) -> CalibrationEntry {
    let valid_from = Timestamp::from_millis(valid_from);
    let calibration = Calibration { version, valid_from, model: Model::Identity, options: Options::default() };
    CalibrationEntry { calibration: Arc::new(calibration), by: "ann".into(), at: valid_from, note: String::new() }
}

fn device(codes: &[&str]) -> Device {
    Device::new("b".parse().unwrap(), details(codes), Calibrations::new(), Versions::default(), author(1))
}

fn ids(texts: &[&str]) -> Vec<LevelId> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn every_violated_rule_is_named_with_its_field() {
    let mut wrong = details(&["ph", "do", "ph"]);
    wrong.name = "n".repeat(101);
    wrong.description = "d".repeat(1_001);
    wrong.location = Some(Location { latitude: 90.1, longitude: f64::NAN });
    wrong.sensors[1].unit = "u".repeat(33);
    wrong.history_from = Some(Timestamp::from_millis(946_684_799_999));
    wrong.followed_by = Some(ids(&["02", "02"]));
    let pointers: Vec<_> = wrong.checked().unwrap_err().into_iter().map(|error| error.pointer).collect();
    assert_eq!(
        pointers,
        [
            "/name",
            "/description",
            "/location/latitude",
            "/location/longitude",
            "/history_from",
            "/followed_by",
            "/followed_by/1",
            "/sensors/1/unit",
            "/sensors/2/code"
        ]
    );
}

#[test]
fn a_position_that_no_store_can_hold_is_refused() {
    let at = |latitude, longitude| DeviceDetails { location: Some(Location { latitude, longitude }), ..details(&[]) };
    for (place, pointer) in [(at(2.2e-311, 0.0), "/location/latitude"), (at(0.0, -1e-131), "/location/longitude")] {
        let errors = place.checked().unwrap_err();
        assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), [pointer]);
    }
    assert!(at(-90.0, 1e-130).checked().is_ok());
}

#[test]
fn a_flow_sensor_does_not_follow_itself_and_may_be_the_last() {
    let with = |following: &[&str]| DeviceDetails {
        level_id: Some("01".parse().unwrap()),
        followed_by: Some(ids(following)),
        ..details(&[])
    };
    assert!(with(&[]).checked().is_ok(), "an empty list ends the tube");
    assert!(with(&["02", "11"]).checked().is_ok());
    assert_eq!(with(&["02", "01"]).checked().unwrap_err()[0].pointer, "/followed_by/1");
}

#[test]
fn only_a_change_of_the_settings_increases_their_version() {
    let before = device(&["ph"]);
    assert_eq!(before.versions, Versions { device: 1, settings: 1 });
    let renamed =
        before.with_details(DeviceDetails { name: "B".into(), ..details(&["ph"]) }, Calibrations::new(), author(2));
    assert_eq!(renamed.versions, Versions { device: 2, settings: 1 });
    let settings = Settings::new([("a".to_owned(), Setting::Flag(true))].into(), 10).unwrap();
    let set = renamed.with_details(DeviceDetails { settings, ..details(&["ph"]) }, Calibrations::new(), author(3));
    assert_eq!(set.versions, Versions { device: 3, settings: 2 });
    assert_eq!((set.created_at.millis(), set.updated_at.millis()), (1, 3));
}

#[test]
fn a_device_registered_again_continues_its_versions() {
    let before = Versions { device: 7, settings: 3 };
    let again = Device::new("b".parse().unwrap(), details(&[]), Calibrations::new(), before, author(9));
    assert_eq!(again.versions, Versions { device: 8, settings: 4 });
}

#[test]
fn the_latest_calibration_is_the_one_valid_last_not_the_one_written_last() {
    let sensor: SensorCode = "ph".parse().unwrap();
    let mut now = device(&["ph"]);
    for (version, valid_from) in [(1, 100), (2, 300), (3, 200), (4, 300)] {
        assert_eq!(now.next_calibration(&sensor), version);
        now = now.with_calibration(&sensor, entry(version, valid_from), author(5));
    }
    let kept = now.sensor(&sensor).unwrap().calibrations.as_ref().unwrap();
    assert_eq!((kept.latest.calibration.version, kept.count), (4, 4));
    let history = [entry(1, 100), entry(2, 300), entry(3, 200), entry(4, 300)];
    assert_eq!(SensorCalibrations::of(history).as_ref(), Some(kept));
    assert_eq!(SensorCalibrations::of([]), None);
}

#[test]
fn calibrations_go_with_their_sensor_and_come_back_from_the_history() {
    let sensor: SensorCode = "ph".parse().unwrap();
    let with = device(&["ph"]).with_calibration(&sensor, entry(1, 100), author(2));
    let without = with.with_details(details(&["do"]), Calibrations::new(), author(3));
    assert_eq!(without.calibrated_sensors().count(), 0);
    let both = details(&["do", "ph"]);
    assert_eq!(without.added(&both).collect::<Vec<_>>(), [&sensor]);
    let found = Calibrations::from([(sensor.clone(), SensorCalibrations { latest: entry(1, 100), count: 1 })]);
    let again = without.with_details(both, found, author(4));
    assert_eq!(again.next_calibration(&sensor), 2);
}

#[test]
fn the_history_is_needed_only_for_instants_before_the_latest_version() {
    let valid_from = Timestamp::from_millis(1000);
    let latest = entry(2, 1000);
    let mut sensor = Sensor::new("ph".parse().unwrap());
    assert_eq!(sensor.in_force(valid_from), InForce::None);
    sensor.calibrations = Some(SensorCalibrations { latest: latest.clone(), count: 2 });
    assert_eq!(sensor.in_force(valid_from), InForce::Here(&latest.calibration));
    assert_eq!(sensor.in_force(Timestamp::from_millis(999)), InForce::InHistory);
    sensor.calibrations = Some(SensorCalibrations { latest, count: 1 });
    assert_eq!(sensor.in_force(Timestamp::from_millis(999)), InForce::None);
}

#[test]
fn the_history_of_a_device_begins_a_year_before_its_registration_or_where_it_says() {
    // Registered at 2026-11-20T06:24:44.123Z.
    let registered = 1_795_155_884_123;
    let device = |history_from: Option<i64>| {
        let history_from = history_from.map(Timestamp::from_millis);
        let details = DeviceDetails { history_from, ..details(&["ph"]) }.checked().unwrap();
        Device::new("b".parse().unwrap(), details, Calibrations::new(), Versions::default(), author(registered))
    };
    let year = 365 * 86_400_000;
    for (history_from, first) in [
        (None, registered - year),
        (Some(946_684_800_000), 946_684_800_000),
        (Some(9_999_999_999_999), 9_999_999_999_999),
    ] {
        let device = device(history_from);
        assert_eq!(device.remembers(Timestamp::from_millis(first)), Ok(()), "{history_from:?}");
        let refused = device.remembers(Timestamp::from_millis(first - 1)).unwrap_err();
        assert_eq!(refused.reason, Reason::BadTimestamp, "{history_from:?}");
        // Changing it keeps the default: it is counted from the registration.
        let changed = device.with_details(device.details.clone(), Calibrations::new(), author(registered + 5));
        assert_eq!(changed.history_from().millis(), first);
    }
    let old = device(None).remembers(Timestamp::from_millis(946_684_805_000)).unwrap_err();
    assert_eq!(old.detail, "ts 2000-01-01T00:00:05Z lies before history_from 2025-11-20T06:24:44.123Z of the device b");
    for millis in [i64::MIN, i64::MAX] {
        let _ = device(None).remembers(Timestamp::from_millis(millis));
    }
    let refused =
        DeviceDetails { history_from: Some(Timestamp::from_millis(10_000_000_000_000)), ..details(&[]) }.checked();
    assert_eq!(refused.unwrap_err()[0].pointer, "/history_from");
}
