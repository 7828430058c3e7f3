//! How readings open and end the problem of an alert, in any order of arrival.

use serde_json::{Value, json};
use weir_core::domain::calibration::{Calibration, CalibrationEntry, Linear, Model, Options};
use weir_core::domain::reading::{Reading, Series};
use weir_runtime::Function as _;
use weir_tests::functions::NOW;

use super::{PROBLEM, World, buoy, low_oxygen, problem};
use crate::device::{author, device};
use crate::http::ask::{Ask, status};
use crate::reading::{reading, write};

fn at(seconds: i64) -> Value {
    (NOW.seconds() + seconds).into()
}

#[tokio::test]
async fn a_problem_of_an_alert_has_the_documented_form_from_its_beginning_to_its_end() {
    let mut world = World::new().await;
    world.turned(5.0, -300).await;
    assert_eq!(world.problems(), []);
    world.turned(3.9, -200).await;
    let path = format!("/problems/{PROBLEM}");
    let mut shown = json!({"problem_id": PROBLEM, "problem": "LIMIT", "problem_time": at(-200), "problem_status": "UNRESOLVED",
        "device": "buoy-01", "sensor": "do", "alert": "low-oxygen", "value": 3.9, "limit": 4.0, "unit": "mg/L",
        "severity": "critical", "updated_at": at(-200), "episodes": 1});
    assert_eq!(world.get(&path).await, shown);
    world.turned(3.0, -150).await;
    world.turned(4.4, -140).await;
    assert_eq!(world.get(&path).await, shown, "worse, and better but not yet well");

    let acknowledge =
        Ask::new("PATCH", &path).admin().json(&json!({"problem_status": "ACKNOWLEDGED", "note": "on my way"}));
    assert_eq!(status(&world.ask(acknowledge).await), 200);
    world.turned(4.5, -100).await;
    let over = world.get(&path).await;
    shown["value"] = 4.5.into();
    for (name, value) in [
        ("problem_status", json!("RESOLVED")),
        ("updated_at", at(-100)),
        ("resolved_at", at(-100)),
        ("resolved_by", json!("auto")),
        ("acknowledged_by", json!("ada@example.org")),
        ("acknowledged_at", at(0)),
        ("note", json!("on my way")),
    ] {
        shown[name] = value;
    }
    assert_eq!(over, shown);
    world.turned(1.0, -50).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 2, -50)]);
}

#[tokio::test]
async fn what_a_person_resolved_opens_again_with_a_later_reading_only() {
    let mut world = World::new().await;
    world.turned(3.0, -200).await;
    let resolve =
        Ask::new("PATCH", &format!("/problems/{PROBLEM}")).admin().json(&json!({"problem_status": "RESOLVED"}));
    assert_eq!(status(&world.ask(resolve).await), 200);
    world.turned(2.0, -100).await;
    assert_eq!(world.problems(), [problem("RESOLVED", 1, -200)], "it was measured before");
    world.turned(2.0, 100).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 2, 100)]);
}

#[tokio::test]
async fn late_repeated_and_shuffled_readings_end_in_the_same_problem() {
    let alert = json!({"id": "low-oxygen", "below": 4, "clear": 4.5, "for": 2});
    let readings: Vec<(f64, i64)> = (0..40_i64)
        .map(|place| ([5.0, 3.0, 3.5, 4.2, 3.0, 4.6, 3.9, 5.0][(place * place % 11) as usize % 8], place * 60 - 3000))
        .collect();
    let mut outcomes = Vec::new();
    for seed in 0..12 {
        let mut world = World::of(&buoy(&json!([alert]))).await;
        let mut order = readings.clone();
        let mut rng = fastrand::Rng::with_seed(seed);
        if seed > 0 {
            rng.shuffle(&mut order);
            let again: Vec<_> = order.iter().filter(|_| rng.u8(..4) == 0).copied().collect();
            order.extend(again);
        }
        for (value, seconds) in order {
            world.measured(value, seconds).await;
            if rng.u8(..4) == 0 {
                world.streamed().await;
            }
        }
        world.streamed().await;
        outcomes.push(world.engine.rows_without("problems", &["revision"]));
    }
    assert!(outcomes[0][0]["episodes"].as_u64().unwrap() > 3, "{:?}", outcomes[0]);
    for (seed, outcome) in outcomes.iter().enumerate() {
        assert_eq!(*outcome, outcomes[0], "seed {seed}");
    }
}

#[tokio::test]
async fn a_late_reading_that_shows_that_nothing_was_wrong_removes_the_problem() {
    let alert = json!({"id": "low-oxygen", "below": 4, "for": 2});
    let mut world = World::of(&buoy(&json!([alert]))).await;
    world.turned(3.0, -300).await;
    world.turned(3.0, -100).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -300)]);
    world.turned(6.0, -200).await;
    assert_eq!(world.problems(), []);
}

#[tokio::test]
async fn readings_out_of_range_neither_open_nor_end_it() {
    let mut body = buoy(&json!([low_oxygen()]));
    body["sensors"][0]["limits"] = json!({"min": 0, "max": 14});
    let mut world = World::of(&body).await;
    // With a calibration only good readings count: the limits say what is out of range.
    let calibration = Calibration {
        version: 1,
        valid_from: NOW.plus_seconds(-1_000),
        model: Model::Identity,
        options: Options::default(),
    };
    calibrate(&world, calibration).await;
    world.functions.clock.set(NOW.plus_seconds(61));
    world.turned(-1.0, 10).await;
    assert_eq!(world.problems(), [], "out of range");
    world.turned(1.0, 20).await;
    world.turned(99.0, 30).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, 20)]);
    world.turned(9.0, -2_000).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, 20)], "from before the calibration");
    world.turned(9.0, 40).await;
    assert_eq!(world.problems(), [problem("RESOLVED", 1, 20)]);
}

