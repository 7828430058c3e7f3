//! The life of a job: waiting, running, done, cancelled, failed.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::functions::NOW;
use weir_tests::pump::stream_record;

use super::{BEGIN, MINUTE, World, span};
use crate::http::ask::{Ask, body, status};

async fn sweep(world: &World) -> Value {
    world.function().answer(json!({"source": "aws.events"})).await.unwrap()
}

#[tokio::test]
async fn a_job_waits_until_every_function_uses_the_newest_version_and_is_then_begun_by_the_schedule() {
    let world = World::new(20).await;
    let entered = NOW.plus_seconds(-10).millis();
    let row = json!({"version": 1, "valid_from": 0, "model": "linear", "slope": 2, "intercept": 0, "at": entered});
    world.engine.put_calibration("b#ph", &row);
    let job = world.post(0, 20).await;
    // 60 s in memory and 30 s under way, of which 10 are gone.
    assert_eq!((&job["state"], &job["begins_at"]), (&json!("waiting"), &json!("2026-11-20T06:26:05.000Z")));
    let mut pump = world.run().await;
    assert!(pump.calls.is_empty(), "nobody is woken");
    world.clock.set(NOW.plus_seconds(79));
    assert_eq!(sweep(&world).await, json!({"woken": 0, "more": false}));
    world.clock.set(NOW.plus_seconds(81));
    assert_eq!(sweep(&world).await, json!({"woken": 1, "more": false}));
    let function = world.function();
    pump.run(async |event| function.answer(event).await).await;
    assert_eq!(world.job(&job).await["state"], "done");
    assert!(world.stored().iter().all(|(.., version)| *version == 1));
}

#[tokio::test]
async fn a_job_that_nobody_moves_is_woken_again() {
    let world = World::new(20).await;
    world.linear(1, 0, 2.0);
    let job = world.post(0, 20).await;
    // The record that was to wake the function is lost.
    let mut pump = world.pump();
    pump.run(async |_| Ok::<_, String>(json!({"batchItemFailures": []}))).await;
    world.clock.set(NOW.plus_seconds(119));
    assert_eq!(sweep(&world).await, json!({"woken": 0, "more": false}));
    world.clock.set(NOW.plus_seconds(121));
    assert_eq!(sweep(&world).await, json!({"woken": 1, "more": false}));
    assert_eq!(sweep(&world).await, json!({"woken": 0, "more": false}), "once is enough for a while");
    let function = world.function();
    pump.run(async |event| function.answer(event).await).await;
    assert_eq!(world.job(&job).await["state"], "done");
    world.clock.set(NOW.plus_seconds(1_000));
    assert_eq!(sweep(&world).await, json!({"woken": 0, "more": false}), "what is done is not due");
}

#[tokio::test]
async fn a_newer_job_cancels_what_it_does_as_well_and_leaves_what_reaches_beyond_it() {
    let world = World::new(60).await;
    world.linear(1, 0, 2.0);
    let (beyond, within, beside) = (world.post(0, 30).await, world.post(12, 20).await, world.post(30, 50).await);
    let newer = world.post(10, 30).await;
    let states = async || {
        let mut states = Vec::new();
        for job in [&beyond, &within, &beside, &newer] {
            states.push(world.job(job).await["state"].as_str().unwrap().to_owned());
        }
        states
    };
    assert_eq!(states().await, ["running", "cancelled", "running", "running"]);
    world.run().await;
    assert_eq!(states().await, ["done", "cancelled", "done", "done"]);
    for (at, _, version) in world.stored() {
        let place = (at - BEGIN) / MINUTE;
        assert_eq!(version, u64::from((0..50).contains(&place)), "{place}");
    }
}

#[tokio::test]
async fn of_an_older_job_only_what_is_left_of_it_counts() {
    let mut world = World::new(60).await;
    world.slice = 40;
    world.linear(1, 0, 2.0);
    let older = world.post(0, 60).await;
    let world = std::sync::Arc::new(world);
    let (posting, batches) = (world.clone(), std::sync::atomic::AtomicUsize::new(0));
    let act = move || -> futures_util::future::BoxFuture<'static, ()> {
        // 40 readings are two batches, so the third one is of the second slice.
        let second = batches.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 2;
        let world = posting.clone();
        Box::pin(async move {
            if second {
                world.linear(2, 0, 3.0);
                world.post(35, 60).await;
            }
        })
    };
    let wire = std::sync::Arc::new(weir_tests::wire::Interlude::new("BatchExecuteStatement", 3, act));
    let function = world.function_by(&world.engine.client_over(wire), world.clock.clone());
    let mut pump = world.pump();
    pump.run(async |event| function.answer(event).await).await;
    assert_eq!(world.job(&older).await["state"], "cancelled");
    for (at, _, version) in world.stored() {
        let place = (at - BEGIN) / MINUTE;
        assert_eq!(version, if place < 35 { 1 } else { 2 }, "{place}");
    }
}

#[tokio::test]
async fn two_jobs_over_the_same_readings_at_once_leave_the_newest_version() {
    let world = World::new(60).await;
    world.linear(1, 0, 2.0);
    let older = world.post(0, 40).await;
    // What the older one works with is a version behind.
    let behind = world.function();
    world.linear(2, 0, 3.0);
    let newer = world.post(20, 60).await;
    let record = |job: &Value| {
        let keys = json!({"sensor": {"S": "b#ph"}, "job": {"S": job["job"]}});
        json!({"Records": [stream_record("1", keys)]})
    };
    let function = world.function();
    let (one, other) = tokio::join!(behind.answer(record(&older)), function.answer(record(&newer)));
    assert!(one.is_ok() && other.is_ok());
    for job in [&older, &newer] {
        assert_eq!(world.job(job).await["state"], "done");
    }
    for (at, value, version) in world.stored() {
        let place = (at - BEGIN) / MINUTE;
        assert_eq!((value, version), (place as f64 * 3.0, 2), "{place}");
    }
}

