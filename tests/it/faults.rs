//! Stores that throttle, fail, break off and time out lose nothing, and nothing is counted twice.

use std::collections::HashMap;

use serde_json::{Value, json};
use weir_tests::delivery::{Delivery, Message};
use weir_tests::engine::Engine;
use weir_tests::faults::{Fault, Faults};
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::pump::Pump;
use weir_tests::rows::Outcome;

fn level(id: &str, filling: u32, seconds: i64) -> Message {
    let ts = NOW.plus_seconds(seconds).millis();
    Message::Level(
        json!({"id": id, "filling": filling, "ts": ts, "topic": "kloaka_from_device", "received_at": NOW.millis()}),
    )
}

/// Readings of `ph` and `tmp` at each of these seconds.
fn readings(seconds: std::ops::Range<i64>) -> Value {
    let group =
        |second: i64| json!({"ts": NOW.plus_seconds(second).millis(), "values": {"ph": 400 + second, "tmp": 1200}});
    let batch: Vec<_> = seconds.map(group).collect();
    json!({"batch": batch, "topic": "buoy-01/readings", "received_at": NOW.millis()})
}

fn single(raw: &Value, seconds: i64, received: i64) -> Value {
    json!({"value": raw, "ts": NOW.plus_seconds(seconds).millis(), "topic": "buoy-01/reading/sensor/ph",
        "received_at": NOW.millis() + received})
}

/// Something of everything: single values and batches, from rules and from the queue; late, duplicate, conflicting and broken ones;
/// two tubes with an obstruction that clears and one that stays.
fn messages() -> Vec<Message> {
    let unknown = json!({"value": 1, "topic": "buoy-99/reading/sensor/ph", "received_at": NOW.millis()});
    vec![
        level("01", 100, -900),
        level("02", 100, -890),
        Message::Reading(readings(-400..-387)),
        level("02", 50, -800),
        level("A1", 0, -700),
        level("A2", 50, -690),
        Message::Queued(vec![readings(-300..-297), json!("not json, "), unknown.clone(), single(&json!(410), -20, 0)]),
        Message::Reading(single(&json!(420), -10, 0)),
        Message::Reading(single(&json!(430), -10, 500)),
        Message::Reading(single(&json!("abc"), -10, 0)),
        Message::Reading(readings(-389..-385)),
        level("01", 50, -600),
        level("02", 50, -800),
        level("A1", 50, -850),
        level("03", 50, -500),
        Message::Level(
            json!({"id": "01", "filling": "full", "topic": "kloaka_from_device", "received_at": NOW.millis()}),
        ),
        level("02", 0, -450),
        Message::Reading(unknown),
        level("03", 0, -440),
        level("A2", 0, -100),
    ]
}

#[derive(Default)]
struct Seen {
    faults: HashMap<Fault, usize>,
    given_up: usize,
    batches_given_up: usize,
}

impl Seen {
    fn add(&mut self, other: Self) {
        other.faults.into_iter().for_each(|(fault, times)| *self.faults.entry(fault).or_default() += times);
        self.given_up += other.given_up;
        self.batches_given_up += other.batches_given_up;
    }
}

/// Plays the messages over a wire with faults; in the end the faults end, and what was given up is driven through again.
async fn play(faults: std::sync::Arc<Faults>) -> (Outcome, Seen) {
    let engine = Engine::start().await;
    engine.register();
    let functions = Functions::by(&engine, &engine.client_over(faults.clone()), &Settings::default());
    let (mut delivery, mut pump) = (Delivery::to(&functions), Pump::of(&engine));
    for (place, message) in messages().into_iter().enumerate() {
        delivery.deliver(message).await;
        if place % 6 == 5 {
            pump.run(async |event| functions.detector.handle(event).await).await;
        }
    }
    pump.run(async |event| functions.detector.handle(event).await).await;
    let seen =
        Seen { faults: faults.met(), given_up: delivery.on_failure.len(), batches_given_up: pump.on_failure.len() };
    faults.end();
    delivery.redrive().await;
    pump.redrive(async |event| functions.detector.handle(event).await).await;
    pump.run(async |event| functions.detector.handle(event).await).await;
    assert!(delivery.on_failure.is_empty() && pump.on_failure.is_empty(), "given up without a fault");
    (engine.outcome(), seen)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

fn the_same_as_without_faults(seeds: std::ops::Range<u64>) {
    let (expected, _) = runtime().block_on(play(Faults::of(0, 0)));
    let mut all = Seen::default();
    for seed in seeds {
        // From few faults, which the SDK's retries hide, to so many that AWS gives up on most messages.
        let percent = [10, 30, 88][usize::try_from(seed % 3).unwrap_or_default()];
        let (outcome, seen) = runtime().block_on(play(Faults::of(seed, percent)));
        assert_eq!(outcome, expected, "seed {seed}, {percent} % faults");
        all.add(seen);
    }
    assert_eq!(all.faults.len(), 7, "every kind of fault was met: {:?}", all.faults);
    assert!(all.given_up > 0 && all.batches_given_up > 0, "AWS gave up on messages and on batches of the stream");
}

#[test]
fn the_stream_of_messages_used_here_leaves_something_in_every_table() {
    let (outcome, seen) = runtime().block_on(play(Faults::of(0, 0)));
    let text = |row: &Value, name: &str| row[name].as_str().expect(name).to_owned();
    let problems: Vec<_> =
        outcome.problems.iter().map(|row| text(row, "problem_id") + " " + &text(row, "problem_status")).collect();
    assert_eq!(problems, ["0102 UNRESOLVED", "0203 RESOLVED", "A1A2 RESOLVED"]);
    let rows = [outcome.readings.len(), outcome.levels.len(), outcome.quarantine.len()];
    assert_eq!(rows, [2 * 15 + 2 * 3 + 2 + 11, 5, 5], "readings, levels, quarantine");
    assert_eq!((seen.faults.len(), seen.given_up), (0, 0));
}

/// So many seeds in each of the two tests below as fit into a run of all tests; `FAULT_SEEDS` asks for more.
fn seeds() -> u64 {
    std::env::var("FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(40)
}

#[test]
fn whatever_a_store_does_the_tables_end_as_without_faults() {
    the_same_as_without_faults(0..seeds());
}

#[test]
fn whatever_a_store_does_the_tables_end_as_without_faults_for_other_seeds() {
    the_same_as_without_faults(1_000_000..1_000_000 + seeds());
}
