use super::super::calibration::{Model, Options};
use super::super::settings::Setting;
use super::*;

fn probe(code: &str) -> Probe {
    Probe { code: code.parse().unwrap(), name: String::new(), unit: String::new(), enabled: true, limits: None }
}

fn content(codes: &[&str]) -> Content {
    Content {
        name: "Buoy".into(),
        description: String::new(),
        location: None,
        enabled: true,
        level_id: None,
        followed_by: None,
        sensors: codes.iter().map(|code| probe(code)).collect(),
        settings: Settings::default(),
    }
}

fn author(millis: i64) -> Author {
    Author { by: "ann".into(), at: Timestamp::from_millis(millis) }
}

fn entry(version: u32, valid_from: i64) -> Entry {
    let valid_from = Timestamp::from_millis(valid_from);
    let calibration = Calibration { version, valid_from, model: Model::Identity, options: Options::default() };
    Entry { calibration: Arc::new(calibration), by: "ann".into(), at: valid_from, note: String::new() }
}

fn record(codes: &[&str]) -> Record {
    Record::new("b".parse().unwrap(), content(codes), Calibrations::new(), Versions::default(), author(1))
}

fn ids(texts: &[&str]) -> Vec<LevelId> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn every_broken_rule_is_named_with_its_place() {
    let mut wrong = content(&["ph", "do", "ph"]);
    wrong.name = "n".repeat(101);
    wrong.description = "d".repeat(1_001);
    wrong.location = Some(Location { latitude: 90.1, longitude: f64::NAN });
    wrong.sensors[1].unit = "u".repeat(33);
    wrong.followed_by = Some(ids(&["02", "02"]));
    let pointers: Vec<_> = wrong.checked().unwrap_err().into_iter().map(|invalid| invalid.pointer).collect();
    assert_eq!(
        pointers,
        [
            "/name",
            "/description",
            "/location/latitude",
            "/location/longitude",
            "/followed_by",
            "/followed_by/1",
            "/sensors/1/unit",
            "/sensors/2/code"
        ]
    );
}

#[test]
fn a_flow_sensor_follows_neither_itself_nor_nothing() {
    let with = |following: &[&str]| Content {
        level_id: Some("01".parse().unwrap()),
        followed_by: Some(ids(following)),
        ..content(&[])
    };
    assert!(with(&[]).checked().is_ok(), "an empty list ends the tube");
    assert!(with(&["02", "11"]).checked().is_ok());
    assert_eq!(with(&["02", "01"]).checked().unwrap_err()[0].pointer, "/followed_by/1");
}

#[test]
fn only_a_change_of_the_settings_counts_as_one() {
    let before = record(&["ph"]);
    assert_eq!(before.versions, Versions { record: 1, settings: 1 });
    let renamed = before.rewritten(Content { name: "B".into(), ..content(&["ph"]) }, Calibrations::new(), author(2));
    assert_eq!(renamed.versions, Versions { record: 2, settings: 1 });
    let settings = Settings::new([("a".to_owned(), Setting::Flag(true))].into(), 10).unwrap();
    let set = renamed.rewritten(Content { settings, ..content(&["ph"]) }, Calibrations::new(), author(3));
    assert_eq!(set.versions, Versions { record: 3, settings: 2 });
    assert_eq!((set.created_at.millis(), set.updated_at.millis()), (1, 3));
}

#[test]
fn a_device_registered_again_goes_on_counting() {
    let before = Versions { record: 7, settings: 3 };
    let again = Record::new("b".parse().unwrap(), content(&[]), Calibrations::new(), before, author(9));
    assert_eq!(again.versions, Versions { record: 8, settings: 4 });
}

#[test]
fn the_calibration_that_counts_is_the_one_valid_last_not_the_one_written_last() {
    let sensor: SensorCode = "ph".parse().unwrap();
    let mut now = record(&["ph"]);
    for (version, valid_from) in [(1, 100), (2, 300), (3, 200), (4, 300)] {
        assert_eq!(now.next_calibration(&sensor), version);
        now = now.calibrated(&sensor, entry(version, valid_from), author(5));
    }
    let kept = &now.calibrations[&sensor];
    assert_eq!((kept.latest.calibration.version, kept.versions), (4, 4));
    let history = [entry(1, 100), entry(2, 300), entry(3, 200), entry(4, 300)];
    assert_eq!(Calibrated::of(history).as_ref(), Some(kept));
    assert_eq!(Calibrated::of([]), None);
}

#[test]
fn calibrations_go_with_their_sensor_and_come_back_from_the_history() {
    let sensor: SensorCode = "ph".parse().unwrap();
    let with = record(&["ph"]).calibrated(&sensor, entry(1, 100), author(2));
    let without = with.rewritten(content(&["do"]), Calibrations::new(), author(3));
    assert!(without.calibrations.is_empty());
    let both = content(&["do", "ph"]);
    assert_eq!(without.added(&both).collect::<Vec<_>>(), [&sensor]);
    let found = Calibrations::from([(sensor.clone(), Calibrated { latest: entry(1, 100), versions: 1 })]);
    let again = without.rewritten(both, found, author(4));
    assert_eq!(again.next_calibration(&sensor), 2);
}
