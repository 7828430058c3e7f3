//! No input from outside causes a panic, an error that makes AWS deliver the event again and again, or a 5xx.
//!
//! The recorded events are mutated by a seed. A failure names function, event and seed; `FOREIGN_SEED` runs that one only, `FOREIGN_ROUNDS`
//! increases the number of mutations of each event.

use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use weir_runtime::{Event, Function, Retry};
use weir_tests::engine::Engine;
use weir_tests::events::{event, names};
use weir_tests::functions::Functions;
use weir_tests::fuzz::{TARGETS, corpus, dictionary};
use weir_tests::mutate::Mutator;

use crate::device::World;

/// Changes of each event that fit into a run of all tests.
const ROUNDS: u64 = 20;

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("FOREIGN_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("FOREIGN_ROUNDS").unwrap_or(ROUNDS)).collect(),
    }
}

/// Feeds every recorded event of the function, changed, to `handle`, which says what is wrong with the outcome.
async fn feed<'a>(function: &str, handle: impl Fn(Value) -> LocalBoxFuture<'a, Option<String>>) {
    for name in names(function) {
        let original = event(function, &name);
        for seed in seeds() {
            let changed = Mutator::of(seed).event(&original);
            if let Some(wrong) = handle(changed.clone()).await {
                let shown: String = changed.to_string().chars().take(2_000).collect();
                panic!("{function}, events/{function}/{name}.json, FOREIGN_SEED={seed}: {wrong}\n{shown}");
            }
        }
    }
}

/// What is wrong with an answer to a request.
fn wrong_answer(answer: &Value) -> Option<String> {
    let status = answer["statusCode"].as_u64()?;
    let kind = answer["headers"]["content-type"].as_str().unwrap_or_default();
    (status >= 500 || (status >= 400 && kind != "application/problem+json")).then(|| answer.to_string())
}

/// Feeds the events of a function that answers requests. Its errors may only be one of `known`: that the event is none of its own.
async fn feed_requests(name: &str, function: &impl Function, known: &[&str]) {
    feed(name, |event| {
        Box::pin(async move {
            match function.answer(event).await {
                Ok(answer) => wrong_answer(&answer),
                Err(error) => not_read(&error, known),
            }
        })
    })
    .await;
}

/// The error, unless it only says that the event is none of the function's.
fn not_read(error: &Retry, known: &[&str]) -> Option<String> {
    let error = error.to_string();
    (!known.iter().any(|known| error.contains(known))).then_some(error)
}

#[tokio::test]
async fn no_message_of_a_device_makes_calibration_fail() {
    let engine = Engine::start().await;
    engine.register();
    let functions = &Functions::over(&engine);
    feed("calibration", |event| {
        Box::pin(async move {
            // A queue's answer names the messages to deliver again: there is no reason for any.
            let answer = functions.calibration.answer(event).await.map_err(|error| error.to_string());
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return Some(error),
            };
            let again = answer["batchItemFailures"].as_array().is_some_and(|again| !again.is_empty());
            again.then(|| answer.to_string())
        })
    })
    .await;
}

#[tokio::test]
async fn nothing_that_is_told_of_a_device_makes_twin_fail() {
    let engine = Engine::start().await;
    engine.register();
    let functions = &Functions::over(&engine);
    feed("twin", |event| {
        Box::pin(async move { functions.twin.answer(event).await.err().map(|error| error.to_string()) })
    })
    .await;
}

#[tokio::test]
async fn no_question_about_a_board_and_no_request_makes_provision_fail() {
    let world = crate::provision::World::recorded().await;
    feed_requests("provision", &world.function(), &[]).await;
}

#[tokio::test]
async fn no_request_for_a_certificate_makes_certificate_fail() {
    let world = World::registered().await;
    feed_requests("certificate", &world.certificate(), &["no request of a device"]).await;
}

#[tokio::test]
async fn no_report_of_a_level_makes_organizer_fail() {
    let engine = Engine::start().await;
    engine.register();
    let functions = &Functions::over(&engine);
    feed("organizer", |event| {
        Box::pin(async move { functions.organizer.answer(event).await.err().map(|error| error.to_string()) })
    })
    .await;
}

