//! The stream between `organizer` and `problem-detector`, delivered as Lambda does.

use std::cell::Cell;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::pump::Pump;
use weir_tests::wire::Outage;

use super::{problem, problems, report, set_up};

#[tokio::test]
async fn reports_that_cannot_change_a_problem_do_not_wake_the_detector() {
    let (engine, functions) = set_up().await;
    let mut pump = Pump::of(&engine);
    report(&functions, "01", 100.0, -900).await;
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(pump.calls, [1]);
    for second in 0..50 {
        report(&functions, "01", 100.0, second - 800).await;
    }
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(pump.calls, [1], "the same level over and over");
    report(&functions, "01", 50.0, -100).await;
    engine.delete("levels", "id", "01");
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(pump.calls, [1, 1], "the turn; the end of the row is filtered out too");
}

#[tokio::test]
async fn the_stream_delivers_records_like_the_recorded_events() {
    let (engine, functions) = set_up().await;
    let at = json!({"id": "01", "filling": 100, "ts": 1_795_155_884_123_i64, "received_at": NOW.millis()});
    functions.organizer.answer(at).await.unwrap();
    let mut pump = Pump::of(&engine);
    let seen = std::cell::RefCell::new(Value::Null);
    pump.run(async |event| {
        *seen.borrow_mut() = event["Records"][0].clone();
        Ok::<_, ()>(json!({"batchItemFailures": []}))
    })
    .await;
    let (seen, recorded) = (seen.into_inner(), weir_tests::events::event("problem-detector", "registered"));
    let recorded = &recorded["Records"][0];
    for name in ["Keys", "NewImage", "StreamViewType"] {
        assert_eq!(seen["dynamodb"][name], recorded["dynamodb"][name], "{name}");
    }
    for name in ["eventName", "eventSource", "eventVersion"] {
        assert_eq!(seen[name], recorded[name], "{name}");
    }
}

#[tokio::test]
async fn more_than_a_hundred_records_come_in_several_batches_and_in_order() {
    let engine = Engine::start().await;
    let functions = Functions::by(&engine, &engine.client(), &Settings::after(2, 2));
    for second in 0..120 {
        report(&functions, "01", f64::from(u8::from(second % 2 == 0)), second - 900).await;
        report(&functions, "02", 1.0, second - 900).await;
    }
    let mut pump = Pump::of(&engine);
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(pump.calls, [100, 100, 40]);
}

#[tokio::test]
async fn a_poison_record_ends_in_the_on_failure_destination_and_affects_no_other() {
    let (engine, functions) = set_up().await;
    for (id, filling, seconds) in [("01", 100.0, -300), ("02", 0.0, -299)] {
        report(&functions, id, filling, seconds).await;
    }
    let measurements = json!([{"filling": "100", "dt": NOW.seconds()}]);
    let poison =
        json!({"id": "nonsense", "last_value": "1", "last_update": 1, "measurements": measurements, "judge": true});
    engine.put("levels", &poison);
    for (id, filling, seconds) in [("04", 100.0, -298), ("05", 0.0, -297)] {
        report(&functions, id, filling, seconds).await;
    }
    let mut pump = Pump::of(&engine);
    pump.run(async |event| functions.detector.answer(event).await).await;
    let expected = [("0102", -299), ("0405", -297)].map(|(id, at)| problem(id, "OBSTRUCTION", "UNRESOLVED", 1, at));
    assert_eq!(problems(&engine), expected);
    assert_eq!(pump.calls[0], 5);
    assert!(pump.calls[1..].iter().all(|records| *records == 3), "from the poison on: {:?}", pump.calls);
    assert_eq!(pump.on_failure.len(), 1);
    let given_up = &pump.on_failure[0];
    assert_eq!((given_up.size, given_up.invocations), (3, 11), "once and ten retries");

    for (id, filling, seconds) in [("05", 100.0, -200), ("07", 0.0, -199)] {
        report(&functions, id, filling, seconds).await;
    }
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(pump.on_failure.len(), 1, "the shard goes on");
    assert_eq!(problems(&engine)[1], problem("0405", "OBSTRUCTION", "RESOLVED", 1, -297));
}

#[tokio::test(start_paused = true)]
async fn a_dynamodb_that_is_throttled_for_a_while_loses_nothing() {
    let engine = Engine::start().await;
    let outage = Outage::of("BatchGetItem", "");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    for (number, filling) in [(1, 100.0), (2, 0.0), (3, 50.0), (4, 50.0), (5, 100.0)] {
        report(&functions, &format!("0{number}"), filling, -300).await;
    }
    let (mut pump, calls) = (Pump::of(&engine), Cell::new(0));
    pump.run(async |event| {
        calls.set(calls.get() + 1);
        if calls.get() > 4 {
            outage.end();
        }
        functions.detector.answer(event).await
    })
    .await;
    assert_eq!(calls.get(), 5, "four times in vain");
    assert_eq!((pump.on_failure.len(), problems(&engine).len()), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn after_a_long_outage_the_on_failure_destination_has_every_record() {
    let engine = Engine::start().await;
    let outage = Outage::of("TransactWriteItems", "");
    let functions = Functions::by(&engine, &engine.client_over(outage.clone()), &Settings::default());
    for (number, filling) in [(1, 100.0), (2, 0.0), (3, 50.0), (4, 50.0), (5, 100.0)] {
        report(&functions, &format!("0{number}"), filling, -300).await;
    }
    let mut pump = Pump::of(&engine);
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(problems(&engine), []);
    let left: usize = pump.on_failure.iter().map(|given_up| given_up.size).sum();
    assert_eq!(left, 5, "{:?}", pump.on_failure);

    outage.end();
    pump.redrive(async |event| functions.detector.answer(event).await).await;
    assert_eq!((pump.on_failure.len(), problems(&engine).len()), (0, 3));
}
