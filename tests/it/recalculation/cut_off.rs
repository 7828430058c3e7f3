//! Calls that are killed between any two of their steps, and delivered again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir_runtime::Function as _;
use weir_tests::pump::stream_record;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Notify;
use weir_aws::time_series::{History, ReadingTable, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;
use weir_tests::functions::NOW;
use weir_tests::wire::{Answer, Request, Wire, refusal};

use super::{BEGIN, World};
use crate::history::oracle;

const HOUR: i64 = 3_600_000;

/// Ends the process at a request: before it is handed over, or after, before its answer is there.
#[derive(Debug)]
struct Cut {
    left: AtomicUsize,
    after: bool,
    reached: Notify,
}

impl Wire for Cut {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            if self.left.fetch_sub(1, Ordering::SeqCst) != 0 {
                return request.deliver().await;
            }
            if self.after {
                let _ = request.deliver().await;
            }
            self.reached.notify_one();
            std::future::pending().await
        })
    }
}

/// The record that wakes the function for a job.
fn record(job: &Value) -> Value {
    let keys = json!({"sensor": {"S": "b#ph"}, "job": {"S": job["job"]}});
    json!({"Records": [stream_record("1", keys)]})
}

#[tokio::test]
async fn a_call_that_is_killed_at_any_step_is_made_good_by_the_next_delivery() {
    let mut steps = 0;
    for after in [false, true] {
        for place in 0.. {
            // One in each hour, so that each slice has hours of its own.
            let world = World::new(0).await;
            (0..25).for_each(|place| world.store("ph", BEGIN + place * HOUR, place as f64));
            world.linear(1, BEGIN + 5 * HOUR, 2.0);
            let job = world.post(0, 25 * 60).await;
            let cut = Arc::new(Cut { left: AtomicUsize::new(place), after, reached: Notify::new() });
            let function = world.function_by(&world.engine.client_over(cut.clone()), world.clock.clone());
            let finished = tokio::select! {
                answer = function.answer(record(&job)) => {
                    assert_eq!(answer.unwrap(), json!({"batchItemFailures": []}));
                    true
                }
                () = cut.reached.notified() => false,
            };
            drop(function);
            // What the process had sent may still be on its way for a moment; then the record comes again, twice.
            for _ in 0..2 {
                assert_eq!(world.function().answer(record(&job)).await.unwrap(), json!({"batchItemFailures": []}));
            }
            let told = format!("cut {} request {place}", if after { "after" } else { "before" });
            let done = world.job(&job).await;
            assert_eq!((&done["state"], &done["seen"]), (&json!("done"), &json!(25)), "{told}");
            for (at, value, version) in world.stored() {
                let place = (at - BEGIN) / HOUR;
                let expected = if place < 5 { (place as f64, 0) } else { (place as f64 * 2.0, 1) };
                assert_eq!((value, version), expected, "{told}");
            }
            // A query that aggregated one of the hours before finds its rollup invalidated.
            let rows = world.engine.rows("rollups");
            for place in 5..25 {
                let cell = format!("hour#{:013}", (BEGIN + place * HOUR) / HOUR * HOUR);
                assert!(rows.iter().any(|row| row["cell"] == cell.as_str()), "{told}: {cell} has a row");
            }
            if finished {
                steps += place;
                break;
            }
        }
    }
    assert!(steps > 20, "only {steps} steps");
}

#[tokio::test]
async fn two_calls_at_one_job_do_it_once() {
    let world = World::new(60).await;
    world.linear(1, 0, 2.0);
    let job = world.post(0, 60).await;
    let (one, other) = (world.function(), world.function());
    let (first, second) = tokio::join!(one.answer(record(&job)), other.answer(record(&job)));
    assert!(first.is_ok() && second.is_ok());
    world.function().answer(record(&job)).await.unwrap();
    let done = world.job(&job).await;
    assert_eq!((&done["state"], &done["seen"]), (&json!("done"), &json!(60)));
    assert!(world.stored().iter().all(|(.., version)| *version == 1));
}

/// The aggregates of `ph` are those of its rows.
async fn check(world: &World, told: &str) {
    let name = |noun: &str| world.engine.name(noun);
    let table = ReadingTable::new(world.engine.client(), name("readings"), name("rollups"), 0);
    let series = [Series { device: "b".parse().unwrap(), sensor: "ph".parse().unwrap() }];
    let span = Span { from: Timestamp::from_millis(BEGIN - HOUR), to: NOW };
    for every in ["1h", "1d"] {
        let width = Every::parse(every).unwrap();
        let history = History::DynamoDb(table.clone());
        let shown = history.buckets(&series, span, width, None, 500, NOW).await.unwrap().items;
        assert_eq!(shown, oracle(&world.engine, &series[0], span, every), "{told}, every {every}");
    }
}

#[tokio::test]
async fn rollups_are_right_even_if_a_killed_job_is_never_finished() {
    for (after, cancelled) in [(false, false), (true, false), (false, true), (true, true)] {
        for place in 0.. {
            let world = World::new(0).await;
            (0..5).for_each(|place| world.store("ph", BEGIN + place * HOUR, place as f64));
            world.linear(1, 0, 2.0);
            check(&world, "before").await;
            let job = world.post(0, 5 * 60).await;
            let cut = Arc::new(Cut { left: AtomicUsize::new(place), after, reached: Notify::new() });
            let function = world.function_by(&world.engine.client_over(cut.clone()), world.clock.clone());
            let finished = tokio::select! {
                answer = function.answer(record(&job)) => answer.is_ok(),
                () = cut.reached.notified() => false,
            };
            drop(function);
            // It does not continue: another one has cancelled it, or its sensor is deleted.
            if cancelled {
                world.post(0, 5 * 60).await;
            } else {
                world.engine.put("devices", &json!({"id": "b", "enabled": true, "sensors": []}));
            }
            assert_eq!(world.function().answer(record(&job)).await.unwrap(), json!({"batchItemFailures": []}));
            let told = format!("cut {} request {place}, {cancelled}", if after { "after" } else { "before" });
            check(&world, &told).await;
            if finished {
                assert!(place > 8, "only {place} steps");
                break;
            }
            let state = if cancelled { "cancelled" } else { "failed" };
            let now = world.job(&job).await;
            assert!(now["state"] == state || now["state"] == "done", "{told}: {now}");
        }
    }
}

/// Refuses one request for good, when the others are through.
#[derive(Debug)]
struct Refused(AtomicUsize);

impl Wire for Refused {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if request.operation() == "BatchExecuteStatement" && self.0.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Box::pin(async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                refusal(400, "ValidationException", "not this one")
            });
        }
        Box::pin(request.deliver())
    }
}

#[tokio::test]
async fn rollups_are_right_even_if_a_part_of_a_slice_is_rejected() {
    let mut world = World::new(60).await;
    world.slice = 60;
    world.linear(1, 0, 2.0);
    check(&world, "before").await;
    let job = world.post(0, 60).await;
    let client = world.engine.client_over(Arc::new(Refused(AtomicUsize::new(2))));
    world.function_by(&client, world.clock.clone()).answer(record(&job)).await.unwrap();
    assert_eq!(world.job(&job).await["state"], "failed");
    assert!(world.stored().iter().any(|(.., version)| *version == 1), "the other parts are replaced");
    check(&world, "after").await;
}
