//! Stores that throttle, fail, disconnect and answer late, functions that are killed anywhere, and messages that are repeated and
//! reordered: nothing is lost, and nothing is counted twice.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use weir_tests::delivery::{Delivery, Message, Way};
use weir_tests::ends::{End, Ends};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::faults::{ALL, Fault, Faults, LATEST};
use weir_tests::functions::NOW;
use weir_tests::lives::{Happened, Lives, Which};
use weir_tests::pump::Pump;
use weir_tests::rows::Outcome;

fn level(id: &str, filling: &Value, seconds: i64) -> Message {
    let ts = NOW.plus_seconds(seconds).millis();
    let event =
        json!({"id": id, "filling": filling, "ts": ts, "topic": "kloaka_from_device", "received_at": NOW.millis()});
    Message { way: Way::Level, event }
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

/// Something of everything: single values and batches, from rules and from the queue; late, duplicate, conflicting and broken
/// ones; two tubes with an obstruction that clears and one that stays, and a sensor that is silent.
fn messages() -> Vec<Message> {
    let unknown =
        json!({"value": 1, "topic": "buoy-99/reading/sensor/ph", "ts": NOW.millis(), "received_at": NOW.millis()});
    let reading = |event: Value| Message { way: Way::Reading, event };
    let queued = |event: Value| Message { way: Way::Queue, event };
    let level = |id: &str, filling: u32, seconds: i64| level(id, &json!(filling), seconds);
    vec![
        level("01", 100, -900),
        level("02", 100, -890),
        reading(readings(-400..-387)),
        level("02", 50, -800),
        level("A1", 0, -700),
        level("A2", 50, -690),
        queued(readings(-300..-297)),
        queued(json!("not json, ")),
        queued(unknown.clone()),
        queued(single(&json!(410), -20, 0)),
        queued(single(&json!(410), -20, 700)),
        queued(readings(-298..-290)),
        reading(single(&json!(420), -10, 0)),
        reading(single(&json!(430), -10, 500)),
        reading(single(&json!("abc"), -10, 0)),
        reading(readings(-389..-385)),
        level("01", 50, -600),
        level("02", 50, -800),
        level("A1", 50, -850),
        level("03", 50, -500),
        self::level("01", &json!("full"), -500),
        level("02", 0, -450),
        reading(unknown),
        level("03", 0, -440),
        level("A2", 0, -100),
        level("B1", 50, -20_000),
    ]
}

#[derive(Debug, Default)]
struct Seen {
    faults: HashMap<Fault, usize>,
    happened: Happened,
    twice: usize,
    batches_given_up: usize,
    ends: BTreeMap<End, usize>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        other.faults.into_iter().for_each(|(fault, times)| *self.faults.entry(fault).or_default() += times);
        other.ends.into_iter().for_each(|(end, times)| *self.ends.entry(end).or_default() += times);
        self.happened.killed += other.happened.killed;
        self.happened.hurried += other.happened.hurried;
        self.twice += other.twice;
        self.batches_given_up += other.batches_given_up;
    }
}

/// The detector, called by its stream and its schedule for as long as messages are under way; and some batches twice, since the
/// answer to the first call was lost.
async fn detect(lives: &Lives<'_>, pump: &mut Pump, over: &Cell<bool>, mut rng: fastrand::Rng) {
    while !over.get() {
        sleep(Duration::from_millis(rng.u64(1_000..90_000))).await;
        let twice = Cell::new(rng.bool());
        pump.run(async |event| {
            if twice.replace(false) {
                let _ = lives.call(Which::Detector, event.clone()).await;
            }
            lives.call(Which::Detector, event).await
        })
        .await;
        if rng.u8(..3) == 0 {
            let _ = lives.call(Which::Detector, event("problem-detector", "sweep")).await;
        }
    }
}

