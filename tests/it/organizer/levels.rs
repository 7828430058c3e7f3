//! How a report changes a sensor's row: registered, newest, late, duplicate, too old.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::pump::stream_record;

use super::{handled, report, report_at, set_up};

/// A row's measurements as (seconds after [`NOW`], filling).
fn measurements(row: &Value) -> Vec<(i64, String)> {
    let one = |m: &Value| (m["dt"].as_i64().unwrap() - NOW.seconds(), m["filling"].as_str().unwrap().to_owned());
    row["measurements"].as_array().expect("measurements").iter().map(one).collect()
}

fn texts(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(seconds, filling)| (*seconds, (*filling).to_owned())).collect()
}

#[tokio::test]
async fn the_first_report_registers_a_sensor() {
    let (engine, functions) = set_up().await;
    assert_eq!(handled(&functions, event("organizer", "report.with-ts")).await, "registered");
    let measured = json!([{"filling": "100", "dt": 1_795_155_884, "ms": 123}]);
    let row = json!({"id": "01", "last_value": "100", "last_update": 1_795_155_884, "measurements": measured, "judge": true,
        "revision": NOW.millis()});
    assert_eq!(engine.row("levels"), row);
    let reading = json!({"sensor": "01#filling", "at": 1_795_155_884_123_i64, "received_at": 1_795_155_884_500_i64,
        "raw": 100, "value": 100, "unit": "%", "calibration": 0, "quality": "good"});
    assert_eq!(engine.row("readings"), reading, "the full history");
}

#[tokio::test]
async fn numbers_and_numeric_text_are_equal_and_the_reception_replaces_a_missing_time() {
    for (name, filling) in [("report", "100"), ("report.plain", "100"), ("report.number", "50")] {
        let (engine, functions) = set_up().await;
        handled(&functions, event("organizer", name)).await;
        let row = engine.row("levels");
        assert_eq!((&row["last_value"], &row["last_update"]), (&filling.into(), &1_795_155_884.into()), "{name}");
    }
    let (engine, functions) = set_up().await;
    handled(&functions, event("organizer", "report.bare")).await;
    assert_eq!(engine.row("levels")["last_update"], NOW.seconds(), "the clock stands in for the reception");
}

#[tokio::test]
async fn a_later_report_is_the_newest_and_a_late_one_is_inserted() {
    let (engine, functions) = set_up().await;
    for (filling, seconds, outcome) in
        [(100.0, -300, "registered"), (50.0, -100, "newest"), (0.0, -200, "late"), (25.0, -400, "late")]
    {
        assert_eq!(handled(&functions, report("01", filling, seconds)).await, outcome);
    }
    let row = engine.row("levels");
    assert_eq!((&row["last_value"], &row["last_update"]), (&"50".into(), &(NOW.seconds() - 100).into()));
    assert_eq!(measurements(&row), texts(&[(-400, "25"), (-300, "100"), (-200, "0"), (-100, "50")]));
}

