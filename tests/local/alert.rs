//! Alerts on readings, from a device's certificate over the stream to the problem in the API; silent devices; and an alert that is
//! tried before it is saved.

use serde_json::{Value, json};
use tooling::api::Api;
use weir_tests::local::{Local, bytes, now, until};

async fn read(api: &Api, path: &str) -> (u16, Value) {
    let answer = api.call("GET", path, None).await.expect("the API answers");
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or_default())
}

async fn ask(api: &Api, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = api.call(method, path, Some(body)).await.expect("the API answers");
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or_default())
}

/// A device with oxygen that has this alert.
async fn register(local: &Local, id: &str, alert: &Value) {
    let sensors = json!([{"code": "do", "unit": "mg/L", "alerts": [alert]}, {"code": "ph", "unit": "pH"}]);
    local.register(&json!({"id": id, "sensors": sensors})).await;
}

/// Waits until the problem has this status, and returns it.
async fn problem(api: &Api, id: &str, status: &str) -> Value {
    until(&format!("{id} {status}"), async || {
        let (_, problem) = read(api, &format!("/problems/{id}")).await;
        (problem["problem_status"] == status).then_some(problem)
    })
    .await
}

#[tokio::test]
async fn a_reading_below_the_limit_opens_a_problem_and_a_good_one_ends_it() {
    let local = Local::running();
    let alert = json!({"id": "low-oxygen", "below": 4, "clear": 4.5, "for": 2, "severity": "critical"});
    register(&local, "al-01", &alert).await;
    let (admin, user, stranger) =
        (local.admin().await, local.user("alert-a", "al-01").await, local.user("alert-none", "buoy-01").await);
    let mut device = local.connect("al-01").await;
    let started = now() - 600_000;
    for (value, seconds) in [(6.0, 0), (3.9, 60), (3.5, 120)] {
        let reading = json!({"value": value, "ts": started + seconds * 1000});
        device.publish("al-01/reading/sensor/do", bytes(&reading)).await.unwrap();
    }
    device.publish("al-01/reading/sensor/ph", bytes(&json!({"value": 1, "ts": started}))).await.unwrap();
    let id = "al-01:do:low-oxygen";
    let open = problem(&user, id, "UNRESOLVED").await;
    assert_eq!((&open["problem"], &open["problem_time"]), (&json!("LIMIT"), &json!((started + 60_000) / 1000)));
    assert_eq!((&open["value"], &open["limit"], &open["unit"]), (&json!(3.5), &json!(4.0), &json!("mg/L")));
    for (api, query, seen) in [
        (&admin, "?kind=LIMIT&device=al-01", true),
        (&user, "", true),
        (&user, "?severity=critical", true),
        (&user, "?severity=info", false),
        (&user, "?kind=SILENT", false),
        (&stranger, "?device=al-01", false),
    ] {
        let (status, page) = read(api, &format!("/problems{query}")).await;
        let found = page["items"].as_array().is_some_and(|items| items.iter().any(|item| item["problem_id"] == id));
        assert_eq!((status, found), (200, seen), "{query}: {page}");
    }
    assert_eq!(read(&stranger, &format!("/problems/{id}")).await.0, 404);
    let (status, _) = ask(&user, "PATCH", &format!("/problems/{id}"), &json!({"problem_status": "ACKNOWLEDGED"})).await;
    assert_eq!(status, 200);

    device.publish("al-01/reading/sensor/do", bytes(&json!({"value": 5, "ts": started + 180_000}))).await.unwrap();
    let over = problem(&user, id, "RESOLVED").await;
    assert_eq!((&over["resolved_by"], &over["resolved_at"]), (&json!("auto"), &json!((started + 180_000) / 1000)));
    assert_eq!((&over["value"], &over["acknowledged_by"]), (&json!(5.0), &json!("alert-a@weir.example")));
}

#[tokio::test]
async fn a_late_reading_withdraws_a_problem_and_removing_the_alert_ends_one() {
    let local = Local::running();
    register(&local, "al-02", &json!({"id": "high", "above": 9, "for": 2})).await;
    let admin = local.admin().await;
    let mut device = local.connect("al-02").await;
    let started = now() - 600_000;
    let mut measured = async |value: f64, seconds: i64| {
        let reading = json!({"value": value, "ts": started + seconds * 1000});
        device.publish("al-02/reading/sensor/do", bytes(&reading)).await.unwrap();
    };
    measured(10.0, 0).await;
    measured(10.0, 60).await;
    let id = "al-02:do:high";
    problem(&admin, id, "UNRESOLVED").await;
    measured(5.0, 30).await;
    until("the end of what never was", async || {
        (read(&admin, &format!("/problems/{id}")).await.0 == 404).then_some(())
    })
    .await;
    measured(10.0, 90).await;
    problem(&admin, id, "UNRESOLVED").await;
    let (status, _) = ask(&admin, "PUT", "/devices/al-02/sensors/do", &json!({"unit": "mg/L"})).await;
    assert_eq!(status, 200);
    let (_, over) = read(&admin, &format!("/problems/{id}")).await;
    assert_eq!((&over["problem_status"], &over["resolved_by"]), (&json!("RESOLVED"), &json!("removed")), "at once");
}

#[tokio::test]
async fn a_device_that_reports_too_seldom_is_silent_until_nobody_asks_for_it_any_more() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "al-03", "report_every": 1, "sensors": [{"code": "do"}]})).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let sweep = weir_tests::events::event("problem-detector", "sweep");
    let detector = local.stack.function("problem-detector").unwrap();
    let swept = local.call(detector, &sweep).await;
    assert_eq!(swept["failed"], 0, "{swept}");
    let silent = problem(&admin, "al-03:silent", "UNRESOLVED").await;
    assert_eq!((&silent["problem"], &silent["device"]), (&json!("SILENT"), &json!("al-03")));
    let (status, changed) = ask(&admin, "PATCH", "/devices/al-03", &json!({"report_every": null})).await;
    assert_eq!((status, changed.get("report_every")), (200, None));
    let over = problem(&admin, "al-03:silent", "RESOLVED").await;
    assert_eq!(over["resolved_by"], "removed");
    assert_eq!(local.call(detector, &sweep).await["failed"], 0, "the sweep has nothing left to end");
}

#[tokio::test]
async fn an_alert_is_tried_on_stored_readings_before_it_is_saved() {
    let local = Local::running();
    local.register(&json!({"id": "al-04", "sensors": [{"code": "do", "unit": "mg/L"}]})).await;
    let user = local.user("alert-try", "al-04").await;
    let mut device = local.connect("al-04").await;
    let started = now() - 600_000;
    for (value, seconds) in [(6.0, 0), (3.0, 60), (3.5, 120), (6.0, 180), (2.0, 240)] {
        let reading = json!({"value": value, "ts": started + seconds * 1000});
        device.publish("al-04/reading/sensor/do", bytes(&reading)).await.unwrap();
    }
    until("the readings", async || (local.readings("al-04#do").await.len() == 5).then_some(())).await;
    let body = json!({"alert": {"id": "low", "below": 4}});
    let (status, tried) = ask(&user, "POST", "/devices/al-04/sensors/do/alerts/try", &body).await;
    assert_eq!((status, &tried["readings"], &tried["complete"]), (200, &json!(5), &json!(true)), "{tried}");
    let episodes = tried["episodes"].as_array().unwrap();
    assert_eq!(
        (episodes.len(), episodes[0].get("ended").is_some(), episodes[1].get("ended")),
        (2, true, None),
        "{tried}"
    );
    assert_eq!(read(&user, "/problems?device=al-04").await.1, json!({"items": []}), "nothing is written");
}
