//! The effect of a recalculation on readings.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use weir_runtime::Function as _;

use serde_json::json;
use weir_core::domain::Timestamp;
use weir_runtime::clock::Clock;
use weir_tests::functions::NOW;
use weir_tests::wire::{Interlude, Ledger};

use super::{BEGIN, MINUTE, World};

#[tokio::test]
async fn each_reading_gets_the_version_in_force_at_its_own_instant() {
    let world = World::new(40).await;
    world.linear(1, BEGIN + 5 * MINUTE, 2.0);
    world.linear(2, BEGIN + 20 * MINUTE, 3.0);
    // Entered last, for a time before the second one: a correction of the first.
    world.linear(3, BEGIN + 10 * MINUTE, 4.0);
    let job = world.post(0, 35).await;
    world.run().await;
    let expected = |place: i64| match place {
        0..5 | 35.. => (place as f64, 0),
        5..10 => (place as f64 * 2.0, 1),
        10..20 => (place as f64 * 4.0, 3),
        _ => (place as f64 * 3.0, 2),
    };
    let all: Vec<_> = (0..40).map(|place| (BEGIN + place * MINUTE, expected(place).0, expected(place).1)).collect();
    assert_eq!(world.stored(), all);
    let done = world.job(&job).await;
    let told = (&done["state"], &done["seen"], &done["changed"], &done["refused"], &done["done_until"]);
    assert_eq!(told, (&json!("done"), &json!(35), &json!(30), &json!(0), &done["to"]));
    // Raw numbers and receptions are what they were; units and quality are the sensor's.
    let rows = world.engine.rows("readings");
    assert!(rows.iter().all(|row| row["received_at"].as_i64() == row["at"].as_i64().map(|at| at + 500)));
    let one = rows.iter().find(|row| row["at"] == BEGIN + 6 * MINUTE).unwrap();
    assert_eq!((&one["raw"], &one["unit"], &one["quality"]), (&json!(6), &json!("pH"), &json!("good")));
    let one = rows.iter().find(|row| row["at"] == BEGIN + 30 * MINUTE).unwrap();
    assert_eq!((&one["value"], &one["quality"]), (&json!(90), &json!("out_of_range")));
}

#[tokio::test]
async fn a_second_recalculation_finds_nothing_to_change() {
    let world = World::new(25).await;
    world.linear(1, 0, 2.0);
    world.post(0, 25).await;
    let mut pump = world.run().await;
    let before = world.engine.rows("readings");
    let again = world.post(0, 25).await;
    let function = world.function();
    pump.run(async |event| function.answer(event).await).await;
    let done = world.job(&again).await;
    assert_eq!((&done["state"], &done["seen"], &done["changed"]), (&json!("done"), &json!(25), &json!(0)));
    assert_eq!(world.engine.rows("readings"), before);
}

#[tokio::test]
async fn what_was_kept_of_closed_hours_is_forgotten() {
    let world = World::new(90).await;
    world.linear(1, 0, 2.0);
    world.post(0, 90).await;
    world.run().await;
    let rows = world.engine.rows("rollups");
    let cells: Vec<_> = rows.iter().map(|row| row["cell"].as_str().unwrap().split('#').next().unwrap()).collect();
    assert_eq!(cells, ["day", "hour", "hour"], "11:06 to 12:36 lies in two hours of a day");
    assert!(rows.iter().all(|row| row["invalidation_count"].as_u64() > Some(0)));
}

#[tokio::test]
async fn a_thousand_readings_take_forty_requests_and_few_more() {
    let mut world = World::new(1_000).await;
    world.slice = 1_000;
    world.linear(1, 0, 2.0);
    world.post(0, 1_000).await;
    let ledger = Arc::new(Ledger::default());
    let function = world.function_by(&world.engine.client_over(ledger.clone()), world.clock.clone());
    world.pump().run(async |event| function.answer(event).await).await;
    let asked = ledger.operations();
    let of = |what: &str| asked.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(of("BatchExecuteStatement"), 40, "{asked:?}");
    // One for each of 18 hours and 2 days, of which the second is still open; and the job's row.
    assert_eq!(of("UpdateItem rollups"), 19, "{asked:?}");
    assert_eq!((of("UpdateItem recalculations"), of("Query readings")), (1, 1), "{asked:?}");
    assert!(asked.len() <= 65, "{} requests: {asked:?}", asked.len());
}