#[tokio::test]
async fn the_late_event_does_not_touch_the_latest_value() {
    let (engine, functions) = set_up().await;
    assert_eq!(handled(&functions, event("organizer", "report.with-ts")).await, "registered");
    assert_eq!(handled(&functions, event("organizer", "report.late")).await, "late");
    let row = engine.row("levels");
    assert_eq!((&row["last_value"], &row["last_update"]), (&"100".into(), &1_795_155_884.into()));
    assert_eq!(row["measurements"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_duplicate_is_not_written_at_all() {
    let (engine, functions) = set_up().await;
    handled(&functions, report("01", 100.0, 0)).await;
    let before = engine.row("levels");
    assert_eq!(handled(&functions, report("01", 100.0, 0)).await, "duplicate");
    assert_eq!(engine.row("levels"), before, "with its revision");
}

#[tokio::test]
async fn there_is_one_measurement_a_second_and_the_later_one_is_kept() {
    for order in [[200, 900], [900, 200]] {
        let (engine, functions) = set_up().await;
        for millis in order {
            let filling = if millis == 900 { 50.0 } else { 100.0 };
            handled(&functions, report_at("01", filling, NOW.millis() + millis)).await;
        }
        let row = engine.row("levels");
        assert_eq!((measurements(&row), &row["last_value"]), (texts(&[(0, "50")]), &"50".into()));
        assert_eq!(engine.rows("readings").len(), 2, "the history has both");
    }
}

#[tokio::test]
async fn the_newest_24_are_kept_and_older_ones_go_to_the_history_only() {
    let (engine, functions) = set_up().await;
    for minute in 0..30 {
        handled(&functions, report("01", f64::from(minute), i64::from(minute) * 60 - 3600)).await;
        let kept = measurements(&engine.row("levels")).len();
        assert_eq!(kept, 24.min(usize::try_from(minute).unwrap() + 1), "after {minute} minutes");
    }
    let kept: Vec<_> = (6..30).map(|minute| (minute * 60 - 3600, minute.to_string())).collect();
    assert_eq!(measurements(&engine.row("levels")), kept);
    let before = engine.row("levels");
    assert_eq!(handled(&functions, report("01", 77.0, -7200)).await, "too_old");
    assert_eq!(engine.row("levels"), before);
    assert_eq!(engine.rows("readings").len(), 31);
}

#[tokio::test]
async fn the_number_kept_is_a_parameter() {
    let engine = Engine::start().await;
    let mut settings = Settings::default();
    settings.levels.measurements = 3;
    let functions = Functions::by(&engine, &engine.client(), &settings);
    for minute in 0..5 {
        handled(&functions, report("01", 50.0, minute * 60 - 3600)).await;
    }
    assert_eq!(engine.row("levels")["measurements"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_level_is_kept_to_a_hundredth_and_the_history_has_the_number_as_sent() {
    let (engine, functions) = set_up().await;
    handled(&functions, report("01", 33.333_333, 0)).await;
    assert_eq!(engine.row("levels")["last_value"], "33.33");
    assert_eq!(engine.row("readings")["raw"].as_f64(), Some(33.333_333));
}

#[tokio::test]
async fn a_row_from_before_revisions_and_milliseconds_is_updated() {
    let (engine, functions) = set_up().await;
    let old = json!([{"filling": "100", "dt": NOW.seconds() - 60}]);
    engine.put(
        "levels",
        &json!({"id": "01", "last_value": "100", "last_update": NOW.seconds() - 60, "measurements": old}),
    );
    assert_eq!(handled(&functions, report("01", 100.0, -60)).await, "duplicate");
    assert_eq!(handled(&functions, report("01", 50.0, 0)).await, "newest");
    let row = engine.row("levels");
    assert_eq!(measurements(&row), texts(&[(-60, "100"), (0, "50")]));
    assert_eq!((&row["last_value"], &row["revision"]), (&"50".into(), &1.into()));
}

#[tokio::test]
async fn only_a_report_that_can_change_a_problem_wakes_the_detector() {
    let (engine, functions) = set_up().await;
    for (filling, seconds, judge, why) in [
        (100.0, -90_000, true, "the first"),
        (100.0, -89_500, true, "the detector has not seen the sensor yet"),
        (100.0, -89_000, false, "the same level"),
        (50.0, -88_000, true, "a new level"),
        (50.0, -88_500, true, "late"),
        (50.0, -77_000, true, "the same level after three hours"),
    ] {
        handled(&functions, report("01", filling, seconds)).await;
        assert_eq!(engine.row("levels")["judge"], judge, "{why}");
        if seconds == -89_500 {
            let record = stream_record("1", json!({"id": {"S": "01"}}));
            functions.detector.answer(json!({"Records": [record]})).await.unwrap();
            assert_eq!(engine.row("levels")["judge"], false, "what the detector writes does not wake it");
        }
    }
}

#[tokio::test]
async fn with_hysteresis_every_report_wakes_the_detector() {
    let engine = Engine::start().await;
    let functions = Functions::by(&engine, &engine.client(), &Settings::after(2, 1));
    for seconds in [-200, -100] {
        handled(&functions, report("01", 50.0, seconds)).await;
        assert_eq!(engine.row("levels")["judge"], true);
    }
}
