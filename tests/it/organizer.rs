//! The function `organizer` on a real engine: recorded events, their answers and the rows stored.

mod combined_write;
mod identify;
mod levels;
mod rate;
mod refused;
mod registered;
mod rivals;
mod uplinks;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::{event, names};
use weir_tests::functions::{Functions, NOW};

/// The outcome of each event when it is the first one.
const ANSWERS: &[(&str, &str)] = &[
    ("refused.bad-level-id", "quarantined"),
    ("refused.bad-timestamp", "quarantined"),
    ("refused.bad-value", "quarantined"),
    ("refused.device-disabled", "quarantined"),
    ("refused.duplicate-key", "quarantined"),
    ("refused.future-timestamp", "quarantined"),
    ("refused.no-id", "quarantined"),
    ("refused.not-json", "quarantined"),
    ("refused.number-out-of-range", "quarantined"),
    ("refused.simulated", "quarantined"),
    ("refused.uplink-of-eui", "quarantined"),
    ("refused.uplink-without-bytes", "quarantined"),
    ("refused.uplink-without-device", "quarantined"),
    ("refused.uplink-without-level", "quarantined"),
    ("refused.uplink-without-number", "quarantined"),
    ("report", "registered"),
    ("report.bare", "registered"),
    ("report.late", "registered"),
    ("report.number", "registered"),
    ("report.plain", "registered"),
    ("report.with-ts", "registered"),
    ("uplink", "registered"),
    ("uplink.byte", "registered"),
    ("uplink.bytes", "registered"),
    ("uplink.nul", "registered"),
    ("uplink.outer-time", "registered"),
    ("uplink.registered", "registered"),
    ("uplink.zero-time", "registered"),
];

/// An engine with the devices registered, and the function over it.
async fn set_up() -> (Engine, Functions) {
    let engine = Engine::start().await;
    engine.register();
    let functions = Functions::over(&engine);
    (engine, functions)
}

/// The outcome of an event.
async fn handled(functions: &Functions, event: Value) -> String {
    let answer = functions.organizer.answer(event).await.unwrap();
    answer["outcome"].as_str().expect("an outcome").to_owned()
}

/// A report of sensor `id`, measured `seconds` after [`NOW`].
fn report(id: &str, filling: f64, seconds: i64) -> Value {
    report_at(id, filling, NOW.plus_seconds(seconds).millis())
}

fn report_at(id: &str, filling: f64, millis: i64) -> Value {
    json!({"id": id, "filling": filling, "ts": millis, "topic": "kloaka_from_device", "received_at": NOW.millis()})
}

#[tokio::test]
async fn every_event_is_answered_with_its_outcome_and_the_tables_agree() {
    for (name, expected) in ANSWERS {
        let (engine, functions) = set_up().await;
        assert_eq!(handled(&functions, event("organizer", name)).await, *expected, "{name}");
        let rows = ["levels", "readings", "quarantine"].map(|table| engine.rows(table).len());
        let refused = *expected == "quarantined";
        assert_eq!(rows, if refused { [0, 0, 1] } else { [1, 1, 0] }, "{name}: levels, readings, quarantine");
    }
}

#[test]
fn every_recorded_event_of_organizer_is_used() {
    let used: Vec<_> = ANSWERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(used, names("organizer"), "left the events tested here, right events/organizer");
}

#[tokio::test]
async fn delivering_any_event_twice_leaves_the_tables_as_after_the_first_time() {
    for name in names("organizer") {
        let (engine, functions) = set_up().await;
        let first = handled(&functions, event("organizer", &name)).await;
        let tables = || ["levels", "readings", "quarantine"].map(|table| engine.rows(table));
        let before = tables();
        // Every event but the bare one has its time of reception, so the clock may advance.
        if name != "report.bare" {
            functions.clock.set(NOW.plus_seconds(90));
        }
        let second = handled(&functions, event("organizer", &name)).await;
        assert_eq!(second, if first == "quarantined" { "quarantined" } else { "duplicate" }, "{name}");
        let other = Functions::over(&engine);
        if name != "report.bare" {
            other.clock.set(NOW.plus_seconds(180));
        }
        handled(&other, event("organizer", &name)).await;
        assert_eq!(tables(), before, "{name}");
    }
}
