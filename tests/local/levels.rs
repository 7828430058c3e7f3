//! Levels and problems, from a gateway's certificate through the stream to the problem. Each test has a tube of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now, until};

#[tokio::test]
async fn a_level_report_registers_its_sensor() {
    let local = Local::running();
    let mut gateway = local.connect("gateway-a").await;
    let at = now() - 2_000;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "A1", "filling": "100", "ts": at}))).await.unwrap();
    let level = until("the level", async || local.level("A1").await).await;
    assert_eq!((level.last_value.as_str(), level.last_update, level.measurements.len()), ("100", at / 1000, 1));
    let history = until("the history", async || local.readings("A1#filling").await.pop()).await;
    assert_eq!((history.at, history.value), (at, 100.0));
}

#[tokio::test]
async fn a_late_report_goes_to_its_place() {
    let local = Local::running();
    let mut gateway = local.connect("gateway-b").await;
    let at = now() - 60_000;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "B1", "filling": 100, "ts": at}))).await.unwrap();
    until("the level", async || local.level("B1").await).await;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "B1", "filling": 50, "ts": at - 30_000}))).await.unwrap();
    let level =
        until("the late one", async || local.level("B1").await.filter(|level| level.measurements.len() == 2)).await;
    assert_eq!((level.last_value.as_str(), level.last_update), ("100", at / 1000));
    let fillings: Vec<_> = level.measurements.iter().map(|measurement| measurement.filling.as_str()).collect();
    assert_eq!(fillings, ["50", "100"]);
}

#[tokio::test]
async fn an_obstruction_opens_and_closes_through_the_stream() {
    let local = Local::running();
    let mut gateway = local.connect("gateway-c").await;
    let started = now() - 300_000;
    for (id, filling, seconds) in [("C1", 100, 0), ("C2", 100, 1), ("C3", 100, 2), ("C2", 0, 60)] {
        let report = json!({"id": id, "filling": filling, "ts": started + seconds * 1000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    let open = until("the obstruction", async || local.problem("C1C2").await).await;
    assert_eq!((open.problem.as_str(), open.problem_status.as_str()), ("OBSTRUCTION", "UNRESOLVED"));
    assert_eq!(open.problem_time, (started + 60_000) / 1000);
    let after = until("the pair behind it", async || local.problem("C2C3").await).await;
    assert_eq!(after.problem, "PROBLEM");

    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "C2", "filling": 100, "ts": started + 120_000}))).await.unwrap();
    for id in ["C1C2", "C2C3"] {
        until("the end of it", async || local.problem(id).await.filter(|row| row.problem_status == "RESOLVED")).await;
    }
}

#[tokio::test]
async fn an_uplink_of_the_things_stack_is_a_level_report() {
    let local = Local::running();
    local.register(&json!({"id": "sewer-east", "level_id": "D7"})).await;
    let mut gateway = local.connect("things-d").await;
    let uplink = |device: &str, message: serde_json::Value| {
        let ids = json!({"device_id": device, "application_ids": {"application_id": "sewer"}});
        bytes(&json!({"end_device_ids": ids, "received_at": "2026-11-20T06:24:45Z", "uplink_message": message}))
    };
    let decoded = json!({"received_at": "2026-11-20T06:24:44.123456789Z", "decoded_payload": {"filling": 50}});
    gateway.publish("v3/sewer@tenant/devices/sewer-east/up", uplink("sewer-east", decoded)).await.unwrap();
    let level = until("the registered device's level", async || local.level("D7").await).await;
    assert_eq!((level.last_value.as_str(), level.last_update), ("50", 1_795_155_884));

    let bytes_only = json!({"received_at": "2026-11-20T06:24:44Z", "frm_payload": "MTAw"});
    gateway.publish("v3/sewer@tenant/devices/kloaka-903/up", uplink("kloaka-903", bytes_only)).await.unwrap();
    let level = until("the level by the digits of the id", async || local.level("903").await).await;
    assert_eq!(level.last_value, "100");
}

