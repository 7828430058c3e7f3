//! A repeated message changes nothing; another number for the same timestamp is quarantined.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::{event, names};
use weir_tests::functions::{Functions, NOW};

use super::{ANSWERS, counts, handled, stood};

fn message(raw: f64, received: i64) -> Value {
    json!({"value": raw, "ts": 1_795_155_884_123_i64, "topic": "buoy-01/reading/sensor/ph", "received_at": received})
}

#[tokio::test]
async fn delivering_any_event_twice_leaves_the_tables_as_after_the_first_time() {
    for name in names("calibration") {
        let (engine, functions) = stood().await;
        handled(&functions, &name).await;
        let first = ["readings", "quarantine"].map(|table| engine.rows(table));
        // A minute and a half later, and by another instance of the function.
        functions.clock.set(NOW.plus_seconds(90));
        handled(&functions, &name).await;
        let other = Functions::over(&engine);
        other.clock.set(NOW.plus_seconds(180));
        handled(&other, &name).await;
        assert_eq!(["readings", "quarantine"].map(|table| engine.rows(table)), first, "{name}");
    }
}

#[tokio::test]
async fn a_second_delivery_is_counted_as_duplicate_or_quarantined_again() {
    for (name, [stored, _, quarantined]) in ANSWERS {
        let (_engine, functions) = stood().await;
        handled(&functions, name).await;
        assert_eq!(handled(&functions, name).await, counts([0, *stored, *quarantined]), "{name}");
    }
}

#[tokio::test]
async fn all_events_one_after_the_other_and_then_again_in_reverse_leave_the_same_tables() {
    let (engine, functions) = stood().await;
    let names = names("calibration");
    for name in &names {
        functions.calibration.answer(event("calibration", name)).await.unwrap();
    }
    let first = engine.outcome();
    for name in names.iter().rev() {
        functions.calibration.answer(event("calibration", name)).await.unwrap();
    }
    assert_eq!(engine.outcome(), first);
}

#[tokio::test]
async fn of_two_numbers_for_one_instant_in_one_message_the_smaller_stays_and_the_other_is_quarantined() {
    let (engine, functions) = stood().await;
    handled(&functions, "batch.conflict").await;
    assert_eq!(engine.row("readings")["raw"], 411);
    let row = engine.row("quarantine");
    assert_eq!((&row["reason"], &row["sensor"]), (&"conflicting_reading".into(), &"ph".into()));
}

#[tokio::test]
async fn of_two_numbers_for_one_instant_the_one_received_first_stays_whatever_their_order() {
    let (early, late) = (message(420.0, 1_795_155_884_500), message(410.0, 1_795_155_884_900));
    let mut outcomes = Vec::new();
    for order in [[&early, &late], [&late, &early]] {
        let (engine, functions) = stood().await;
        for message in order {
            functions.calibration.answer(message.clone()).await.unwrap();
        }
        let stored = engine.row("readings");
        assert_eq!((&stored["raw"], &stored["received_at"]), (&420.into(), &1_795_155_884_500_i64.into()));
        let entry = engine.row("quarantine");
        assert_eq!(
            (&entry["reason"], &entry["received_at"]),
            (&"conflicting_reading".into(), &1_795_155_884_900_i64.into())
        );
        outcomes.push(engine.outcome());
    }
    assert_eq!(outcomes[0], outcomes[1]);
}

#[tokio::test]
async fn the_same_number_received_again_keeps_the_first_reception() {
    for order in [[500, 900], [900, 500]] {
        let (engine, functions) = stood().await;
        for millis in order {
            functions.calibration.answer(message(412.0, 1_795_155_884_000 + millis)).await.unwrap();
        }
        assert_eq!(engine.row("readings")["received_at"], 1_795_155_884_500_i64);
        assert!(engine.rows("quarantine").is_empty());
    }
}

#[tokio::test]
async fn a_refused_message_received_again_is_quarantined_once_as_it_was_first_seen() {
    let (engine, functions) = stood().await;
    for millis in [500, 900] {
        let mut bad = message(1.0, 1_795_155_884_000 + millis);
        bad["value"] = "abc".into();
        functions.clock.set(NOW.plus_seconds(millis));
        functions.calibration.answer(bad).await.unwrap();
    }
    let row = engine.row("quarantine");
    assert_eq!(row["received_at"], 1_795_155_884_500_i64);
    assert_eq!(row["first_seen"], NOW.plus_seconds(500).millis());
}