#[tokio::test]
async fn no_record_of_the_stream_makes_the_detector_fail() {
    let engine = Engine::start().await;
    engine.register();
    let functions = &Functions::over(&engine);
    feed("problem-detector", |event| {
        Box::pin(async move {
            match functions.detector.answer(event).await {
                // What cannot be named cannot be reported one by one: the batch goes to the on-failure queue as a whole.
                Ok(_) => None,
                Err(error) => not_read(&error, &["not a batch of a stream", "has no sequence number"]),
            }
        })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_message_of_a_client_and_no_record_makes_the_live_feed_fail() {
    let world = crate::live::World::new().await;
    let (live, push) = (&world.live(), &world.push());
    feed("live", |event| {
        Box::pin(async move {
            match live.answer(event).await {
                Ok(answer) => wrong_answer(&answer).filter(|_| answer.get("headers").is_some()),
                Err(error) => not_read(&error, &["neither a request nor a connection's"]),
            }
        })
    })
    .await;
    for name in names("live-push") {
        for seed in seeds() {
            let changed = Mutator::of(seed).event(&event("live-push", &name));
            let wrong = match push.answer(changed).await {
                Ok(answer) => (answer != serde_json::json!({"batchItemFailures": []})).then(|| answer.to_string()),
                Err(error) => not_read(&error, &["not a batch of a stream", "has no sequence number"]),
            };
            assert_eq!(wrong, None, "events/live-push/{name}.json, FOREIGN_SEED={seed}");
        }
    }
}

#[tokio::test]
async fn no_record_of_the_stream_of_readings_makes_alert_fail() {
    let engine = Engine::start().await;
    engine.register();
    let functions = &Functions::over(&engine);
    feed("alert", |event| {
        Box::pin(async move {
            match functions.alert.answer(event).await {
                Ok(_) => None,
                Err(error) => not_read(&error, &["not a batch of a stream", "has no sequence number"]),
            }
        })
    })
    .await;
}

#[tokio::test]
async fn no_request_makes_device_fail() {
    let world = World::registered().await;
    feed_requests("device", &world.function(), &[]).await;
}

#[tokio::test]
async fn no_request_makes_flow_fail() {
    let world = crate::flow::World::operated().await;
    // What is no request any more.
    feed_requests("flow", &world.functions.flow, &["not a request"]).await;
}

#[tokio::test]
async fn no_request_makes_reading_fail() {
    let world = crate::reading::World::new().await;
    feed_requests("reading", &world.function(), &["not a request"]).await;
}

#[tokio::test]
async fn no_request_makes_health_fail() {
    let world = crate::health::World::new().await;
    feed_requests("health", &world.function(), &["not a request"]).await;
}

#[tokio::test]
async fn no_request_makes_site_fail() {
    feed_requests("site", &crate::site::function(), &["not a request"]).await;
}

#[tokio::test]
async fn no_request_makes_subscription_fail() {
    let world = crate::subscription::World::recorded().await;
    feed_requests("subscription", &world.api(), &["not a request"]).await;
}

#[tokio::test]
async fn no_record_of_a_problem_makes_notify_fail() {
    let world = crate::notify::World::new().await;
    world.subscribe(crate::notify::ANN, &world.hook()).await;
    let function = &world.notify;
    feed("notify", |event| {
        Box::pin(async move {
            // A record that cannot be read is named, and ends in the on-failure queue; an event that is none of the function's is refused.
            match function.answer(event).await {
                Ok(answer) => wrong_answer(&answer),
                Err(_) => None,
            }
        })
    })
    .await;
}

#[tokio::test]
async fn no_request_makes_quarantine_fail() {
    let world = crate::quarantine::World::recorded().await;
    let function = &world.function();
    feed("quarantine", |event| {
        Box::pin(async move {
            match function.answer(event).await {
                Ok(answer) => wrong_answer(&answer),
                // Neither a request nor a replay any more: the error names what cannot be read.
                Err(_) => None,
            }
        })
    })
    .await;
}

#[tokio::test]
async fn no_request_and_no_record_makes_recalculation_fail() {
    let world = crate::recalculation::World::new(3).await;
    // What cannot be named cannot be reported one by one.
    feed_requests("recalculation", &world.function(), &["has no sequence number"]).await;
}

#[tokio::test]
async fn no_request_and_no_answer_makes_command_fail() {
    let world = crate::command::World::recorded().await;
    // What is no event of the rule goes to the on-failure queue.
    feed_requests("command", &world.function(), &["nor an update of a shadow"]).await;
}

#[tokio::test]
async fn no_request_and_no_message_makes_job_fail() {
    let world = crate::job::World::recorded().await;
    // What is no event of the rules goes to the on-failure queue.
    feed_requests("job", &world.function(), &["nor of a job"]).await;
}

#[tokio::test]
async fn no_request_makes_a_function_of_people_fail() {
    let world = &crate::people::World::new().await;
    for function in ["user", "cognito-get-users-info", "cognito-get-role", "cognito-add-update-delete-user"] {
        let handle = async |event| {
            if !Event::new(Value::clone(&event)).is_http() {
                return None;
            }
            let answer = world.handle(function, event).await;
            // Whoever is just being added is asked for again later.
            if answer["statusCode"] == 503 { None } else { wrong_answer(&answer) }
        };
        feed(function, |event| Box::pin(handle(event))).await;
    }
}

/// The targets of cargo-fuzz, with what it begins with and changes of that. `FUZZ_CORPUS` names a folder that this is written to,
/// `FUZZ_SECONDS` asks for changes by further seeds until each target has had so much time.
#[test]
fn no_bytes_make_a_target_of_the_fuzzer_fail() {
    if let Some(folder) = std::env::var_os("FUZZ_CORPUS") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join("dictionary"), dictionary()).unwrap();
    }
    let time = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).map(Duration::from_secs);
    for (target, feed) in TARGETS {
        let started = Instant::now();
        let corpus = corpus(target);
        assert!(corpus.len() >= 8, "{target} begins with {} inputs", corpus.len());
        if let Some(folder) = std::env::var_os("FUZZ_CORPUS") {
            let folder = std::path::Path::new(&folder).join(target);
            std::fs::create_dir_all(&folder).unwrap();
            for (place, input) in corpus.iter().enumerate() {
                std::fs::write(folder.join(format!("{place:03}")), input).unwrap();
            }
        }
        for input in &corpus {
            feed(input);
            for seed in seeds() {
                feed(&Mutator::of(seed).bytes(input));
            }
        }
        let mut fed = 0_u64;
        for (seed, input) in (ROUNDS..).zip(corpus.iter().cycle()) {
            if time.is_none_or(|time| started.elapsed() >= time) {
                break;
            }
            feed(&Mutator::of(seed).bytes(input));
            fed += 1;
        }
        if time.is_some() {
            println!("{target}: {fed} further inputs in {:.0} s", started.elapsed().as_secs_f64());
        }
    }
}
