//! A thousand readings with 20 ms for each answer of the store, in the time of a paused clock, where nothing else takes time.

use std::sync::Arc;
use std::time::Duration;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use tokio::time::Instant;
use weir_tests::engine::Engine;
use weir_tests::fleet::{first_ph, second_ph};
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::slow::Slow;

/// What each request takes.
const ANSWER: Duration = Duration::from_millis(20);
/// One and a half times what ten requests take one after the other, each with 100 readings.
const LONGEST: Duration = Duration::from_millis(300);
/// Maximum requests that a process has under way, whatever it is handed.
const BOUND: usize = 32;

/// An engine with devices `b-0` … `b-99` that were calibrated anew an hour ago, and functions in a new process.
async fn stood() -> (Engine, Arc<Slow>, Functions) {
    let engine = Engine::start().await;
    let mut latest = second_ph();
    latest["valid_from"] = NOW.plus_seconds(-3600).millis().into();
    for number in 0..100 {
        let sensors = json!([{"code": "ph", "unit": "pH", "enabled": true, "calibration": latest, "calibrations": 2}]);
        engine.put("devices", &json!({"id": format!("b-{number}"), "enabled": true, "sensors": sensors}));
        for version in [&first_ph(), &latest] {
            engine.put_calibration(&format!("b-{number}#ph"), version);
        }
    }
    let slow = Slow::always(ANSWER);
    let functions = Functions::by(&engine, &engine.client_timed(slow.clone()), &Settings::default());
    (engine, slow, functions)
}

/// A message of so many values a millisecond apart, the first so many seconds from now.
fn message(device: u32, values: usize, from: i64) -> Value {
    let first = NOW.plus_seconds(from).millis();
    let group =
        |place: usize| json!({"ts": first + i64::try_from(place).unwrap(), "values": {"ph": 400 + place % 200}});
    let batch: Vec<_> = (0..values).map(group).collect();
    json!({"batch": batch, "topic": format!("b-{device}/readings"), "received_at": NOW.millis()})
}

/// A hundred messages of ten values each, every one of another device.
fn queued(from: i64) -> Value {
    let record = |device: u32| json!({"messageId": device.to_string(), "eventSource": "aws:sqs", "body": message(device, 10, from).to_string()});
    json!({"Records": (0..100).map(record).collect::<Vec<_>>()})
}

async fn took(functions: &Functions, event: Value) -> (Duration, Value) {
    let begun = Instant::now();
    let answer = functions.calibration.answer(event).await.unwrap();
    (begun.elapsed(), answer)
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_thousand_readings_takes_no_longer_than_fifteen_requests() {
    let (engine, slow, functions) = stood().await;
    let (took, answer) = took(&functions, message(0, 1000, -60)).await;
    assert_eq!(answer, json!({"stored": 1000, "duplicate": 0, "quarantined": 0}));
    assert_eq!(engine.rows("readings").len(), 1000);
    let (asked, most) = slow.seen();
    assert_eq!(asked, 1 + 40, "the device, and 25 readings with each request");
    assert!(took <= LONGEST && most <= BOUND, "{took:?}, {most} requests at once");
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_a_hundred_devices_with_a_thousand_readings_takes_no_longer_either() {
    // From now, and from a time for which each device's calibration has to be looked up in its history.
    for from in [-60, -3700] {
        let (engine, slow, functions) = stood().await;
        let (took, answer) = took(&functions, queued(from)).await;
        assert_eq!(answer, json!({"batchItemFailures": []}));
        assert_eq!(engine.rows("readings").len(), 1000);
        let version = if from == -60 { 2 } else { 1 };
        assert!(engine.rows("readings").iter().all(|row| row["calibration"] == version));
        let (_, most) = slow.seen();
        assert!(took <= LONGEST && most <= BOUND, "from {from}: {took:?}, {most} requests at once");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_at_once_does_not_grow_with_what_is_handed_over() {
    // As many readings as a message may have, and then all of them again: each is a duplicate, which is read to be told
    // from a conflict.
    let (engine, slow, functions) = stood().await;
    took(&functions, message(0, 1000, -60)).await;
    let (again, answer) = took(&functions, message(0, 1000, -60)).await;
    assert_eq!(answer, json!({"stored": 0, "duplicate": 1000, "quarantined": 0}));
    took(&functions, queued(-30)).await;
    took(&functions, queued(-30)).await;
    let (_, most) = slow.seen();
    assert!(most <= BOUND, "{most} requests at once; {again:?}");
    assert_eq!(engine.rows("readings").len(), 2000);
}