/// A clock on which three seconds go by whenever somebody looks.
struct Hasty(AtomicI64);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(3_000, Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_call_works_for_some_seconds_and_its_last_move_wakes_the_next_one() {
    let world = World::new(95).await;
    world.linear(1, 0, 2.0);
    let job = world.post(0, 95).await;
    let function = world.function_by(&world.engine.client(), Arc::new(Hasty(AtomicI64::new(NOW.millis()))));
    let mut pump = world.pump();
    pump.run(async |event| function.answer(event).await).await;
    assert!((3..=10).contains(&pump.calls.len()), "{} calls for 10 slices", pump.calls.len());
    let done = world.job(&job).await;
    assert_eq!((&done["state"], &done["seen"], &done["changed"]), (&json!("done"), &json!(95), &json!(95)));
    assert!(world.stored().iter().all(|(.., version)| *version == 1));
}

#[tokio::test]
async fn a_reading_that_takes_a_place_meanwhile_is_worked_out_from_its_own_raw_number() {
    let world = Arc::new(World::new(20).await);
    world.linear(1, 0, 2.0);
    let job = world.post(0, 20).await;
    let meanwhile = Arc::clone(&world);
    // Received earlier, so it displaces what is stored; and one at a new place, stored with the new version at once.
    let act = move || -> futures_util::future::BoxFuture<'static, ()> {
        let row = json!({"sensor": "b#ph", "at": BEGIN + 3 * MINUTE, "received_at": BEGIN, "raw": 100, "value": 100,
            "unit": "", "calibration": 0, "quality": "uncalibrated"});
        meanwhile.engine.put("readings", &row);
        let row = json!({"sensor": "b#ph", "at": BEGIN + 1, "received_at": BEGIN + 2, "raw": 6, "value": 12,
            "unit": "pH", "calibration": 1, "quality": "good"});
        meanwhile.engine.put("readings", &row);
        Box::pin(async {})
    };
    let wire = Arc::new(Interlude::new("BatchExecuteStatement", 1, act));
    let function = world.function_by(&world.engine.client_over(wire.clone()), world.clock.clone());
    world.pump().run(async |event| function.answer(event).await).await;
    assert_eq!((wire.left(), &world.job(&job).await["state"]), (0, &json!("done")));
    let stored = world.stored();
    assert_eq!(stored.len(), 21);
    assert!(stored.contains(&(BEGIN + 3 * MINUTE, 200.0, 1)) && stored.contains(&(BEGIN + 1, 12.0, 1)));
    assert!(stored.iter().all(|(.., version)| *version == 1));
}

#[tokio::test]
async fn formulas_use_the_stored_values_of_their_inputs_and_refusals_leave_readings_as_they_are() {
    let world = World::new(30).await;
    let formula = json!({"model": "expression", "formula": "x + 10 * h", "inputs": {"h": "hum"}});
    world.calibrate(1, 0, formula);
    // No humidity every third minute, and much of it between the minutes.
    (0..30).filter(|place| place % 3 != 0).for_each(|place| world.store("hum", BEGIN + place * MINUTE, 0.5));
    (0..200).for_each(|place| world.store("hum", BEGIN + place * 1_000 + 7, 9.0));
    let job = world.post(0, 30).await;
    world.run().await;
    for (place, (_, value, version)) in world.stored().into_iter().enumerate() {
        let expected = if place % 3 == 0 { (place as f64, 0) } else { (place as f64 + 5.0, 1) };
        assert_eq!((value, version), expected, "{place}");
    }
    let done = world.job(&job).await;
    assert_eq!((&done["state"], &done["changed"], &done["refused"]), (&json!("done"), &json!(20), &json!(10)));
    let reason = done["reason"].as_str().unwrap();
    assert!(reason.starts_with("missing_input: ") && reason.contains("hum"), "{reason}");
}
