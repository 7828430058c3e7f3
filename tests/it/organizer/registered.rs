//! `RegisteredLevelsOnly` and `SimulatedUplinks`: reports that are accepted only if this is configured.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW, Settings};

use super::{handled, report};

async fn taking(registered_only: bool, simulated: bool) -> (Engine, Functions) {
    let engine = Engine::start().await;
    engine.register();
    let mut settings = Settings::default();
    settings.levels.accepted.registered_only = registered_only;
    settings.levels.accepted.simulated = simulated;
    let functions = Functions::by(&engine, &engine.client(), &settings);
    (engine, functions)
}

/// A registered device that is a flow sensor, in the index that is asked.
fn owner(engine: &Engine, level: &str, enabled: bool) {
    let tube = format!("{}#{}", level.get(..1).unwrap(), if enabled { "enabled" } else { "disabled" });
    engine.put(
        "devices",
        &json!({"id": format!("flow-{level}"), "enabled": enabled, "level_id": level, "tube": tube,
        "sensors": []}),
    );
}

#[tokio::test]
async fn a_gateway_registers_no_level_that_the_registry_does_not_have() {
    let (engine, functions) = taking(true, false).await;
    owner(&engine, "01", true);
    owner(&engine, "02", false);
    for (id, outcome, reason) in [
        ("01", "registered", None),
        ("02", "quarantined", Some("device_disabled")),
        ("03", "quarantined", Some("unknown_device")),
    ] {
        let (engine, functions) = taking(true, false).await;
        owner(&engine, "01", true);
        owner(&engine, "02", false);
        assert_eq!(handled(&functions, report(id, 50.0, -60)).await, outcome, "{id}");
        let found: Vec<Value> = engine.rows("quarantine").iter().map(|row| row["reason"].clone()).collect();
        assert_eq!(found, reason.map(Value::from).into_iter().collect::<Vec<_>>(), "{id}");
        assert_eq!(engine.rows("levels").len(), usize::from(outcome == "registered"), "{id}");
    }
    for number in 100..200 {
        handled(&functions, report(&format!("9{number}"), 50.0, -60)).await;
    }
    assert!(engine.rows("levels").is_empty() && engine.rows("readings").is_empty(), "made-up ids fill nothing");
    assert_eq!(handled(&functions, event("organizer", "uplink")).await, "quarantined", "kloaka-03 is not registered");
    assert_eq!(handled(&functions, event("organizer", "uplink.registered")).await, "registered");
}

#[tokio::test]
async fn a_level_counts_as_soon_as_it_is_registered_and_a_replay_does_not_wait() {
    let (engine, functions) = taking(true, false).await;
    assert_eq!(handled(&functions, report("01", 50.0, -60)).await, "quarantined");
    owner(&engine, "01", true);
    assert_eq!(handled(&functions, report("01", 50.0, -60)).await, "registered");
    // A known level is not looked up again while it is in memory.
    engine.delete("devices", "id", "flow-01");
    assert_eq!(handled(&functions, report("01", 60.0, -50)).await, "newest");
    functions.clock.set(NOW.plus_seconds(60));
    assert_eq!(handled(&functions, report("01", 70.0, -40)).await, "quarantined");
    let row = engine.rows("quarantine").into_iter().find(|row| row["at"] == NOW.plus_seconds(-40).millis()).unwrap();
    owner(&engine, "01", true);
    let replay = json!({"payload": row["payload"], "topic": row["topic"], "received_at": row["received_at"], "replay": row["id"]});
    assert_eq!(functions.organizer.answer(replay).await.unwrap(), json!({"outcome": "newest", "entries": []}));
}

#[tokio::test]
async fn simulated_uplinks_are_reports_where_that_is_asked_for() {
    let (engine, functions) = taking(false, true).await;
    assert_eq!(handled(&functions, event("organizer", "refused.simulated")).await, "registered");
    assert_eq!(engine.row("readings")["at"], 1_795_155_884_500_i64, "its zero time counts as absent");
}
