//! Near its deadline, a function reports what is unfinished, whatever it is doing, and the next call completes it. (The detector's batches
//! and sweeps are in `problem_detector/time.rs`, those of the queue in `calibration/queue.rs`.)

use std::sync::Arc;
use std::time::Duration;

use ::device::{Delivery, Sweep};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use weir_aws::device::DeviceTable;
use weir_http::{finish, gateway};
use weir_runtime::{Event, Function as _, Until};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::pump::stream_record;
use weir_tests::slow::Slow;

use crate::http::ask::{Ask, body, status};
use crate::recalculation::{BEGIN, World};

const SECOND: Duration = Duration::from_secs(1);

fn millis(seconds: i64) -> i64 {
    NOW.plus_seconds(seconds).millis()
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_end_is_not_known_in_time_is_called_for_again_and_ends_once() {
    let engine = Engine::start().await;
    engine.register();
    let slow = Slow::always(Duration::ZERO);
    let functions = Functions::by(&engine, &engine.client_timed(slow.clone()), &Settings::default());
    let value =
        json!({"value": 412, "ts": millis(-10), "topic": "buoy-01/reading/sensor/ph", "received_at": millis(0)});
    let level = json!({"id": "01", "filling": 100, "ts": millis(-10), "received_at": millis(0)});
    slow.takes(Duration::from_millis(1500));
    let begun = Instant::now();
    let late = functions.calibration.answer_within(value.clone(), 2 * SECOND).await.unwrap_err();
    assert_eq!(late.to_string(), "deliver again: out of time");
    let late = functions.organizer.answer_within(level.clone(), 2 * SECOND).await.unwrap_err();
    assert_eq!(late.to_string(), "deliver again: out of time");
    assert_eq!(begun.elapsed(), 4 * SECOND, "both used their time, and no more");
    slow.takes(Duration::ZERO);
    let answer = functions.calibration.answer_within(value, 2 * SECOND).await.unwrap();
    assert_eq!(answer["stored"].as_u64().unwrap() + answer["duplicate"].as_u64().unwrap(), 1, "{answer}");
    functions.organizer.answer_within(level, 2 * SECOND).await.unwrap();
    assert_eq!((engine.rows("readings").len(), engine.rows("levels").len()), (2, 1));
}

/// The record that wakes recalculation for a job.
fn record(job: &Value) -> Value {
    let keys = json!({"sensor": {"S": "b#ph"}, "job": {"S": job["job"]}});
    json!({"Records": [stream_record("1", keys)]})
}

#[tokio::test(start_paused = true)]
async fn a_slice_that_is_too_slow_is_named_and_has_less_to_do_the_next_time() {
    const HOUR: i64 = 3_600_000;
    // Each in an hour of its own, so that a slice makes more requests than there is time for.
    let world = World { slice: 40, ..World::new(0).await };
    (0..40).for_each(|place| world.store("ph", BEGIN + place * HOUR, place as f64));
    world.linear(1, 0, 2.0);
    let job = world.post(0, 40 * 60).await;
    let slow = Slow::always(SECOND);
    let function = world.function_by(&world.engine.client_timed(slow.clone()), world.clock.clone());
    let begun = Instant::now();
    let answer = function.answer_within(record(&job), 7 * SECOND).await.unwrap();
    assert_eq!(begun.elapsed(), 7 * SECOND, "it answers in time");
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
    let told = world.job(&job).await;
    assert_eq!((&told["state"], &told["seen"]), (&json!("running"), &json!(0)), "the slice is not done");
    assert!(world.stored().iter().all(|(.., version)| *version == 1), "but its readings are replaced already");

    slow.takes(Duration::from_millis(300));
    let answer = function.answer_within(record(&job), 29 * SECOND).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let told = world.job(&job).await;
    assert_eq!((&told["state"], &told["seen"]), (&json!("done"), &json!(40)));
    for (at, value, version) in world.stored() {
        let place = (at - BEGIN) / HOUR;
        assert_eq!((value, version), (place as f64 * 2.0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_that_there_is_no_time_to_wake_stay_due() {
    let world = World::new(0).await;
    for place in 0..3 {
        world.post(place * 10, place * 10 + 5).await;
    }
    world.clock.set(NOW.plus_seconds(600));
    let slow = Slow::of("UpdateItem", SECOND);
    let function = world.function_by(&world.engine.client_timed(slow), world.clock.clone());
    let sweep = json!({"source": "aws.events"});
    let answer = function.answer_within(sweep.clone(), 2500 * SECOND / 1000).await.unwrap();
    assert_eq!(answer, json!({"woken": 2, "more": true}));
    assert_eq!(function.answer_within(sweep, 29 * SECOND).await.unwrap(), json!({"woken": 1, "more": false}));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered_with_503_before_lambda_cuts_it_off() {
    let slow = Router::new().route("/levels", get(async || sleep(100 * SECOND).await));
    let request = Ask::new("GET", "/levels").admin().event();
    let begun = Instant::now();
    let answer = gateway::answer(&finish(slow), Event::new(request.clone()), Until::after(29 * SECOND)).await;
    assert!((29 * SECOND..30 * SECOND).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let answer = serde_json::to_value(answer).unwrap();
    assert_eq!((status(&answer), &answer["headers"]["retry-after"]), (503, &json!("2")));
    assert_eq!(body(&answer)["type"], "urn:weir:problem:unavailable");
    assert_eq!(body(&answer)["instance"], request["requestContext"]["requestId"]);
}

#[tokio::test(start_paused = true)]
async fn a_replay_of_many_answers_with_what_it_had_time_for() {
    let world = crate::quarantine::World::new().await;
    let lambda = world.lambda.with(|| Box::pin(sleep(6 * SECOND)));
    for value in 0..20 {
        world.publish("buoy-99/reading/sensor/ph", &json!({"value": value, "ts": millis(-value)}), NOW).await;
    }
    world.register("buoy-99", &["ph"]);
    let function = world.function_by(world.engine.client_timed(Slow::always(Duration::ZERO)), &lambda);
    let begun = Instant::now();
    // Eight at once: the second eight are broken off.
    let answer = function.answer_within(json!({"replay": {}}), 10 * SECOND).await.unwrap();
    assert_eq!(begun.elapsed(), 10 * SECOND);
    assert_eq!((&answer["accepted"], &answer["failed"]), (&json!(8), &json!(8)));
    assert!(answer["next"].is_string(), "four have not been begun: {answer}");
    assert_eq!(world.engine.rows("quarantine").len(), 12);
    let left = Arc::new(function).answer_within(json!({"replay": {}}), 29 * SECOND).await.unwrap();
    assert_eq!((&left["accepted"], &left["next"]), (&json!(12), &Value::Null));
    assert_eq!((world.engine.rows("quarantine").len(), world.engine.rows("readings").len()), (0, 20));
}

#[tokio::test(start_paused = true)]
async fn settings_that_there_is_no_time_to_deliver_stay_pending_and_are_delivered_when_nothing_older_can_arrive() {
    let world = crate::device::World::new().await;
    world.create("b", &json!({"settings": {"a": 1}})).await;
    let slow = Slow::of("UpdateItem", SECOND);
    let devices = DeviceTable::new(world.engine.client_timed(slow.clone()), world.engine.name("devices"));
    let delivery = Delivery::new(devices, world.cloud.iot(), world.certificates(), world.clock.clone());
    world.later(61);
    let begun = Instant::now();
    let sweep = delivery.sweep(Until::after(1500 * SECOND / 1000)).await.unwrap();
    assert_eq!((sweep, begun.elapsed()), (Sweep { delivered: 0, pending: 1 }, 1500 * SECOND / 1000));
    // It has been published already; only that is not known.
    assert_eq!(
        delivery.sweep(Until::NEVER).await.unwrap(),
        Sweep::default(),
        "an attempt without an end holds its lease"
    );
    world.later(31);
    assert_eq!(delivery.sweep(Until::NEVER).await.unwrap(), Sweep { delivered: 1, pending: 0 });
}