#[tokio::test]
async fn a_reading_delivered_again_after_a_newer_calibration_takes_its_value() {
    let (engine, functions) = stood().await;
    handled(&functions, "number.with-ts").await;
    let newer =
        json!({"version": 3, "valid_from": 1_795_000_000_000_i64, "model": "linear", "slope": 0.02, "intercept": 0});
    let sensors = json!([{"code": "ph", "unit": "pH", "enabled": true, "calibrations": 3, "calibration": newer}]);
    engine.put("devices", &json!({"id": "buoy-01", "enabled": true, "sensors": sensors}));
    functions.clock.set(NOW.plus_seconds(60));
    assert_eq!(handled(&functions, "number.with-ts").await, counts([1, 0, 0]));
    let row = engine.row("readings");
    assert_eq!((&row["calibration"], row["value"].as_f64()), (&3.into(), Some(8.24)));
    // A function that does not know of it yet brings the old value no more.
    functions.clock.set(NOW);
    engine.register();
    assert_eq!(handled(&Functions::over(&engine), "number.with-ts").await, counts([0, 1, 0]));
    assert_eq!(engine.row("readings")["calibration"], 3);
}

/// A calibration of `ph` that was entered at last, for readings of long ago as well.
fn corrected(engine: &weir_tests::engine::Engine) {
    let newer =
        json!({"version": 3, "valid_from": 1_780_000_000_000_i64, "model": "linear", "slope": 0.02, "intercept": 0});
    let sensors = json!([{"code": "ph", "unit": "pH", "enabled": true, "calibrations": 3, "calibration": newer}]);
    engine.put("devices", &json!({"id": "buoy-01", "enabled": true, "sensors": sensors}));
}

#[tokio::test]
async fn another_number_sent_after_a_newer_calibration_displaces_nothing() {
    let (engine, functions) = stood().await;
    functions.calibration.answer(message(412.0, 1_795_155_884_500)).await.unwrap();
    let before = engine.row("readings");
    corrected(&engine);
    for raw in [500.0, 300.0] {
        functions.clock.set(NOW.plus_seconds(60));
        let answer = functions.calibration.answer(message(raw, 1_795_155_890_000)).await.unwrap();
        assert_eq!(answer, counts([0, 0, 1]), "{raw}");
        assert_eq!(engine.row("readings"), before, "{raw}");
    }
    let rows = engine.rows("quarantine");
    assert!(rows.len() == 2 && rows.iter().all(|row| row["reason"] == "conflicting_reading"), "{rows:?}");
}

#[tokio::test]
async fn the_same_number_sent_again_takes_the_newer_calibration_and_keeps_its_place() {
    let (engine, functions) = stood().await;
    functions.calibration.answer(message(412.0, 1_795_155_884_500)).await.unwrap();
    corrected(&engine);
    functions.clock.set(NOW.plus_seconds(60));
    let answer = functions.calibration.answer(message(412.0, 1_795_155_890_000)).await.unwrap();
    assert_eq!(answer, counts([1, 0, 0]));
    let row = engine.row("readings");
    assert_eq!((&row["calibration"], row["value"].as_f64()), (&3.into(), Some(8.24)));
    assert_eq!(row["received_at"], 1_795_155_884_500_i64);
    // Received between the two: the number that was there first stays.
    let answer = functions.calibration.answer(message(500.0, 1_795_155_887_000)).await.unwrap();
    assert_eq!((answer, engine.row("readings")), (counts([0, 0, 1]), row));
    // A function that does not know of the calibration yet, with the delivery that was first of all: the value stays.
    engine.register();
    let answer = Functions::over(&engine).calibration.answer(message(412.0, 1_795_155_884_400)).await.unwrap();
    assert_eq!(answer, counts([1, 0, 0]));
    let row = engine.row("readings");
    assert_eq!((&row["calibration"], &row["received_at"]), (&3.into(), &1_795_155_884_400_i64.into()));
    assert_eq!((row["value"].as_f64(), &row["unit"]), (Some(8.24), &"pH".into()));
}