async fn calibrate(world: &World, calibration: Calibration) {
    let calibrations = weir_aws::CalibrationTable::new(world.engine.client(), world.engine.name("calibrations"));
    let series = Series { device: device("buoy-01"), sensor: "do".parse().unwrap() };
    let entry = CalibrationEntry::from(calibration);
    let changed = world.read("buoy-01").await.with_calibration(&series.sensor, entry.clone(), author());
    world
        .devices()
        .write_calibrated(&changed, &calibrations, &series, &entry, weir_aws::event::WithEvents::NONE)
        .await
        .unwrap();
}

#[tokio::test]
async fn recalculated_history_opens_no_old_episode_and_is_judged_from_the_newest_reading_on() {
    for (slope, expected) in [(0.5, vec![problem("UNRESOLVED", 1, -100)]), (1.0, vec![])] {
        let mut world = World::new().await;
        for seconds in [-500, -400, -300] {
            world.turned(7.0, seconds).await;
        }
        world.turned(6.0, -100).await;
        // With half of it they would all have been too low.
        let model = Model::Linear(Linear::new(slope, 0.0).unwrap());
        let valid_from = NOW.plus_seconds(-1_000);
        calibrate(&world, Calibration { version: 1, valid_from, model, options: Options::default() }).await;
        recalculate(&world).await;
        let values: Vec<_> = world.engine.rows("readings").iter().map(|row| row["value"].as_f64().unwrap()).collect();
        assert_eq!(values.iter().sum::<f64>(), 27.0 * slope, "{values:?}");
        world.streamed().await;
        assert_eq!(world.problems(), expected, "slope {slope}");
    }
}

/// Replaces the stored readings as a recalculation does.
async fn recalculate(world: &World) {
    use weir_aws::time_series::{History, ReadingTable, Replacement, Span, TimeSeries};
    use weir_core::domain::calibration::Inputs;
    use weir_core::domain::recalculation::{Recalculated, recalculate};
    let (readings, rollups) = (world.engine.name("readings"), world.engine.name("rollups"));
    let table = ReadingTable::new(world.engine.client(), readings, rollups, 0);
    let stored = world.read("buoy-01").await;
    let sensor = stored.sensor(&"do".parse().unwrap()).unwrap();
    let versions = vec![sensor.calibrations.as_ref().unwrap().latest.calibration.clone()];
    let series = [Series { device: device("buoy-01"), sensor: sensor.code.clone() }];
    let span = Span { from: NOW.plus_seconds(-10_000), to: NOW };
    let seen = History::DynamoDb(table.clone()).points(&series, span, None, 100, NOW).await.unwrap().items;
    let new = |old: &weir_core::domain::reading::Reading| match recalculate(sensor, &versions, old, Inputs::of(&[])) {
        Recalculated::Replaced(new) => Some(Replacement { stored: old.clone(), new }),
        _ => None,
    };
    let replacements: Vec<_> = seen.iter().filter_map(new).collect();
    assert_eq!(replacements.len(), 4);
    let clock = world.functions.clock.as_ref();
    TimeSeries::DynamoDb(table).replace(&seen, &replacements, clock).await.unwrap();
}

#[tokio::test]
async fn a_batch_from_the_queue_and_several_alerts_of_a_sensor_are_judged_together() {
    let alerts =
        json!([low_oxygen(), {"id": "much", "above": 12}, {"id": "odd", "outside": [2, 14], "severity": "info"}]);
    let mut world = World::of(&buoy(&alerts)).await;
    let group =
        |seconds: i64, value: f64| json!({"ts": NOW.plus_seconds(seconds).millis(), "values": {"do": value, "ph": 1}});
    let batch = json!({"batch": [group(-30, 3.0), group(-20, 15.0), group(-10, 1.0)], "topic": "buoy-01/readings",
        "received_at": NOW.millis()});
    let answer = world.functions.calibration.answer(batch).await.unwrap();
    assert_eq!(answer["stored"], 6);
    world.streamed().await;
    assert_eq!(world.pump.calls, [3], "the other sensor has no alerts");
    let found: Vec<_> = world
        .problems()
        .into_iter()
        .map(|(id, status, episodes, began)| format!("{id} {status} {episodes} {began}"))
        .collect();
    assert_eq!(
        found,
        ["buoy-01:do:low-oxygen UNRESOLVED 2 -10", "buoy-01:do:much RESOLVED 1 -20", "buoy-01:do:odd UNRESOLVED 1 -20"]
    );
}

#[tokio::test]
async fn a_reading_with_more_than_20_000_after_it_is_not_judged() {
    let mut world = World::new().await;
    let later = (0..20_100).map(|place| {
        let at = NOW.plus_seconds(place - 50_000);
        Reading { judge: false, ..reading("buoy-01", "do", at, 6.0, "mg/L") }
    });
    write(&world.engine, &later.collect::<Vec<_>>()).await;
    world.turned(3.0, -100_000).await;
    assert_eq!(world.problems(), [], "it would have opened and ended");
    world.turned(3.0, -1).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -1)], "the newest one is");
}
