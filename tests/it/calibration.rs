//! The function `calibration` on a real engine: recorded events, the answers and the stored rows.

mod bounds;
mod forms;
mod models;
mod odd;
mod queue;
mod refused;
mod registry;
mod repeated;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::{event, names};
use weir_tests::functions::{Functions, Settings};

/// The counts of each event when it is the first one: stored, duplicate, quarantined.
const ANSWERS: &[(&str, [u32; 3])] = &[
    ("batch", [4, 0, 0]),
    ("batch.250-values", [250, 0, 0]),
    ("batch.conflict", [1, 0, 1]),
    ("batch.many-refused", [1, 0, 50]),
    ("formula", [2, 0, 0]),
    ("formula.batch", [3, 0, 1]),
    ("number", [1, 0, 0]),
    ("number.basic-ingest", [1, 0, 0]),
    ("number.byte-order-mark", [1, 0, 0]),
    ("number.float", [1, 0, 0]),
    ("number.integer", [1, 0, 0]),
    ("number.late", [1, 0, 0]),
    ("number.leap-second", [1, 0, 0]),
    ("number.nul", [1, 0, 0]),
    ("number.null-ts", [1, 0, 0]),
    ("number.plain", [1, 0, 0]),
    ("number.text", [1, 0, 0]),
    ("number.timestamp", [1, 0, 0]),
    ("number.with-ts", [1, 0, 0]),
    ("number.with-ts-text", [1, 0, 0]),
    ("out-of-range", [1, 0, 0]),
    ("out-of-range.calibration", [1, 0, 0]),
    ("refused.bad-device-id", [0, 0, 1]),
    ("refused.bad-sensor-code", [0, 0, 1]),
    ("refused.bad-timestamp", [0, 0, 1]),
    ("refused.before-history", [0, 0, 1]),
    ("refused.bad-topic", [0, 0, 1]),
    ("refused.bad-value", [0, 0, 1]),
    ("refused.device-disabled", [0, 0, 1]),
    ("refused.duplicate-key", [0, 0, 1]),
    ("refused.future-timestamp", [0, 0, 1]),
    ("refused.missing-input", [0, 0, 1]),
    ("refused.no-values", [0, 0, 1]),
    ("refused.not-finite", [0, 0, 1]),
    ("refused.not-json", [0, 0, 1]),
    ("refused.outside-calibration", [0, 0, 1]),
    ("refused.seconds-for-milliseconds", [0, 0, 1]),
    ("refused.sensor-disabled", [0, 0, 1]),
    ("refused.number-out-of-range", [0, 0, 1]),
    ("refused.too-many-values", [0, 0, 1]),
    ("refused.two-timestamps", [0, 0, 1]),
    ("refused.unknown-device", [0, 0, 1]),
    ("refused.unknown-sensor", [0, 0, 1]),
    ("uncalibrated", [1, 0, 0]),
    ("values", [2, 0, 0]),
    ("values.duplicate-key", [1, 0, 1]),
    ("values.number-too-large", [1, 0, 1]),
    ("values.one-bad", [1, 0, 1]),
];

/// The events from the queue, whose answer has no counts.
const QUEUED: &[&str] = &["queue", "queue.one-bad"];

/// An engine with the devices registered, and the function over it.
async fn stood() -> (Engine, Functions) {
    keeping(Settings::default().reading_days).await
}

/// The same, with readings kept for `reading_days` days.
async fn keeping(reading_days: i64) -> (Engine, Functions) {
    let engine = Engine::start().await;
    engine.register();
    let functions = Functions::by(&engine, &engine.client(), &Settings { reading_days, ..Settings::default() });
    (engine, functions)
}

/// The answer to an event.
async fn handled(functions: &Functions, name: &str) -> Value {
    functions.calibration.answer(event("calibration", name)).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn counts([stored, duplicate, quarantined]: [u32; 3]) -> Value {
    json!({"stored": stored, "duplicate": duplicate, "quarantined": quarantined})
}

#[tokio::test]
async fn every_event_is_answered_with_how_its_values_ended_and_the_tables_agree() {
    for (name, expected) in ANSWERS {
        let (engine, functions) = stood().await;
        assert_eq!(handled(&functions, name).await, counts(*expected), "{name}");
        let rows = ["readings", "quarantine"].map(|table| engine.rows(table).len());
        assert_eq!(rows, [expected[0] as usize, expected[2] as usize], "{name}: rows stored and quarantined");
    }
}

#[test]
fn every_recorded_event_of_calibration_is_used() {
    let mut used: Vec<_> = ANSWERS.iter().map(|(name, _)| *name).chain(QUEUED.iter().copied()).collect();
    used.sort_unstable();
    assert_eq!(used, names("calibration"), "left the events tested here, right events/calibration");
}
