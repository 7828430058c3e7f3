//! Levels and problems over the API, as the operator sees them: reported over MQTT, acknowledged, resolved, and silent.

use serde_json::{Value, json};
use tooling::api::Api;
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now, until};

async fn read(api: &Api, path: &str) -> (u16, Value) {
    let answer = api.call("GET", path, None).await.expect("the API answers");
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or_default())
}

#[tokio::test]
async fn a_problem_is_reported_seen_in_scope_acknowledged_resolved_and_reported_again() {
    let local = Local::running();
    local.register(&json!({"id": "sewer-j1", "level_id": "J1"})).await;
    local.register(&json!({"id": "sewer-j2", "level_id": "J2"})).await;
    let (admin, user, stranger) =
        (local.admin().await, local.user("flow-j2", "sewer-j2").await, local.user("flow-none", "buoy-01").await);
    let mut gateway = local.connect("gateway-j").await;
    let started = now() - 300_000;
    for (id, filling, seconds) in [("J1", 100, 0), ("J2", 50, 1)] {
        let report = json!({"id": id, "filling": filling, "ts": started + seconds * 1000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem("J1J2").await).await;
    let levels = until("both in the list", async || {
        let (_, page) = read(&admin, "/levels?tube=J").await;
        page["items"].as_array().filter(|items| items.len() == 2).cloned()
    })
    .await;
    let measurements = json!([{"filling": "100", "dt": started / 1000}]);
    assert_eq!(
        levels[0],
        json!({"id": "J1", "last_value": "100", "last_update": started / 1000, "measurements": measurements})
    );

    let (_, own) = read(&user, "/problems").await;
    assert_eq!(own["items"][0]["problem_id"], "J1J2", "{own}");
    let (status, all) = read(&admin, "/problems?limit=200").await;
    assert_eq!(status, 200, "{all}");
    assert!(all["items"].as_array().unwrap().iter().any(|problem| problem["problem_id"] == "J1J2"), "{all}");
    assert_eq!((read(&user, "/levels/J2").await.0, read(&user, "/levels/J1").await.0), (200, 404));
    assert_eq!(read(&stranger, "/problems/J1J2").await.0, 404);
    assert_eq!(read(&stranger, "/problems").await.1, json!({"items": []}));
    assert_eq!(local.nobody().call("GET", "/problems", None).await.unwrap().status, 401);

    let acknowledge = json!({"problem_status": "ACKNOWLEDGED", "note": "on the way"});
    let answer = user.call("PATCH", "/problems/J1J2", Some(&acknowledge)).await.unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    assert_eq!(user.call("PATCH", "/problems/J1J2", Some(&acknowledge)).await.unwrap().status, 409);
    let (_, seen) = read(&admin, "/problems/J1J2").await;
    assert_eq!((&seen["acknowledged_by"], &seen["note"]), (&json!("flow-j2@weir.example"), &json!("on the way")));

    let resolve = json!({"problem_status": "RESOLVED"});
    assert_eq!(admin.call("PATCH", "/problems/J1J2", Some(&resolve)).await.unwrap().status, 200);
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "J2", "filling": 0, "ts": started + 60_000}))).await.unwrap();
    until("a new episode", async || {
        let (_, problem) = read(&user, "/problems/J1J2").await;
        (problem["problem_status"] == "UNRESOLVED" && problem["episodes"] == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_silent_sensor_is_found_by_the_sweep_and_ended_by_its_next_report() {
    let local = Local::running();
    let admin = local.admin().await;
    let mut gateway = local.connect("gateway-k").await;
    let long_ago = now() - 4 * 3600 * 1000;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "K1", "filling": 100, "ts": long_ago}))).await.unwrap();
    until("the sensor is watched", async || {
        let (_, page) = read(&admin, "/levels?tube=K").await;
        page["items"].as_array().filter(|items| items.len() == 1).map(drop)
    })
    .await;
    let sweep = weir_tests::events::event("problem-detector", "sweep");
    let swept = local.call(local.stack.function("problem-detector").unwrap(), &sweep).await;
    assert_eq!(swept["failed"], 0, "{swept}");
    let (status, silent) = read(&admin, "/problems/K1-silent").await;
    assert_eq!((status, &silent["problem"], &silent["problem_time"]), (200, &json!("SILENT"), &json!(long_ago / 1000)));
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "K1", "filling": 100, "ts": now() - 1000}))).await.unwrap();
    until("it speaks again", async || {
        let (_, problem) = read(&admin, "/problems/K1-silent").await;
        (problem["problem_status"] == "RESOLVED").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_level_that_does_not_exist_is_deleted_with_its_open_problem() {
    let local = Local::running();
    let admin = local.admin().await;
    let mut gateway = local.connect("gateway-w").await;
    let started = now() - 300_000;
    for (id, filling, seconds) in [("W1", 100, 0), ("W2", 50, 1)] {
        let report = json!({"id": id, "filling": filling, "ts": started + seconds * 1000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem("W1W2").await).await;
    let user = local.user("flow-w", "sewer-w").await;
    assert_eq!(user.call("DELETE", "/levels/W2", None).await.unwrap().status, 403);
    for _ in 0..2 {
        assert_eq!(admin.call("DELETE", "/levels/W2", None).await.unwrap().status, 204);
    }
    assert_eq!(read(&admin, "/levels/W2").await.0, 404);
    assert_eq!(read(&admin, "/problems/W1W2").await.1["problem_status"], "RESOLVED");
    assert_eq!(local.readings("W2#filling").await.len(), 1, "its history stays");
    // Only a report after the deletion, which is known to the second, opens a problem again.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "W2", "filling": 0, "ts": now()}))).await.unwrap();
    until("a new level", async || local.level("W2").await.filter(|level| level.measurements.len() == 1)).await;
    until("a new episode", async || {
        let (_, problem) = read(&admin, "/problems/W1W2").await;
        (problem["problem_status"] == "UNRESOLVED").then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_overview_shows_connection_level_last_reading_and_open_problems_of_the_devices_in_scope() {
    let local = Local::running();
    let alert = json!({"id": "high", "above": 10});
    let sensors = json!([{"code": "ph", "unit": "pH", "alerts": [alert]}]);
    local.register(&json!({"id": "overview-01", "level_id": "V1", "sensors": sensors})).await;
    local.calibrate("overview-01", "ph", &json!({"model": "linear", "slope": 0.5, "intercept": 0})).await;
    let (user, stranger) = (local.user("overview", "overview-01").await, local.user("overview-none", "buoy-01").await);
    let mut device = local.connect("overview-01").await;
    let at = now();
    device.publish(LEVEL_TOPIC, bytes(&json!({"id": "V1", "filling": 40, "ts": at - 1_000}))).await.unwrap();
    device.publish("overview-01/reading/sensor/ph", bytes(&json!({"value": 24, "ts": at}))).await.unwrap();
    let state = until("everything is in the overview", async || {
        let (_, page) = read(&user, "/overview").await;
        let state = page["items"].as_array()?.first()?.clone();
        let is_whole = state["reading"]["sensor"] == "ph"
            && state["level"]["last_value"] == "40"
            && state["connection"]["state"] == "connected"
            && state["problems"][0]["problem_id"] == "overview-01:ph:high";
        is_whole.then_some(state)
    })
    .await;
    assert_eq!((&state["id"], &state["reading"]["value"]), (&json!("overview-01"), &json!(12.0)));
    let (_, others) = read(&stranger, "/overview").await;
    assert!(others["items"].as_array().unwrap().iter().all(|state| state["id"] != "overview-01"), "{others}");
}