#[tokio::test]
async fn a_junction_named_in_the_registry_is_compared() {
    let local = Local::running();
    local.register(&json!({"id": "sewer-e9", "level_id": "E9", "followed_by": ["F4"]})).await;
    let mut gateway = local.connect("gateway-e").await;
    // The detector remembers which sensors follow which for DeviceCacheSeconds, here 1.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let at = now() - 60_000;
    for (id, filling) in [("E9", 100), ("F4", 0)] {
        gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": id, "filling": filling, "ts": at}))).await.unwrap();
    }
    let problem = until("the problem of the junction", async || local.problem("E9F4").await).await;
    assert_eq!(
        (problem.current.as_str(), problem.following.as_str(), problem.problem.as_str()),
        ("E9", "F4", "OBSTRUCTION")
    );
}

#[tokio::test]
async fn a_late_report_withdraws_an_obstruction_that_never_was() {
    let local = Local::running();
    let mut gateway = local.connect("gateway-l").await;
    let started = now() - 300_000;
    for (id, filling, seconds) in [("L1", 100, 0), ("L2", 50, 60)] {
        let report = json!({"id": id, "filling": filling, "ts": started + seconds * 1000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem("L1L2").await).await;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "L1", "filling": 50, "ts": started + 30_000}))).await.unwrap();
    until("the end of it", async || local.problem("L1L2").await.is_none().then_some(())).await;
}

#[tokio::test]
async fn of_two_reports_of_one_instant_the_one_received_first_stays_and_the_other_is_quarantined() {
    let local = Local::running();
    let function = local.stack.function("organizer").unwrap();
    let at = now() - 60_000;
    for (filling, received_at) in [(100, at + 2_000), (50, at + 1_000), (50, at + 1_000)] {
        local.call(function, &report("M1", filling, at, received_at)).await;
    }
    let history = local.readings("M1#filling").await;
    assert_eq!((history.len(), history[0].value, history[0].received_at), (1, 50.0, at + 1_000));
    // It is no message of its own any more, so it has no topic.
    let entries = local.quarantine("").await;
    let entries: Vec<_> = entries.iter().filter(|row| row.device_id.as_deref() == Some("M1")).collect();
    assert_eq!((entries.len(), entries[0].reason.as_str()), (1, "conflicting_reading"));
}

#[tokio::test]
async fn a_sensor_that_reports_often_keeps_its_newest_measurements_and_its_whole_history() {
    const REPORTS: i64 = 60;
    let local = Local::running();
    // Nobody else's reports come to this copy, so one process takes in all of these, and soon writes without reading first.
    let function = local.copy("organizer", "often", &[]).await;
    let started = now() - 600_000;
    let report = |place: i64| report("N1", place % 100, started + place * 1000, started + place * 1000);
    assert_eq!(local.call(&function, &report(0)).await, json!({"outcome": "registered"}));
    until("the sensor is watched", async || {
        let rows: Vec<serde_json::Value> = local.tables.all("Levels").await.expect("the table can be read");
        rows.iter().any(|row| row["id"] == "N1" && row["watch"].is_number()).then_some(())
    })
    .await;
    for place in 1..REPORTS {
        assert_eq!(local.call(&function, &report(place)).await, json!({"outcome": "newest"}), "report {place}");
    }
    let level = local.level("N1").await.unwrap();
    let kept: Vec<_> = level.measurements.iter().map(|measurement| measurement.filling.clone()).collect();
    assert_eq!(kept, (REPORTS - 24..REPORTS).map(|place| place.to_string()).collect::<Vec<_>>());
    assert_eq!(local.readings("N1#filling").await.len(), usize::try_from(REPORTS).unwrap());
}

/// A report as the rule hands it over.
fn report(id: &str, filling: i64, at: i64, received_at: i64) -> serde_json::Value {
    let payload = STANDARD.encode(json!({"id": id, "filling": filling, "ts": at}).to_string());
    json!({"payload": payload, "topic": LEVEL_TOPIC, "received_at": received_at})
}