#[tokio::test]
async fn a_job_that_takes_the_place_of_too_many_is_refused_and_cancels_none() {
    let world = World::new(5).await;
    world.linear(1, 0, 2.0);
    for place in 0..99 {
        world.post(place, place + 1).await;
    }
    let ask = |from: i64, to: i64| Ask::new("POST", super::PH).admin().json(&span(from, to)).event();
    let answer = world.function().answer(ask(0, 98)).await.unwrap();
    assert_eq!((status(&answer), &body(&answer)["type"]), (409, &json!("urn:weir:problem:transition")), "{answer}");
    assert_eq!(status(&world.function().answer(ask(0, 97)).await.unwrap()), 202);
}

#[tokio::test]
async fn a_job_that_is_cancelled_in_the_middle_of_a_slice_goes_no_further() {
    let world = std::sync::Arc::new(World::new(60).await);
    world.linear(1, 0, 2.0);
    let first = world.post(0, 60).await;
    let newer = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
    let (posting, posted) = (world.clone(), newer.clone());
    let act = move || -> futures_util::future::BoxFuture<'static, ()> {
        let (posting, posted) = (posting.clone(), posted.clone());
        Box::pin(async move {
            let job = posting.post(0, 60).await;
            *posted.lock().unwrap() = job;
        })
    };
    let wire = std::sync::Arc::new(weir_tests::wire::Interlude::new("BatchExecuteStatement", 1, act));
    let function = world.function_by(&world.engine.client_over(wire), world.clock.clone());
    let mut pump = world.pump();
    pump.run(async |event| function.answer(event).await).await;
    let first = world.job(&first).await;
    assert_eq!((&first["state"], &first["seen"]), (&json!("cancelled"), &json!(0)));
    let newer = newer.lock().unwrap().clone();
    let newer = world.job(&newer).await;
    assert_eq!((&newer["state"], &newer["seen"]), (&json!("done"), &json!(60)));
    assert!(world.stored().iter().all(|(.., version)| *version == 1));
}

#[tokio::test]
async fn of_many_that_begin_at_once_one_is_left() {
    let world = std::sync::Arc::new(World::new(5).await);
    world.linear(1, 0, 2.0);
    let post = |_| {
        let world = world.clone();
        tokio::spawn(async move {
            let ask = Ask::new("POST", super::PH).admin().json(&span(0, 5));
            world.function().answer(ask.event()).await.unwrap()
        })
    };
    let mut taken = Vec::new();
    for post in (0..6).map(post).collect::<Vec<_>>() {
        let answer = post.await.unwrap();
        match answer["statusCode"].as_u64() {
            Some(202) => taken.push(body(&answer)),
            other => assert_eq!(other, Some(503), "{answer}"),
        }
    }
    assert!(!taken.is_empty());
    let mut running = 0;
    for job in &taken {
        running += u32::from(world.job(job).await["state"] == "running");
    }
    assert_eq!(running, 1);
}

#[tokio::test]
async fn a_job_without_its_sensor_fails_and_says_so() {
    let world = World::new(5).await;
    world.linear(1, 0, 2.0);
    let job = world.post(0, 5).await;
    world.engine.put("devices", &json!({"id": "b", "enabled": true, "sensors": []}));
    world.run().await;
    let failed = world.job(&job).await;
    assert_eq!(
        (&failed["state"], &failed["reason"]),
        (&json!("failed"), &json!("the sensor is not registered any more"))
    );
    assert!(world.stored().iter().all(|(.., version)| *version == 0));
}

#[tokio::test]
async fn what_cannot_be_understood_ends_the_job_and_what_may_pass_does_not() {
    let world = World::new(25).await;
    world.linear(1, 0, 2.0);
    world.engine.put("readings", &json!({"sensor": "b#ph", "at": BEGIN + 15 * MINUTE, "raw": "x"}));
    let job = world.post(0, 25).await;
    world.run().await;
    let failed = world.job(&job).await;
    assert_eq!((&failed["state"], &failed["seen"]), (&json!("failed"), &json!(10)), "{failed}");
    assert!(!failed["reason"].as_str().unwrap().contains("raw"), "the inside stays inside: {failed}");
}

#[tokio::test]
async fn a_throttled_table_is_answered_with_503_and_a_wrong_transaction_with_500() {
    let world = World::new(20).await;
    world.linear(1, 0, 2.0);
    for (reason, expected) in
        [("ThrottlingError", 503), ("ProvisionedThroughputExceeded", 503), ("ValidationError", 500)]
    {
        let wire = std::sync::Arc::new(weir_tests::wire::CancelledTransactions(reason));
        let function = world.function_by(&world.engine.client_over(wire), world.clock.clone());
        let ask = Ask::new("POST", "/devices/b/sensors/ph/recalculate").admin().json(&span(0, 20));
        let answer = function.answer(ask.event()).await.unwrap();
        assert_eq!(
            (status(&answer), answer["headers"].get("retry-after").is_some()),
            (expected, expected == 503),
            "{reason}"
        );
    }
    assert!(world.engine.rows("recalculations").is_empty());
}