/// Plays the messages over a store with faults; in the end the faults end, and what was given up is driven through again.
async fn play(seed: u64, percent: u8) -> (Outcome, Seen) {
    // The pauses of the functions and of the SDK are random as well.
    fastrand::seed(seed);
    let (messages, engine, faults) = (messages(), Engine::start().await, Faults::of(seed, percent));
    engine.register();
    let lives = Lives::over(&engine, Arc::clone(&faults), seed, percent > 0);
    let (delivery, mut pump, over) = (Delivery::to(&lives, &messages, seed), Pump::of(&engine), Cell::new(false));
    let delivering = async {
        delivery.deliver().await;
        over.set(true);
    };
    tokio::join!(delivering, detect(&lives, &mut pump, &over, fastrand::Rng::with_seed(seed)));
    // What is still on its way arrives.
    sleep(LATEST).await;
    let ends = Ends::of(&messages, &delivery.on_failure(), &engine.outcome());
    // One that was given up may have quarantined what it had no time to replace: such a value is in two places until then.
    let lost = |wrong: &&String| wrong.ends_with("[None, None]");
    assert_eq!(ends.wrong.iter().find(lost), None, "lost");
    let seen = Seen {
        faults: faults.met(),
        happened: lives.happened(),
        twice: delivery.twice(),
        batches_given_up: pump.on_failure.len(),
        ends: ends.count,
    };
    lives.calm();
    delivery.redrive().await;
    pump.redrive(async |event| lives.call(Which::Detector, event).await).await;
    pump.run(async |event| lives.call(Which::Detector, event).await).await;
    lives.call(Which::Detector, event("problem-detector", "sweep")).await.expect("a sweep");
    pump.run(async |event| lives.call(Which::Detector, event).await).await;
    assert!(delivery.on_failure().is_empty() && pump.on_failure.is_empty(), "given up without a fault");
    let outcome = engine.outcome();
    assert_eq!(Ends::of(&messages, &delivery.on_failure(), &outcome).wrong, Vec::<String>::new(), "not in one place");
    (outcome, seen)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// Says how to meet a failure again.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {0} failed; it alone: FAULT_SEED={0} cargo test --workspace --test it faults", self.0);
        }
    }
}

/// From few faults, which the SDK's retries hide, to so many that AWS gives up on most messages.
fn percent(seed: u64) -> u8 {
    [3, 10, 30, 88][usize::try_from(seed % 4).unwrap_or_default()]
}

fn the_same_as_without_faults(seeds: std::ops::Range<u64>) {
    let (expected, _) = runtime().block_on(play(0, 0));
    let alone: Option<u64> = std::env::var("FAULT_SEED").ok().map(|seed| seed.parse().expect("FAULT_SEED is a number"));
    let seeds = alone.map_or(seeds, |seed| seed..seed + 1);
    let mut all = Seen::default();
    for seed in seeds {
        let _told = Told(seed);
        let (outcome, seen) = runtime().block_on(play(seed, percent(seed)));
        assert_eq!(outcome, expected, "seed {seed}, {} % faults", percent(seed));
        all.add(seen);
    }
    println!("{all:?}");
    if alone.is_none() {
        assert_eq!(all.faults.len(), ALL.len(), "every kind of fault was met: {:?}", all.faults);
        assert_eq!(all.ends.len(), 4, "messages ended in each of the four places: {:?}", all.ends);
        let happened = [all.happened.killed, all.happened.hurried, all.twice, all.batches_given_up];
        assert!(happened.iter().all(|times| *times > 0), "killed, out of time, twice, given up: {happened:?}");
    }
}

#[test]
fn the_stream_of_messages_used_here_leaves_something_in_every_table() {
    let (outcome, seen) = runtime().block_on(play(0, 0));
    let text = |row: &Value, name: &str| row[name].as_str().expect(name).to_owned();
    let problems: Vec<_> =
        outcome.problems.iter().map(|row| text(row, "problem_id") + " " + &text(row, "problem_status")).collect();
    assert_eq!(problems, ["0102 UNRESOLVED", "0203 RESOLVED", "A1A2 RESOLVED", "B1-silent UNRESOLVED"]);
    let rows = [outcome.readings.len(), outcome.levels.len(), outcome.quarantine.len()];
    assert_eq!(rows, [2 * 15 + 2 * 10 + 2 + 12, 6, 5], "readings, levels, quarantine");
    // Of two equal values the second is a duplicate; one of two reports of 02 at -800, and the second value of buoy-99.
    let ends = [End::Stored, End::Duplicate, End::Quarantine, End::OnFailure].map(|end| seen.ends.get(&end).copied());
    assert_eq!(ends, [Some(64), Some(4 + 2 + 1 + 1), Some(6), None]);
    assert_eq!((seen.faults.len(), seen.happened), (0, Happened::default()));
}

/// Seeds in each of the two tests below that fit into a run of all tests; `FAULT_SEEDS` asks for more, and `FAULT_SEED` for
/// that one alone.
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
