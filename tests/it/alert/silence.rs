//! Devices that fall silent: the sweep opens and ends their problems.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::functions::NOW;

use super::{World, buoy, message};

/// `buoy-01`, which should report each minute.
async fn watched() -> World {
    let mut body = buoy(&json!([]));
    body["report_every"] = 60.into();
    World::of(&body).await
}

/// Looks for silent devices `seconds` after [`NOW`]: how many it looked at, and how many it found.
async fn swept(world: &World, seconds: i64) -> (u64, u64) {
    world.functions.clock.set(NOW.plus_seconds(seconds));
    let answer = world.swept().await;
    assert_eq!((&answer["failed"], &answer["more"]), (&json!(0), &json!(false)), "{answer}");
    (answer["looked"].as_u64().unwrap(), answer["silent"].as_u64().unwrap())
}

fn silent(status: &str, episodes: u64, began: i64) -> (String, String, u64, i64) {
    ("buoy-01:silent".to_owned(), status.to_owned(), episodes, began)
}

async fn reported(world: &World, seconds: i64) {
    world.functions.calibration.answer(message("ph", 7.0, seconds)).await.unwrap();
}

#[tokio::test]
async fn a_device_that_never_reported_is_silent_three_times_its_interval_after_registration() {
    let world = watched().await;
    // Registered 877 ms before NOW, in the second before it.
    assert_eq!(swept(&world, 0).await, (1, 0), "newly registered");
    assert_eq!(swept(&world, 179).await, (0, 0), "three minutes are allowed");
    assert_eq!(swept(&world, 180).await, (1, 1));
    assert_eq!(world.problems(), [silent("UNRESOLVED", 1, -1)]);
    let row = world.engine.row("problems");
    assert_eq!(
        (&row["device"], &row["problem"], &row["severity"]),
        (&json!("buoy-01"), &json!("SILENT"), &json!("warning"))
    );
    for absent in ["current", "sensor", "alert", "value"] {
        assert!(row.get(absent).is_none(), "{absent}: {row}");
    }
    let shown = world.get("/problems/buoy-01:silent").await;
    assert_eq!((&shown["problem"], &shown["device"]), (&json!("SILENT"), &json!("buoy-01")));
}

#[tokio::test]
async fn a_reading_ends_a_silence_and_the_next_silence_is_another_episode() {
    let world = watched().await;
    assert_eq!(swept(&world, 0).await, (1, 0));
    world.functions.clock.set(NOW.plus_seconds(5));
    reported(&world, 5).await;
    assert_eq!(swept(&world, 180).await, (1, 0), "when its time was up as far as was known");
    assert_eq!(swept(&world, 185).await, (0, 0));
    assert_eq!(swept(&world, 186).await, (1, 1), "three minutes after the reading");
    assert_eq!(world.problems(), [silent("UNRESOLVED", 1, 5)]);
    let row = world.engine.row("problems");
    assert_eq!(swept(&world, 400).await, (0, 0), "five minutes until the next look");
    assert_eq!(swept(&world, 486).await, (1, 0), "still silent, and known");
    assert_eq!(world.engine.row("problems"), row);
    reported(&world, 700).await;
    assert_eq!(swept(&world, 800).await, (1, 0));
    assert_eq!(world.problems(), [silent("RESOLVED", 1, 5)]);
    let row = world.engine.row("problems");
    assert_eq!((&row["resolved_by"], &row["resolved_at"]), (&json!("auto"), &json!(NOW.seconds() + 700)));
    assert_eq!(swept(&world, 881).await, (1, 1));
    assert_eq!(world.problems(), [silent("UNRESOLVED", 2, 700)]);
}

#[tokio::test]
async fn the_level_of_a_flow_sensor_is_a_report_of_its_device() {
    let world = World::of(&json!({"report_every": 60, "level_id": "01"})).await;
    swept(&world, 0).await;
    let at = NOW.plus_seconds(100).millis();
    let report = json!({"id": "01", "filling": 50, "ts": at, "received_at": at});
    world.functions.organizer.answer(report).await.unwrap();
    assert_eq!(swept(&world, 200).await, (1, 0));
    assert_eq!(swept(&world, 281).await, (1, 1));
}

#[tokio::test]
async fn a_silence_ends_when_nobody_asks_for_reports_any_more() {
    for body in [buoy(&json!([])), json!({"report_every": 60, "enabled": false})] {
        let world = watched().await;
        swept(&world, 1_000).await;
        assert_eq!(world.problems(), [silent("UNRESOLVED", 1, -1)]);
        world.change("buoy-01", &body).await;
        assert_eq!(swept(&world, 1_001).await, (1, 0));
        let row = world.engine.row("problems");
        assert_eq!((&row["problem_status"], &row["resolved_by"]), (&json!("RESOLVED"), &json!("removed")), "{body}");
        assert_eq!(swept(&world, 90_000).await, (0, 0), "nothing to look at");
    }
}

#[tokio::test]
async fn a_device_that_is_enabled_again_and_reports_nothing_is_silent_again() {
    let world = watched().await;
    swept(&world, 1_000).await;
    world.change("buoy-01", &json!({"report_every": 60, "enabled": false})).await;
    assert_eq!(swept(&world, 1_001).await, (1, 0));
    assert_eq!(world.problems(), [silent("RESOLVED", 1, -1)]);
    world.change("buoy-01", &json!({"report_every": 60})).await;
    assert_eq!(swept(&world, 1_100).await, (1, 0), "as long as after its registration");
    assert_eq!(swept(&world, 1_182).await, (1, 1));
    assert_eq!(world.problems(), [silent("UNRESOLVED", 2, 1_001)]);
}

#[tokio::test]
async fn a_silence_ends_when_the_device_may_report_less_often() {
    let world = watched().await;
    swept(&world, 1_000).await;
    world.change("buoy-01", &json!({"report_every": 86_400})).await;
    assert_eq!(swept(&world, 1_001).await, (1, 0));
    assert_eq!(world.problems(), [silent("RESOLVED", 1, -1)]);
    assert_eq!(world.engine.row("problems")["resolved_by"], json!("removed"));
    assert_eq!(swept(&world, 259_000).await, (0, 0), "three days are allowed");
}

#[tokio::test]
async fn concurrent_sweeps_report_each_silent_device_once() {
    let world = watched().await;
    for number in 10..40 {
        world.register(&format!("buoy-{number}"), &json!({"report_every": 60})).await;
    }
    world.functions.clock.set(NOW.plus_seconds(1_000));
    let found = futures_util::future::join_all((0..5).map(|_| world.swept())).await;
    let silent: u64 = found.iter().map(|answer: &Value| answer["silent"].as_u64().unwrap()).sum();
    assert_eq!((silent, world.problems().len()), (31, 31), "{found:?}");
    assert!(
        world.engine.rows("problems").iter().all(|row| row["revision"] == NOW.plus_seconds(1_000).millis()),
        "written once"
    );
}
